# SPDX-License-Identifier: MIT
# make check: the unit tests. `sudo tests/run` runs these, and the PAM and system tests.

TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
LOG_COMPILER = $(srcdir)/tests/unit/skips
AM_TESTS_ENVIRONMENT = CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT;

include tests/unit/room.mk
include tests/pam/room.mk
include tests/contract/room.mk
include tests/system/room.mk
include tests/bench/room.mk
include tests/fuzz/room.mk
include tests/boot/room.mk

EXTRA_DIST += %D%/run %D%/lint %D%/npm-fetch
