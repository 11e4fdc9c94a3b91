# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += %D%/libstore.la
%C%_libstore_la_SOURCES = %D%/directory.c %D%/module.h %D%/store.h
