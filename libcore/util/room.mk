# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += %D%/libutil.la
%C%_libutil_la_SOURCES = \
	%D%/buf.c %D%/buf.h \
	%D%/cleanup.h \
	%D%/cli.c %D%/cli.h \
	%D%/complete.c \
	%D%/deadline.h \
	%D%/environment.c %D%/environment.h \
	%D%/file.c %D%/file.h \
	%D%/jsonout.c %D%/jsonout.h \
	%D%/nodump.c %D%/nodump.h \
	%D%/options.c %D%/options.h \
	%D%/pause.c %D%/pause.h \
	%D%/process.c %D%/process.h \
	%D%/program.c %D%/program.h \
	%D%/reason.c %D%/reason.h \
	%D%/report.c %D%/report.h \
	%D%/spawn.c %D%/spawn.h \
	%D%/takeover.c %D%/takeover.h \
	%D%/terminal.c %D%/terminal.h \
	%D%/table.c %D%/table.h \
	%D%/text.c %D%/text.h \
	%D%/when.c %D%/when.h \
	%D%/wire.c %D%/wire.h
