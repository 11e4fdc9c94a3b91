# SPDX-License-Identifier: MIT
ravilibexec_PROGRAMS += %D%/ravi-broker
%C%_ravi_broker_SOURCES = \
	%D%/confine.c %D%/confine.h \
	%D%/lease.c %D%/lease.h \
	%D%/limits.c %D%/limits.h \
	%D%/listen.c %D%/listen.h \
	%D%/main.c \
	%D%/peer.c %D%/peer.h \
	%D%/serve.c %D%/serve.h \
	%D%/tell.c %D%/tell.h \
	%D%/write.c %D%/write.h
%C%_ravi_broker_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS) $(JANSSON_CFLAGS)
%C%_ravi_broker_LDFLAGS = $(HARDENED_LINK)
%C%_ravi_broker_LDADD = \
	libcore/broker/libbroker.la libcore/sync/libsync.la libcore/machine/libmachine.la libcore/store/libstore.la \
	libcore/vault/libvault.la libcore/age/libage.la \
	libcore/ring/libring.la libcore/audit/libaudit.la libcore/identity/libidentity.la \
	libcore/config/libconfig.la libcore/util/libutil.la \
	$(JANSSON_LIBS) $(SODIUM_LIBS)
FILLED_MANS += %D%/ravi-broker.8
