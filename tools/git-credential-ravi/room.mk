# SPDX-License-Identifier: MIT
bin_PROGRAMS += %D%/git-credential-ravi
%C%_git_credential_ravi_SOURCES = \
	%D%/hosts.c %D%/hosts.h \
	%D%/main.c \
	%D%/request.c %D%/request.h
%C%_git_credential_ravi_LDFLAGS = $(HARDENED_LINK)
%C%_git_credential_ravi_LDADD = $(RING_READER)
FILLED_MANS += %D%/git-credential-ravi.1
