# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += %D%/libconfig.la
%C%_libconfig_la_SOURCES = %D%/conf.c %D%/conf.h %D%/paths.h
