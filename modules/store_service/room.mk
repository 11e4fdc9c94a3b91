# SPDX-License-Identifier: MIT
# `store = service`, for ravi-fetch to load (libcore/store/module.h). tests/system/store.sh shows it at work.
storemoduledir = $(ravilibexecdir)
storemodule_LTLIBRARIES = %D%/store_service.la
%C%_store_service_la_SOURCES = \
	%D%/parts.c %D%/parts.h \
	%D%/rows.c %D%/rows.h \
	%D%/store_service.c
%C%_store_service_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
%C%_store_service_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared \
	-Wl,--version-script=$(srcdir)/%D%/store_service.map -Wl,-Bsymbolic
%C%_store_service_la_LIBADD = libcore/util/libutil.la $(JANSSON_LIBS)
%C%_store_service_la_DEPENDENCIES = $(srcdir)/%D%/store_service.map libcore/util/libutil.la
EXTRA_DIST += %D%/store_service.map

# ravi-fetch loads store_service.so, and nobody executes it; the .la file is of no use to it.
drop-store-la:
	rm -f $(DESTDIR)$(storemoduledir)/store_service.la
	chmod 644 $(DESTDIR)$(storemoduledir)/store_service.so
uninstall-store-module:
	rm -f $(DESTDIR)$(storemoduledir)/store_service.so
