# SPDX-License-Identifier: MIT
bin_PROGRAMS += %D%/ravi-codex-monitor
%C%_ravi_codex_monitor_SOURCES = \
	%D%/main.c \
	%D%/monitor.c %D%/monitor.h \
	%D%/settings.c \
	%D%/start.c \
	%D%/status.c \
	%D%/wire.c \
	%D%/worktrees.c
%C%_ravi_codex_monitor_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS) $(JANSSON_CFLAGS)
%C%_ravi_codex_monitor_LDFLAGS = $(HARDENED_LINK)
%C%_ravi_codex_monitor_LDADD = \
	libcore/broker/libbroker.la libcore/vault/libvault.la libcore/age/libage.la \
	$(RING_READER) $(JANSSON_LIBS) $(SODIUM_LIBS)
dist_man_MANS += %D%/ravi-codex-monitor.1
