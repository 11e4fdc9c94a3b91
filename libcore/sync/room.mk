# SPDX-License-Identifier: MIT
# Apart, for pam_ravi: when a copy was compared last.
noinst_LTLIBRARIES += %D%/libsyncbase.la
%C%_libsyncbase_la_SOURCES = %D%/base.c %D%/base.h

noinst_LTLIBRARIES += %D%/libsync.la
%C%_libsync_la_SOURCES = \
	%D%/agreed.c %D%/agreed.h \
	%D%/meeting.c %D%/meeting.h \
	%D%/reapply.c %D%/reapply.h \
	%D%/state.c %D%/state.h \
	%D%/singles.c \
	%D%/sync.c %D%/sync.h \
	%D%/wanted.c %D%/wanted.h
%C%_libsync_la_LIBADD = %D%/libsyncbase.la
%C%_libsync_la_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS) $(JANSSON_CFLAGS)
