# SPDX-License-Identifier: MIT
ravilibexec_PROGRAMS += %D%/ravi-load
%C%_ravi_load_SOURCES = \
	%D%/main.c \
	%D%/content.c %D%/content.h \
	%D%/fresh.c %D%/fresh.h \
	%D%/harvest.c %D%/harvest.h \
	%D%/home.c %D%/home.h \
	%D%/intake.c %D%/intake.h \
	%D%/task.c %D%/task.h
%C%_ravi_load_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS) $(JANSSON_CFLAGS)
%C%_ravi_load_LDFLAGS = $(HARDENED_LINK)
%C%_ravi_load_LDADD = \
	libcore/sync/libsync.la libcore/account/libaccount.la libcore/fetch/libfetch.la libcore/legacy/liblegacy.la \
	libcore/machine/libmachine.la libcore/store/libstore.la libcore/codex/libcodex.la \
	libcore/vault/libvault.la libcore/age/libage.la \
	libcore/ring/libring.la libcore/audit/libaudit.la libcore/identity/libidentity.la \
	libcore/config/libconfig.la libcore/util/libutil.la \
	$(JANSSON_LIBS) $(SODIUM_LIBS)
FILLED_MANS += %D%/ravi-load.8
