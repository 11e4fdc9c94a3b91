# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += %D%/libaudit.la
%C%_libaudit_la_SOURCES = %D%/audit.c %D%/audit.h
