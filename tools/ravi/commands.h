/* SPDX-License-Identifier: MIT */
/* The commands of ravi: for the table in main.c. Each room's values lie beside its function. */
#ifndef RAVI_COMMANDS_H
#define RAVI_COMMANDS_H

#include "util/cli.h"
#include "util/options.h"

extern const struct cli_program ravi_program;

/* offer.c */
void ravi_complete(const struct cli_word *word, struct buf *out);

/* init.c */
extern const struct option_row init_options[];
int run_init(void *values, int argc, char **argv);

/* status.c */
extern const struct option_row status_options[];
int run_status(void *values, int argc, char **argv);

/* create.c */
extern const struct option_row create_options[];
extern const struct option_row adopt_options[];
int run_create(void *values, int argc, char **argv);
int run_adopt(void *values, int argc, char **argv);

/* identity.c */
extern const struct option_row identity_options[];
extern const struct option_row identity_list_options[];
int run_identity_list(void *values, int argc, char **argv);
int run_identity_show(void *values, int argc, char **argv);
int run_identity_enable(void *values, int argc, char **argv);
int run_identity_disable(void *values, int argc, char **argv);
int run_identity_delete(void *values, int argc, char **argv);

/* trust.c */
extern const struct option_row trust_options[];
int run_identity_trust(void *values, int argc, char **argv);

/* host.c */
extern const struct option_row host_options[];
int run_host_show(void *values, int argc, char **argv);

/* vault.c */
extern const struct option_row info_options[];
int run_vault_info(void *values, int argc, char **argv);

/* members.c */
extern const struct option_row members_options[];
int run_recipients_list(void *values, int argc, char **argv);
int run_recipients_add(void *values, int argc, char **argv);
int run_recipients_remove(void *values, int argc, char **argv);
int run_signers_list(void *values, int argc, char **argv);
int run_signers_add(void *values, int argc, char **argv);
int run_signers_remove(void *values, int argc, char **argv);

/* rekey.c */
extern const struct option_row rekey_options[];
int run_vault_rekey(void *values, int argc, char **argv);

/* transfer.c */
extern const struct option_row vault_export_options[];
extern const struct option_row vault_import_options[];
int run_vault_export(void *values, int argc, char **argv);
int run_vault_import(void *values, int argc, char **argv);

/* signkey.c; its options are identity_options */
int run_identity_sign_key(void *values, int argc, char **argv);

/* linger.c; its options are identity_options */
int run_identity_linger(void *values, int argc, char **argv);

/* secrets.c */
extern const struct option_row set_options[];
extern const struct option_row secret_options[];
extern const struct option_row get_options[];
int run_secrets_set(void *values, int argc, char **argv);
int run_secrets_get(void *values, int argc, char **argv);
int run_secrets_list(void *values, int argc, char **argv);
int run_secrets_delete(void *values, int argc, char **argv);

/* history.c; the options of history are secret_options */
extern const struct option_row rollback_options[];
int run_secrets_history(void *values, int argc, char **argv);
int run_secrets_rollback(void *values, int argc, char **argv);

/* import.c, export.c */
extern const struct option_row import_options[];
extern const struct option_row export_options[];
int run_secrets_import(void *values, int argc, char **argv);
int run_secrets_export(void *values, int argc, char **argv);

/* audit.c */
extern const struct option_row audit_options[];
extern const struct option_row verify_options[];
int run_audit(void *values, int argc, char **argv);
int run_audit_verify(void *values, int argc, char **argv);
int run_audit_restart(void *values, int argc, char **argv);

/* auth.c, logout.c, takein.c */
extern const struct option_row auth_options[];
extern const struct option_row auth_status_options[];
extern const struct option_row auth_import_options[];
int run_auth_login(void *values, int argc, char **argv);
int run_auth_logout(void *values, int argc, char **argv);
int run_auth_status(void *values, int argc, char **argv);
int run_auth_import(void *values, int argc, char **argv);
int run_auth_unlock(void *values, int argc, char **argv);

/* inbox.c */
extern const struct option_row service_get_options[];
extern const struct option_row inbox_options[];
int run_get(void *values, int argc, char **argv);
int run_inbox_email(void *values, int argc, char **argv);
int run_inbox_sms(void *values, int argc, char **argv);
int run_message_email(void *values, int argc, char **argv);
int run_message_sms(void *values, int argc, char **argv);

/* wait.c */
extern const struct option_row wait_options[];
int run_inbox_wait(void *values, int argc, char **argv);

/* lease.c */
extern const struct option_row lease_options[];
int run_identity_lease(void *values, int argc, char **argv);

/* sync.c */
extern const struct option_row sync_options[];
int run_sync(void *values, int argc, char **argv);

/* rings.c */
extern const struct option_row ring_options[];
int run_reload(void *values, int argc, char **argv);
int run_release(void *values, int argc, char **argv);

/* doctor/doctor.c */
extern const struct option_row doctor_options[];
int run_doctor(void *values, int argc, char **argv);

#endif
