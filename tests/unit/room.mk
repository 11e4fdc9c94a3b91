# SPDX-License-Identifier: MIT
# One program a room of libcore; each prints TAP through cmocka.
UNIT_TESTS =
EXTRA_DIST += %D%/skips

UNIT_TESTS += %D%/test-util
%C%_test_util_SOURCES = %D%/test-util.c %D%/unit.h
%C%_test_util_LDADD = libcore/util/libutil.la $(CMOCKA_LIBS)
%C%_test_util_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pidfd_open

UNIT_TESTS += %D%/test-age
%C%_test_age_SOURCES = %D%/test-age.c
%C%_test_age_LDADD = libcore/age/libage.la libcore/util/libutil.la $(CMOCKA_LIBS)

# The public age vectors and the `age` program judge libcore/age: `sudo tests/run` runs the scripts.
check_PROGRAMS += %D%/age-kit %D%/age-tool
%C%_age_kit_SOURCES = %D%/age-kit.c
%C%_age_kit_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS)
%C%_age_kit_LDADD = libcore/age/libage.la libcore/util/libutil.la $(SODIUM_LIBS)
%C%_age_tool_SOURCES = %D%/age-tool.c
%C%_age_tool_LDADD = libcore/age/libage.la libcore/util/libutil.la
dist_check_SCRIPTS += %D%/age-kit.sh

UNIT_TESTS += %D%/test-identity
%C%_test_identity_SOURCES = %D%/test-identity.c
%C%_test_identity_LDADD = libcore/identity/libidentity.la libcore/util/libutil.la $(CMOCKA_LIBS)

UNIT_TESTS += %D%/test-pam
%C%_test_pam_SOURCES = %D%/test-pam.c
%C%_test_pam_LDADD = libcore/pam/libpamstack.la libcore/util/libutil.la $(CMOCKA_LIBS)

UNIT_TESTS += %D%/test-conf
%C%_test_conf_SOURCES = %D%/test-conf.c %D%/scratch.h
%C%_test_conf_LDADD = libcore/config/libconfig.la libcore/util/libutil.la $(CMOCKA_LIBS)

UNIT_TESTS += %D%/test-audit
%C%_test_audit_SOURCES = %D%/test-audit.c
%C%_test_audit_LDADD = libcore/audit/libaudit.la libcore/identity/libidentity.la libcore/util/libutil.la $(CMOCKA_LIBS)
%C%_test_audit_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=syslog,--wrap=__syslog_chk,--wrap=audit_append

UNIT_TESTS += %D%/test-trail
%C%_test_trail_SOURCES = %D%/test-trail.c %D%/scratch.h
%C%_test_trail_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS)
%C%_test_trail_LDADD = libcore/audit/libaudit.la libcore/identity/libidentity.la \
	libcore/util/libutil.la $(CMOCKA_LIBS) $(SODIUM_LIBS)

UNIT_TESTS += %D%/test-store
%C%_test_store_SOURCES = %D%/test-store.c %D%/scratch.h
%C%_test_store_LDADD = $(STORE_TEST_LIBS)

UNIT_TESTS += %D%/test-store-crash
%C%_test_store_crash_SOURCES = %D%/test-store-crash.c %D%/scratch.h
%C%_test_store_crash_LDADD = $(STORE_TEST_LIBS)

STORE_TEST_LIBS = \
	libcore/store/libstore.la libcore/identity/libidentity.la libcore/util/libutil.la $(CMOCKA_LIBS)

UNIT_TESTS += %D%/test-vault
%C%_test_vault_SOURCES = %D%/test-vault.c %D%/forge.h
%C%_test_vault_LDADD = $(VAULT_TEST_LIBS)

UNIT_TESTS += %D%/test-history
%C%_test_history_SOURCES = %D%/test-history.c %D%/forge.h
%C%_test_history_LDADD = $(VAULT_TEST_LIBS)

UNIT_TESTS += %D%/test-reapply
%C%_test_reapply_SOURCES = %D%/test-reapply.c %D%/forge.h
%C%_test_reapply_LDADD = libcore/sync/libsync.la $(VAULT_TEST_LIBS)

UNIT_TESTS += %D%/test-parts
%C%_test_parts_SOURCES = %D%/test-parts.c \
	modules/store_service/parts.c modules/store_service/rows.c modules/store_service/store_service.c
%C%_test_parts_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(CMOCKA_CFLAGS)
%C%_test_parts_LDADD = libcore/util/libutil.la $(JANSSON_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += %D%/test-vault-refusals
%C%_test_vault_refusals_SOURCES = %D%/test-vault-refusals.c %D%/forge.h
%C%_test_vault_refusals_LDADD = $(VAULT_TEST_LIBS)

UNIT_TESTS += %D%/test-host
%C%_test_host_SOURCES = %D%/test-host.c %D%/scratch.h
%C%_test_host_LDADD = $(VAULT_TEST_LIBS)

UNIT_TESTS += %D%/test-enrol
%C%_test_enrol_SOURCES = %D%/test-enrol.c %D%/forge.h %D%/scratch.h
%C%_test_enrol_LDADD = $(VAULT_TEST_LIBS)

VAULT_TEST_LIBS = \
	libcore/vault/libvault.la libcore/age/libage.la libcore/identity/libidentity.la \
	libcore/util/libutil.la $(SODIUM_LIBS) $(JANSSON_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += %D%/test-message
%C%_test_message_SOURCES = %D%/test-message.c %D%/unit.h
%C%_test_message_LDADD = \
	libcore/message/libmessage.la libcore/util/libutil.la \
	$(CURL_LIBS) $(XML_LIBS) $(UNISTRING_LIBS) $(CMOCKA_LIBS)
%C%_test_message_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=words_fold # counts the work

UNIT_TESTS += %D%/test-grow
%C%_test_grow_SOURCES = %D%/test-grow.c %D%/forge.h
%C%_test_grow_LDADD = \
	libcore/machine/libmachine.la libcore/store/libstore.la libcore/ring/libring.la \
	$(VAULT_TEST_LIBS)

UNIT_TESTS += %D%/test-sshkey
%C%_test_sshkey_SOURCES = %D%/test-sshkey.c %D%/scratch.h
%C%_test_sshkey_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS)
%C%_test_sshkey_LDADD = \
	libcore/sshkey/libsshsign.la libcore/sshkey/libsshkey.la libcore/util/libutil.la \
	$(SODIUM_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += %D%/test-broker
%C%_test_broker_SOURCES = %D%/test-broker.c
%C%_test_broker_LDADD = libcore/broker/libbroker.la $(VAULT_TEST_LIBS)

UNIT_TESTS += %D%/test-codex
%C%_test_codex_SOURCES = %D%/test-codex.c %D%/scratch.h
%C%_test_codex_LDADD = \
	libcore/codex/libcodex.la libcore/identity/libidentity.la libcore/util/libutil.la \
	$(JANSSON_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += %D%/test-intake
%C%_test_intake_SOURCES = %D%/test-intake.c tools/ravi-load/intake.c
%C%_test_intake_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tools/ravi-load
%C%_test_intake_LDADD = \
	libcore/sync/libsync.la libcore/machine/libmachine.la libcore/store/libstore.la libcore/codex/libcodex.la \
	libcore/ring/libring.la libcore/audit/libaudit.la libcore/config/libconfig.la \
	$(VAULT_TEST_LIBS)

UNIT_TESTS += %D%/test-toml
%C%_test_toml_SOURCES = %D%/test-toml.c tools/ravi-codex/toml.c
%C%_test_toml_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tools/ravi-codex
%C%_test_toml_LDADD = libcore/util/libutil.la $(CMOCKA_LIBS)

UNIT_TESTS += %D%/test-bundle
%C%_test_bundle_SOURCES = %D%/test-bundle.c tools/ravi/bundle.c tools/ravi/dotenv.c
%C%_test_bundle_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tools/ravi
%C%_test_bundle_LDADD = $(VAULT_TEST_LIBS)

UNIT_TESTS += %D%/test-keyctl
%C%_test_keyctl_SOURCES = %D%/test-keyctl.c
%C%_test_keyctl_LDADD = \
	libcore/ring/libring.la libcore/identity/libidentity.la libcore/util/libutil.la \
	$(CMOCKA_LIBS)

UNIT_TESTS += %D%/test-choice
%C%_test_choice_SOURCES = %D%/test-choice.c
%C%_test_choice_LDADD = \
	libcore/choice/libchoice.la libcore/ring/libring.la libcore/identity/libidentity.la \
	libcore/util/libutil.la $(CMOCKA_LIBS)

# The client of the service, against the stand-in.
UNIT_TESTS += %D%/test-service
%C%_test_service_SOURCES = %D%/test-service.c %D%/contract.c %D%/contract.h
%C%_test_service_CPPFLAGS = $(AM_CPPFLAGS) -DCONTRACT_SERVER='"$(abs_top_srcdir)/tests/contract/serve"'
%C%_test_service_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(CURL_CFLAGS)
%C%_test_service_LDADD = \
	libcore/service/libservice.la libcore/fetch/libfetch.la libcore/config/libconfig.la \
	libcore/util/libutil.la $(JANSSON_LIBS) $(CURL_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += %D%/test-legacy
%C%_test_legacy_SOURCES = %D%/test-legacy.c
%C%_test_legacy_LDADD = libcore/legacy/liblegacy.la libcore/util/libutil.la $(SODIUM_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += %D%/test-sandbox
%C%_test_sandbox_SOURCES = \
	%D%/test-sandbox.c tools/ravi-fetch/filter.c tools/ravi-fetch/sandbox.c
%C%_test_sandbox_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tools/ravi-fetch
%C%_test_sandbox_LDADD = libcore/util/libutil.la $(CMOCKA_LIBS) -lpthread

if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif

# A program of make all's, against the real pam-auth-update.
dist_check_SCRIPTS += %D%/test-ravi-pam.sh
TESTS += %D%/test-ravi-pam.sh
