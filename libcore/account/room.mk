# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += %D%/libaccount.la
%C%_libaccount_la_SOURCES = %D%/account.c %D%/account.h
%C%_libaccount_la_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS) $(JANSSON_CFLAGS)
