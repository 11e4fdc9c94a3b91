# SPDX-License-Identifier: MIT
# Fuzz targets (README says how they are run). `make check` gives each its corpus; configured with
# --enable-fuzzing they are libFuzzer programs, which tests/fuzz/run lets loose.
FUZZ_TARGETS = \
	%D%/age %D%/age-keys %D%/age-payload %D%/agent %D%/audit %D%/broker %D%/codex %D%/conf \
	%D%/credential %D%/enrolment \
	%D%/gitconfig %D%/host-key %D%/loader-record %D%/message \
	%D%/ring-record %D%/sshkey %D%/toml %D%/trusted %D%/vault

check_PROGRAMS += $(FUZZ_TARGETS)
if FUZZING
FUZZ_MAIN =
else
FUZZ_MAIN = %D%/replay.c
TESTS += $(FUZZ_TARGETS)
endif
LINK_FUZZ = $(AM_LDFLAGS) $(FUZZING_LDFLAGS)
# Its files are what it was given.
FUZZ_FILE = -Wl,--wrap=file_read
FUZZ_SEALED = $(SODIUM_CFLAGS) $(JANSSON_CFLAGS)
FUZZ_VAULT = \
	libcore/vault/libvault.la libcore/age/libage.la libcore/identity/libidentity.la \
	libcore/util/libutil.la $(SODIUM_LIBS) $(JANSSON_LIBS)

%C%_age_SOURCES = %D%/age.c %D%/fixed-host.c %D%/fixed-host.h %D%/fuzz.h $(FUZZ_MAIN)
%C%_age_CFLAGS = $(AM_CFLAGS) $(FUZZ_SEALED)
%C%_age_LDFLAGS = $(LINK_FUZZ)
%C%_age_LDADD = $(FUZZ_VAULT)

%C%_age_keys_SOURCES = %D%/age-keys.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_age_keys_LDFLAGS = $(LINK_FUZZ)
%C%_age_keys_LDADD = $(FUZZ_VAULT)

%C%_age_payload_SOURCES = %D%/age-payload.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_age_payload_LDFLAGS = $(LINK_FUZZ)
%C%_age_payload_LDADD = $(FUZZ_VAULT)

%C%_agent_SOURCES = %D%/agent.c %D%/file.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_agent_LDFLAGS = $(LINK_FUZZ) $(FUZZ_FILE)
%C%_agent_LDADD = libcore/identity/libidentity.la libcore/util/libutil.la

%C%_audit_SOURCES = %D%/audit.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_audit_LDFLAGS = $(LINK_FUZZ)
%C%_audit_LDADD = libcore/audit/libaudit.la libcore/util/libutil.la $(SODIUM_LIBS)

%C%_broker_SOURCES = %D%/broker.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_broker_LDFLAGS = $(LINK_FUZZ)
%C%_broker_LDADD = libcore/broker/libbroker.la $(FUZZ_VAULT)

%C%_codex_SOURCES = %D%/codex.c %D%/file.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_codex_LDFLAGS = $(LINK_FUZZ) $(FUZZ_FILE)
%C%_codex_LDADD = libcore/codex/libcodex.la libcore/identity/libidentity.la libcore/util/libutil.la \
	$(JANSSON_LIBS)

%C%_conf_SOURCES = %D%/conf.c %D%/file.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_conf_LDFLAGS = $(LINK_FUZZ) $(FUZZ_FILE)
%C%_conf_LDADD = libcore/config/libconfig.la libcore/util/libutil.la

%C%_credential_SOURCES = %D%/credential.c tools/git-credential-ravi/request.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_credential_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tools/git-credential-ravi
%C%_credential_LDFLAGS = $(LINK_FUZZ)
%C%_credential_LDADD = libcore/util/libutil.la

%C%_enrolment_SOURCES = %D%/enrolment.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_enrolment_LDFLAGS = $(LINK_FUZZ)
%C%_enrolment_LDADD = $(FUZZ_VAULT)

%C%_gitconfig_SOURCES = %D%/gitconfig.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_gitconfig_LDFLAGS = $(LINK_FUZZ)
%C%_gitconfig_LDADD = $(RING_READER)

%C%_host_key_SOURCES = %D%/host-key.c %D%/file.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_host_key_LDFLAGS = $(LINK_FUZZ) $(FUZZ_FILE)
%C%_host_key_LDADD = $(FUZZ_VAULT)

%C%_loader_record_SOURCES = %D%/loader-record.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_loader_record_LDFLAGS = $(LINK_FUZZ) -Wl,--wrap=spawn_collect
%C%_loader_record_LDADD = libcore/ring/libring.la libcore/identity/libidentity.la \
	libcore/util/libutil.la

%C%_message_SOURCES = %D%/message.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_message_LDFLAGS = $(LINK_FUZZ)
%C%_message_LDADD = \
	libcore/message/libmessage.la libcore/util/libutil.la $(CURL_LIBS) $(XML_LIBS) $(UNISTRING_LIBS)

%C%_ring_record_SOURCES = %D%/ring-record.c %D%/file.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_ring_record_LDFLAGS = $(LINK_FUZZ) $(FUZZ_FILE)
%C%_ring_record_LDADD = libcore/ring/libring.la libcore/identity/libidentity.la \
	libcore/util/libutil.la

%C%_sshkey_SOURCES = %D%/sshkey.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_sshkey_LDFLAGS = $(LINK_FUZZ)
%C%_sshkey_LDADD = libcore/sshkey/libsshkey.la libcore/util/libutil.la

%C%_toml_SOURCES = %D%/toml.c tools/ravi-codex/toml.c %D%/fuzz.h $(FUZZ_MAIN)
%C%_toml_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tools/ravi-codex
%C%_toml_LDFLAGS = $(LINK_FUZZ)
%C%_toml_LDADD = libcore/util/libutil.la

%C%_trusted_SOURCES = %D%/trusted.c %D%/file.c %D%/fixed-host.c %D%/fixed-host.h %D%/fuzz.h $(FUZZ_MAIN)
%C%_trusted_CFLAGS = $(AM_CFLAGS) $(FUZZ_SEALED)
%C%_trusted_LDFLAGS = $(LINK_FUZZ) $(FUZZ_FILE)
%C%_trusted_LDADD = $(FUZZ_VAULT)

%C%_vault_SOURCES = %D%/vault.c %D%/fixed-host.c %D%/fixed-host.h %D%/fuzz.h $(FUZZ_MAIN)
%C%_vault_CFLAGS = $(AM_CFLAGS) $(FUZZ_SEALED)
%C%_vault_LDFLAGS = $(LINK_FUZZ)
%C%_vault_LDADD = $(FUZZ_VAULT)


# The module, and the loader's libraries and sources, with every call of theirs in our hands.
FUZZ_CALLS = \
	%D%/calls.c %D%/calls.h %D%/chance.c %D%/chance.h %D%/fuzz.h %D%/kernel.c %D%/kernel.h \
	%D%/loader-side.c %D%/pam-side.c %D%/pam-side.h %D%/scene.c %D%/scene.h \
	modules/pam_ravi/login.c modules/pam_ravi/login.h modules/pam_ravi/pam_ravi.c \
	tools/ravi-load/content.c tools/ravi-load/fresh.c tools/ravi-load/harvest.c \
	tools/ravi-load/home.c \
	tools/ravi-load/intake.c tools/ravi-load/task.c
FUZZ_CALLS_LIBS = \
	libcore/sync/libsync.la libcore/account/libaccount.la libcore/fetch/libfetch.la libcore/legacy/liblegacy.la \
	libcore/machine/libmachine.la libcore/store/libstore.la libcore/codex/libcodex.la \
	libcore/vault/libvault.la libcore/age/libage.la \
	libcore/ring/libring.la libcore/audit/libaudit.la libcore/identity/libidentity.la \
	libcore/config/libconfig.la libcore/util/libutil.la $(JANSSON_LIBS) $(SODIUM_LIBS)
FUZZ_CALLS_CPPFLAGS = -I$(top_srcdir)/modules/pam_ravi -I$(top_srcdir)/tools/ravi-load
FUZZ_CALLS_WRAP = \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray,--wrap=strdup,--wrap=free \
	-Wl,--wrap=open,--wrap=openat,--wrap=close,--wrap=read,--wrap=write,--wrap=fstat,--wrap=fchown,--wrap=fchmod \
	-Wl,--wrap=mkdirat,--wrap=unlinkat,--wrap=symlinkat,--wrap=renameat2,--wrap=readlink,--wrap=fsync,--wrap=flock \
	-Wl,--wrap=rename,--wrap=pread,--wrap=pwrite,--wrap=ftruncate,--wrap=fdatasync \
	-Wl,--wrap=fcntl,--wrap=pipe2,--wrap=opendir,--wrap=fdopendir,--wrap=readdir,--wrap=closedir \
	-Wl,--wrap=clock_gettime,--wrap=nanosleep,--wrap=poll,--wrap=setresuid,--wrap=getresuid,--wrap=getresgid \
	-Wl,--wrap=geteuid,--wrap=getuid,--wrap=getpwnam,--wrap=getpwuid,--wrap=getpwuid_r,--wrap=syscall,--wrap=prctl \
	-Wl,--wrap=setrlimit,--wrap=syslog,--wrap=__syslog_chk,--wrap=_exit,--wrap=fork,--wrap=posix_spawn \
	-Wl,--wrap=posix_spawn_file_actions_adddup2,--wrap=pidfd_open,--wrap=pidfd_send_signal,--wrap=waitpid,--wrap=kill

# The linker's wrapping would take libFuzzer and clang's sanitizers along: these two are for make check alone.
if !FUZZING
check_PROGRAMS += %D%/inject %D%/pam
TESTS += %D%/inject %D%/pam
endif
%C%_inject_SOURCES = %D%/inject.c $(FUZZ_CALLS)
%C%_inject_CPPFLAGS = $(AM_CPPFLAGS) $(FUZZ_CALLS_CPPFLAGS)
%C%_inject_CFLAGS = $(AM_CFLAGS) $(FUZZ_SEALED) -U_FORTIFY_SOURCE
%C%_inject_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_CALLS_WRAP)
%C%_inject_LDADD = $(FUZZ_CALLS_LIBS)

%C%_pam_SOURCES = %D%/pam.c %D%/replay.c $(FUZZ_CALLS)
%C%_pam_CPPFLAGS = $(AM_CPPFLAGS) $(FUZZ_CALLS_CPPFLAGS)
%C%_pam_CFLAGS = $(AM_CFLAGS) $(FUZZ_SEALED) -U_FORTIFY_SOURCE
%C%_pam_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_CALLS_WRAP)
%C%_pam_LDADD = $(FUZZ_CALLS_LIBS)

EXTRA_DIST += %D%/README %D%/corpus
dist_check_SCRIPTS += %D%/run
