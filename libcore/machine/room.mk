# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += %D%/libmachine.la
%C%_libmachine_la_SOURCES = \
	%D%/grow.c %D%/grow.h \
	%D%/machine.c %D%/machine.h \
	%D%/policy.c %D%/policy.h \
	%D%/wallet.c %D%/wallet.h \
	%D%/take.c %D%/take.h \
	%D%/trail.c %D%/trail.h
