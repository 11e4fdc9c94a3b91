/* SPDX-License-Identifier: MIT */
/* One connection: one request, one answer, one audit line. */
#ifndef RAVI_BROKER_SERVE_H
#define RAVI_BROKER_SERVE_H

/* Serves the connection `fd` and says how it ended: an exit code. */
int serve(int fd);

#endif
