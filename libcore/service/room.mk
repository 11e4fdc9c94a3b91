# SPDX-License-Identifier: MIT
# ravi-fetch's alone: nothing else links libcurl.
noinst_LTLIBRARIES += %D%/libservice.la
%C%_libservice_la_SOURCES = \
	%D%/answer.c %D%/answer.h \
	%D%/call.c \
	%D%/clean.c %D%/clean.h \
	%D%/http.c %D%/http.h \
	%D%/pages.c \
	%D%/service.h
%C%_libservice_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(CURL_CFLAGS)
%C%_libservice_la_LIBADD = $(JANSSON_LIBS) $(CURL_LIBS)
