# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += %D%/libcodex.la
%C%_libcodex_la_SOURCES = \
	%D%/home.c %D%/home.h \
	%D%/login.c %D%/login.h
%C%_libcodex_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
