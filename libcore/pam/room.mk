# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += %D%/libpamstack.la
%C%_libpamstack_la_SOURCES = \
	%D%/control.c \
	%D%/reach.c %D%/reach.h \
	%D%/stack.c %D%/stack.h \
	%D%/update.c %D%/update.h
