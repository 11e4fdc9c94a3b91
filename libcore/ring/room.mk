# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += %D%/libring.la
%C%_libring_la_SOURCES = \
	%D%/build.c %D%/build.h \
	%D%/describe.c \
	%D%/inventory.c %D%/inventory.h \
	%D%/join.c %D%/join.h \
	%D%/keyctl.c %D%/keyctl.h \
	%D%/loader.c %D%/loader.h \
	%D%/read.c %D%/ring.h \
	%D%/session.c %D%/session.h
