# SPDX-License-Identifier: MIT
# `make bench` measures, as root, in the tests' private mounts, and prints the README's table of figures:
# everything, or BENCH="login print"; tests/bench/bench.sh has the parts.
check_PROGRAMS += %D%/interleave %D%/login
%C%_interleave_SOURCES = %D%/interleave.c
%C%_login_SOURCES = %D%/login.c
%C%_login_LDADD = $(PAM_LIBS)

dist_check_SCRIPTS += %D%/bench.sh

BENCH =
bench:
	$(srcdir)/tests/run --bench $(BENCH)
.PHONY: bench
