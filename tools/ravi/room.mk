# SPDX-License-Identifier: MIT
bin_PROGRAMS += %D%/ravi
%C%_ravi_SOURCES = \
	%D%/audit.c \
	%D%/main.c %D%/commands.h \
	%D%/auth.c %D%/auth.h \
	%D%/bundle.c %D%/bundle.h %D%/dotenv.c \
	%D%/carrier.c %D%/carrier.h \
	%D%/context.c %D%/context.h \
	%D%/create.c \
	%D%/doctor/agents.c %D%/doctor/doctor.c %D%/doctor/doctor.h %D%/doctor/files.c \
	%D%/doctor/kernel.c %D%/doctor/pam.c %D%/doctor/report.c %D%/doctor/sessions.c \
	%D%/doctor/store.c \
	%D%/doctor/swap.c %D%/doctor/swap.h %D%/doctor/system.c %D%/doctor/vaults.c \
	%D%/export.c \
	%D%/history.c \
	%D%/home.c %D%/home.h \
	%D%/host.c \
	%D%/identity.c %D%/identity.h \
	%D%/import.c \
	%D%/inbox.c \
	%D%/init.c \
	%D%/job.c %D%/job.h \
	%D%/keyfile.c %D%/keyfile.h \
	%D%/lease.c %D%/lease.h \
	%D%/line.c %D%/line.h \
	%D%/linger.c \
	%D%/logout.c \
	%D%/mailbox.c %D%/mailbox.h \
	%D%/members.c %D%/members.h \
	%D%/named.c %D%/named.h \
	%D%/newfile.c %D%/newfile.h \
	%D%/layout.c %D%/layout.h \
	%D%/offer.c \
	%D%/osuser.c %D%/osuser.h \
	%D%/overview.c %D%/overview.h \
	%D%/own.c %D%/own.h \
	%D%/passphrase.c %D%/passphrase.h \
	%D%/pending.c %D%/pending.h \
	%D%/prompt.c %D%/prompt.h \
	%D%/provision.c %D%/provision.h \
	%D%/recovery.c %D%/recovery.h \
	%D%/rekey.c \
	%D%/rings.c \
	%D%/secret.c %D%/secret.h \
	%D%/secrets.c \
	%D%/signkey.c %D%/signkey.h \
	%D%/status.c \
	%D%/sync.c \
	%D%/takein.c \
	%D%/trail.c %D%/trail.h \
	%D%/transfer.c \
	%D%/trust.c \
	%D%/value.c %D%/value.h \
	%D%/vault.c \
	%D%/wait.c \
	%D%/work.c %D%/work.h
%C%_ravi_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS) $(JANSSON_CFLAGS)
%C%_ravi_LDFLAGS = $(HARDENED_LINK)
%C%_ravi_LDADD = \
	libcore/sshkey/libsshsign.la libcore/sshkey/libsshkey.la \
	libcore/sync/libsync.la libcore/account/libaccount.la \
	libcore/fetch/libfetch.la libcore/legacy/liblegacy.la \
	libcore/broker/libbroker.la libcore/machine/libmachine.la \
	libcore/store/libstore.la libcore/vault/libvault.la libcore/age/libage.la \
	libcore/choice/libchoice.la libcore/ring/libring.la \
	libcore/audit/libaudit.la libcore/identity/libidentity.la \
	libcore/pam/libpamstack.la libcore/config/libconfig.la libcore/util/libutil.la \
	$(SODIUM_LIBS) $(JANSSON_LIBS)
FILLED_MANS += %D%/ravi.1 %D%/ravi-audit.7
