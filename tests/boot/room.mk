# SPDX-License-Identifier: MIT
# Tests on a machine of their own: a Debian 12 in a folder, booted with systemd. Run by tests/run, as root.
dist_check_SCRIPTS += %D%/make-debian
dist_check_SCRIPTS += %D%/machine
dist_check_SCRIPTS += %D%/packages.sh
dist_check_SCRIPTS += %D%/systemd.sh
dist_check_SCRIPTS += %D%/systemd.again
EXTRA_DIST += %D%/guest.bash
