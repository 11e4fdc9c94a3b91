# Scripts that print TAP and need a real machine; `sudo tests/run` runs them in the build folder.
dist_check_SCRIPTS += %D%/age-interop.sh
