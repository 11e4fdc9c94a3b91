# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += %D%/libage.la
%C%_libage_la_SOURCES = \
	%D%/age.c %D%/age.h \
	%D%/armor.c %D%/armor.h \
	%D%/bech32.c %D%/bech32.h \
	%D%/crypto.c %D%/crypto.h \
	%D%/header.c %D%/header.h \
	%D%/key.c \
	%D%/payload.c %D%/payload.h \
	%D%/scrypt.c %D%/scrypt.h \
	%D%/span.c %D%/span.h \
	%D%/x25519.c %D%/x25519.h
%C%_libage_la_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS)
%C%_libage_la_LIBADD = $(SODIUM_LIBS)
