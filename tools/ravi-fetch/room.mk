# SPDX-License-Identifier: MIT
# The one program that links libcurl, and the libraries that read strangers' HTML. Of libvault it takes the allocator that wipes, and nothing that decrypts.
ravilibexec_PROGRAMS += %D%/ravi-fetch
%C%_ravi_fetch_SOURCES = \
	%D%/filter.c %D%/filter.h \
	%D%/main.c \
	%D%/reading.c %D%/reading.h \
	%D%/sandbox.c %D%/sandbox.h \
	%D%/stores.c %D%/stores.h
%C%_ravi_fetch_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(CURL_CFLAGS)
%C%_ravi_fetch_LDFLAGS = $(HARDENED_LINK)
%C%_ravi_fetch_LDADD = \
	libcore/message/libmessage.la \
	libcore/service/libservice.la libcore/fetch/libfetch.la libcore/vault/libvault.la \
	libcore/config/libconfig.la libcore/util/libutil.la \
	$(JANSSON_LIBS) $(CURL_LIBS) $(XML_LIBS) $(UNISTRING_LIBS)
FILLED_MANS += %D%/ravi-fetch.8
