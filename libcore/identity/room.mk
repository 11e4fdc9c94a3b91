# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += %D%/libidentity.la
%C%_libidentity_la_SOURCES = \
	%D%/agent.c %D%/agent.h \
	%D%/local.c %D%/local.h \
	%D%/name.c %D%/name.h \
	%D%/offer.c %D%/offer.h
