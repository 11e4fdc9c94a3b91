# SPDX-License-Identifier: MIT
# The text of an event alone: what pam_ravi links, without libsodium.
noinst_LTLIBRARIES += %D%/libauditform.la
%C%_libauditform_la_SOURCES = %D%/form.c %D%/form.h %D%/audit.h

# Events into syslog and into the trail.
noinst_LTLIBRARIES += %D%/libaudit.la
%C%_libaudit_la_SOURCES = \
	%D%/audit.c \
	%D%/checkpoint.c %D%/checkpoint.h \
	%D%/files.c \
	%D%/line.c %D%/line.h \
	%D%/pen.c %D%/pen.h \
	%D%/query.c %D%/query.h \
	%D%/trail.h \
	%D%/verify.c %D%/verify.h
%C%_libaudit_la_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS)
%C%_libaudit_la_LIBADD = libcore/audit/libauditform.la $(SODIUM_LIBS)
