# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += %D%/libfetch.la
%C%_libfetch_la_SOURCES = \
	%D%/down.c %D%/down.h \
	%D%/fetch.c %D%/fetch.h \
	%D%/operation.c %D%/operation.h \
	%D%/shape.c %D%/shape.h
%C%_libfetch_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
%C%_libfetch_la_LIBADD = $(JANSSON_LIBS)
