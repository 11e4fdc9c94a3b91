# SPDX-License-Identifier: MIT
bin_PROGRAMS += %D%/ravi-ssh-sign
%C%_ravi_ssh_sign_SOURCES = %D%/main.c
%C%_ravi_ssh_sign_LDFLAGS = $(HARDENED_LINK)
%C%_ravi_ssh_sign_LDADD = \
	libcore/sshkey/libsshsign.la libcore/sshkey/libsshkey.la libcore/choice/libchoice.la \
	libcore/ring/libring.la libcore/identity/libidentity.la libcore/config/libconfig.la \
	libcore/util/libutil.la $(SODIUM_LIBS)
dist_man_MANS += %D%/ravi-ssh-sign.1
