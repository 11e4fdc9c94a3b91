# SPDX-License-Identifier: MIT
# Programs that the system tests use; the scripts are run by tests/run, as root, in private mounts.
check_PROGRAMS += %D%/syslog-sink
%C%_syslog_sink_SOURCES = %D%/syslog-sink.c

# A long life of a machine, for audit.sh.
check_PROGRAMS += %D%/audit-fill
%C%_audit_fill_SOURCES = %D%/audit-fill.c
%C%_audit_fill_LDADD = libcore/audit/libaudit.la libcore/util/libutil.la $(SODIUM_LIBS)

# A hostile client, for broker.sh.
check_PROGRAMS += %D%/broker-attack
%C%_broker_attack_SOURCES = %D%/broker-attack.c
%C%_broker_attack_LDADD = libcore/broker/libbroker.la libcore/vault/libvault.la libcore/age/libage.la \
	libcore/identity/libidentity.la libcore/util/libutil.la $(SODIUM_LIBS) $(JANSSON_LIBS)

# The kernel says no to some system calls, for faults.sh.
check_PROGRAMS += %D%/filtered
%C%_filtered_SOURCES = %D%/filtered.c

# With all that libkeyutils offers, for isolation.sh.
if HAVE_KEYUTILS
check_PROGRAMS += %D%/key-assault
endif
%C%_key_assault_SOURCES = %D%/key-assault.c
%C%_key_assault_LDADD = $(KEYUTILS_LIBS)

check_PROGRAMS += %D%/ring-churn
%C%_ring_churn_SOURCES = %D%/ring-churn.c
%C%_ring_churn_LDADD = \
	libcore/ring/libring.la libcore/identity/libidentity.la libcore/util/libutil.la

dist_check_SCRIPTS += %D%/age-interop.sh
dist_check_SCRIPTS += %D%/agents.sh
dist_check_SCRIPTS += %D%/audit.sh
dist_check_SCRIPTS += %D%/bench.sh
dist_check_SCRIPTS += %D%/broker.sh
dist_check_SCRIPTS += %D%/codex.sh
dist_check_SCRIPTS += %D%/codex-mock.js
dist_check_SCRIPTS += %D%/codex-monitor.sh
dist_check_SCRIPTS += %D%/codex-monitor-standin.js
dist_check_SCRIPTS += %D%/doctor.sh
dist_check_SCRIPTS += %D%/faults.sh
dist_check_SCRIPTS += %D%/examples.sh
dist_check_SCRIPTS += %D%/gh.sh
dist_check_SCRIPTS += %D%/git-config.sh
dist_check_SCRIPTS += %D%/git-credential.sh
dist_check_SCRIPTS += %D%/completion.sh
dist_check_SCRIPTS += %D%/history.sh
dist_check_SCRIPTS += %D%/hosts.sh
dist_check_SCRIPTS += %D%/import.sh
dist_check_SCRIPTS += %D%/inbox.sh
dist_check_SCRIPTS += %D%/install.sh
dist_check_SCRIPTS += %D%/isolation.sh
dist_check_SCRIPTS += %D%/killed.sh
dist_check_SCRIPTS += %D%/lifetime.sh
dist_check_SCRIPTS += %D%/login.sh
dist_check_SCRIPTS += %D%/machines.sh
dist_check_SCRIPTS += %D%/own-users
dist_check_SCRIPTS += %D%/quickstart.sh
dist_check_SCRIPTS += %D%/ravi.sh
dist_check_SCRIPTS += %D%/readme-service.sh
dist_check_SCRIPTS += %D%/recovery.sh
dist_check_SCRIPTS += %D%/sandbox
dist_check_SCRIPTS += %D%/service.sh
dist_check_SCRIPTS += %D%/singles.sh
dist_check_SCRIPTS += %D%/status.sh
dist_check_SCRIPTS += %D%/store.sh
EXTRA_DIST += %D%/gh-server.js %D%/git-server.js %D%/contract.bash %D%/github.bash %D%/lib.sh %D%/second.bash \
	%D%/sshd.bash %D%/terminal.bash
