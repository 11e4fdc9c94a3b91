# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += %D%/libbroker.la
%C%_libbroker_la_SOURCES = \
	%D%/client.c %D%/client.h \
	%D%/protocol.c %D%/protocol.h
%C%_libbroker_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
%C%_libbroker_la_LIBADD = $(JANSSON_LIBS)
