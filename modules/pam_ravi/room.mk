# modules/pam_ravi
