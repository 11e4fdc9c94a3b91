# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += %D%/libchoice.la
%C%_libchoice_la_SOURCES = \
	%D%/choice.c %D%/choice.h \
	%D%/offer.c %D%/offer.h \
	%D%/gitconfig.c %D%/gitconfig.h \
	%D%/worktree.c %D%/worktree.h
