#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes configure and what it needs. Wants autoconf, automake, libtool and pkg-config.
set -eu
cd "$(dirname "$0")"
mkdir -p build-aux
exec autoreconf --install --force --warnings=all,no-obsolete
