# The module's contract. `host` is the login program that the scripts drive it with (run by tests/run, as
# root, in private mounts).
check_PROGRAMS += %D%/host
%C%_host_SOURCES = %D%/host.c %D%/conditions.c %D%/host.h
%C%_host_LDADD = $(PAM_LIBS) -lpthread

dist_check_SCRIPTS += %D%/module.sh %D%/module-sanitized.sh
