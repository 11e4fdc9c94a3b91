/* SPDX-License-Identifier: MIT */
/* What every unit test includes: cmocka wants these four headers before its own. */
#ifndef RAVI_UNIT_H
#define RAVI_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
