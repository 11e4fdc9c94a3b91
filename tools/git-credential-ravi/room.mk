bin_PROGRAMS += %D%/git-credential-ravi
%C%_git_credential_ravi_SOURCES = \
	%D%/hosts.c %D%/hosts.h \
	%D%/main.c \
	%D%/request.c %D%/request.h
%C%_git_credential_ravi_LDFLAGS = $(HARDENED_LINK)
%C%_git_credential_ravi_LDADD = \
	libcore/choice/libchoice.la \
	libcore/ring/libring.la \
	libcore/identity/libidentity.la \
	libcore/config/libconfig.la \
	libcore/util/libutil.la \
	$(KEYUTILS_LIBS)
dist_man_MANS += %D%/git-credential-ravi.1
