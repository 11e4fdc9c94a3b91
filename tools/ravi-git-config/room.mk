# SPDX-License-Identifier: MIT
bin_PROGRAMS += %D%/ravi-git-config
%C%_ravi_git_config_SOURCES = \
	%D%/bind.c \
	%D%/commands.h \
	%D%/git.c %D%/git.h \
	%D%/main.c \
	%D%/person.c %D%/person.h \
	%D%/place.c %D%/place.h \
	%D%/settings.c %D%/settings.h \
	%D%/show.c \
	%D%/signers.c %D%/signers.h
%C%_ravi_git_config_LDFLAGS = $(HARDENED_LINK)
%C%_ravi_git_config_LDADD = libcore/sshkey/libsshkey.la $(RING_READER)
dist_man_MANS += %D%/ravi-git-config.1
