# SPDX-License-Identifier: MIT
ravilibexec_PROGRAMS += %D%/ravi-pam
%C%_ravi_pam_SOURCES = %D%/main.c %D%/change.c %D%/ravi-pam.h %D%/status.c
%C%_ravi_pam_LDFLAGS = $(HARDENED_LINK)
%C%_ravi_pam_LDADD = libcore/pam/libpamstack.la libcore/util/libutil.la
