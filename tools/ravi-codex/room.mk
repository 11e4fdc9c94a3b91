# SPDX-License-Identifier: MIT
bin_PROGRAMS += %D%/ravi-codex
%C%_ravi_codex_SOURCES = \
	%D%/commands.h \
	%D%/launch.c %D%/launch.h \
	%D%/lease.c \
	%D%/link.c \
	%D%/main.c \
	%D%/place.c %D%/place.h \
	%D%/prepare.c %D%/prepare.h \
	%D%/save.c \
	%D%/setup.c %D%/setup.h \
	%D%/status.c \
	%D%/store.c %D%/store.h \
	%D%/toml.c %D%/toml.h \
	%D%/watch.c %D%/watch.h
%C%_ravi_codex_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
%C%_ravi_codex_LDFLAGS = $(HARDENED_LINK)
%C%_ravi_codex_LDADD = \
	libcore/broker/libbroker.la libcore/codex/libcodex.la libcore/vault/libvault.la \
	libcore/age/libage.la libcore/choice/libchoice.la libcore/ring/libring.la \
	libcore/audit/libaudit.la libcore/identity/libidentity.la libcore/config/libconfig.la \
	libcore/util/libutil.la $(JANSSON_LIBS) $(SODIUM_LIBS)
FILLED_MANS += %D%/ravi-codex.1
