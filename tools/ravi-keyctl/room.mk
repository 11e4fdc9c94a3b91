# tools/ravi-keyctl
