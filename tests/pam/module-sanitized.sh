#!/bin/bash
# SPDX-License-Identifier: MIT
# The module's contract again, with module and host built with AddressSanitizer and UBSan.
BUILD=sanitized exec "$(dirname "$0")/module.sh"
