# Programs that the system tests use; the scripts are run by tests/run, as root, in private mounts.
check_PROGRAMS += %D%/syslog-sink
%C%_syslog_sink_SOURCES = %D%/syslog-sink.c

dist_check_SCRIPTS += %D%/age-interop.sh %D%/login.sh %D%/ravi.sh %D%/sandbox
EXTRA_DIST += %D%/lib.sh
