# SPDX-License-Identifier: MIT
# Reading a key and naming its public half is for readers of the ring: libc alone.
noinst_LTLIBRARIES += %D%/libsshkey.la
%C%_libsshkey_la_SOURCES = %D%/key.c %D%/sshkey.h %D%/wire.c %D%/wire.h

noinst_LTLIBRARIES += %D%/libsshsign.la
%C%_libsshsign_la_SOURCES = %D%/sign.c %D%/sign.h
%C%_libsshsign_la_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS)
%C%_libsshsign_la_LIBADD = $(SODIUM_LIBS)
