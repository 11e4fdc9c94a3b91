# SPDX-License-Identifier: MIT
bin_PROGRAMS += %D%/ravi-keyctl
%C%_ravi_keyctl_SOURCES = \
	%D%/keyctl.h \
	%D%/diagnose.c \
	%D%/exec.c \
	%D%/list.c \
	%D%/main.c \
	%D%/print.c \
	%D%/report.c \
	%D%/status.c %D%/status.h
%C%_ravi_keyctl_LDFLAGS = $(HARDENED_LINK)
%C%_ravi_keyctl_LDADD = $(RING_READER)
dist_man_MANS += %D%/ravi-keyctl.1
