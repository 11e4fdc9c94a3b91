# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += %D%/liblegacy.la
%C%_liblegacy_la_SOURCES = %D%/legacy.c %D%/legacy.h
%C%_liblegacy_la_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS)
%C%_liblegacy_la_LIBADD = $(SODIUM_LIBS)
