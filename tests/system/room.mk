# Programs that the system tests use; the scripts are run by tests/run, as root, in private mounts.
check_PROGRAMS += %D%/syslog-sink
%C%_syslog_sink_SOURCES = %D%/syslog-sink.c

check_PROGRAMS += %D%/key-assault
%C%_key_assault_SOURCES = %D%/key-assault.c
%C%_key_assault_LDADD = $(KEYUTILS_LIBS)

check_PROGRAMS += %D%/ring-churn
%C%_ring_churn_SOURCES = %D%/ring-churn.c
%C%_ring_churn_LDADD = \
	libcore/ring/libring.la libcore/identity/libidentity.la libcore/util/libutil.la \
	$(KEYUTILS_LIBS)

dist_check_SCRIPTS += \
	%D%/age-interop.sh %D%/isolation.sh %D%/lifetime.sh %D%/login.sh %D%/ravi.sh %D%/sandbox
EXTRA_DIST += %D%/lib.sh
