/* SPDX-License-Identifier: MIT */
/* Where everything lies. The four roots come from configure (--sysconfdir, --localstatedir, ...). */
#ifndef RAVI_PATHS_H
#define RAVI_PATHS_H

/* RAVI_CONFDIR /etc/ravi: root 0755 */
#define PATH_CONF         RAVI_CONFDIR "/ravi.conf"    /* 0644 */
#define PATH_TRUSTED      RAVI_CONFDIR "/trusted"      /* 0644 */
#define PATH_HOST_KEY     RAVI_CONFDIR "/host.key"     /* 0600 */
#define PATH_RECOVERY_KEY RAVI_CONFDIR "/recovery.key" /* 0600, advised to be moved away */
#define PATH_RECOVERY_PUB                                                                          \
	RAVI_CONFDIR "/recovery.pub" /* 0644: its recipient, stays when it is moved */

/* RAVI_STATEDIR /var/lib/ravi: root 0755 */
#define PATH_VAULTS     RAVI_STATEDIR "/vaults"     /* 0700: NAME.age */
#define PATH_HOST_VAULT RAVI_STATEDIR "/host"       /* 0700: host.age, this machine's own keys */
#define PATH_FORKS      RAVI_STATEDIR "/forks"      /* 0700: refused documents of a fork */
#define PATH_AGENTS     RAVI_STATEDIR "/agents"     /* 0755: USER, 0644 */
#define PATH_SYNC       RAVI_STATEDIR "/sync"       /* 0700: NAME.age, what the store held last */
#define PATH_AUDIT      RAVI_STATEDIR "/audit"      /* 0700: audit.log, audit.log.N, 0600 */
#define PATH_AUDIT_COPY RAVI_STATEDIR "/audit.checkpoint" /* 0600 */
#define PATH_IDENTITIES RAVI_STATEDIR "/identities" /* 0755: IDENTITY -> ../agents/USER */

/* RAVI_RUNDIR /run/ravi: root 0711. The names below it are a format. */
#define PATH_RINGS         RAVI_RUNDIR "/rings"    /* 0700: USER */
#define PATH_SESSIONS      RAVI_RUNDIR "/sessions" /* 0700: USER/PID-STARTTIME, empty */
#define PATH_HOMES         RAVI_RUNDIR "/home"     /* 0711: USER, 0700, owned by the agent */

#define PATH_BROKER_SOCKET RAVI_RUNDIR "/broker.sock" /* 0666 */
#define PATH_BROKER_STATE  RAVI_RUNDIR "/broker"      /* 0700: USER, and the listener's lock */

#define PATH_SYNC_STATE    RAVI_RUNDIR "/sync"        /* 0700: NAME.lock */
#define PATH_SYNC_WANTED   RAVI_RUNDIR "/sync-wanted" /* 0700: NAME, empty: somebody waits for it */
#define PATH_SERVICE_DOWN  RAVI_RUNDIR "/service-down" /* 0644: the service was not reached */

#define PATH_LOADER        RAVI_LIBEXECDIR "/ravi-load"
#define PATH_BROKER        RAVI_LIBEXECDIR "/ravi-broker"
#define PATH_RAVI_PAM      RAVI_LIBEXECDIR "/ravi-pam"
#define PATH_FETCH         RAVI_LIBEXECDIR "/ravi-fetch"
#define PATH_RAVI          RAVI_BINDIR "/ravi"
#define PATH_STORE_MODULES RAVI_LIBEXECDIR /* store_NAME.so */

#endif
