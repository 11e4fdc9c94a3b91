# SPDX-License-Identifier: MIT
# The module's contract. `host` is the login program that the scripts drive it with (run by tests/run, as
# root, in private mounts); `exports` looks at what was built and runs with `make check`.
check_PROGRAMS += %D%/host %D%/exports
%C%_host_SOURCES = %D%/host.c %D%/conditions.c %D%/host.h
%C%_host_LDADD = $(PAM_LIBS) -lpthread

%C%_exports_SOURCES = %D%/exports.c
%C%_exports_CPPFLAGS = $(AM_CPPFLAGS) -DPROGRAMS='"$(bin_PROGRAMS) $(ravilibexec_PROGRAMS)"'
%C%_exports_LDADD = -ldl
TESTS += %D%/exports

dist_check_SCRIPTS += %D%/module.sh %D%/module-sanitized.sh
EXTRA_DIST += %D%/host.bash
