# tools/ravi-load
