# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += %D%/libvault.la
%C%_libvault_la_SOURCES = \
	%D%/accept.c \
	%D%/document.h \
	%D%/enrol.c %D%/enrol.h \
	%D%/hex.c %D%/hex.h \
	%D%/history.c \
	%D%/host.c %D%/host.h \
	%D%/lease.c \
	%D%/members.c \
	%D%/memory.c \
	%D%/model.c \
	%D%/seal.c \
	%D%/secrets.c \
	%D%/trust.c \
	%D%/value.c %D%/value.h \
	%D%/vault.c %D%/vault.h
%C%_libvault_la_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS) $(JANSSON_CFLAGS)
%C%_libvault_la_LIBADD = $(SODIUM_LIBS) $(JANSSON_LIBS)
