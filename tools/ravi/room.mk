# tools/ravi
