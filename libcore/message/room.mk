# SPDX-License-Identifier: MIT
# For ravi-fetch alone: libxml2 and libunistring read what strangers wrote, libcurl takes addresses apart.
noinst_LTLIBRARIES += %D%/libmessage.la
%C%_libmessage_la_SOURCES = %D%/code.c %D%/html.c %D%/html.h %D%/link.c %D%/message.h %D%/words.c %D%/words.h
%C%_libmessage_la_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(XML_CFLAGS)
%C%_libmessage_la_LIBADD = $(CURL_LIBS) $(XML_LIBS) $(UNISTRING_LIBS)
