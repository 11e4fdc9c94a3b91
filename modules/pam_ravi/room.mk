# SPDX-License-Identifier: MIT
pamdir = @pamdir@
pam_LTLIBRARIES = %D%/pam_ravi.la
%C%_pam_ravi_la_SOURCES = %D%/pam_ravi.c %D%/login.c %D%/login.h
%C%_pam_ravi_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared \
	-Wl,--version-script=$(srcdir)/%D%/pam_ravi.map -Wl,-Bsymbolic
%C%_pam_ravi_la_LIBADD = \
	libcore/sync/libsyncbase.la \
	libcore/ring/libring.la libcore/audit/libauditform.la libcore/identity/libidentity.la \
	libcore/config/libconfig.la libcore/util/libutil.la $(PAM_LIBS)
%C%_pam_ravi_la_DEPENDENCIES = $(srcdir)/%D%/pam_ravi.map \
	libcore/sync/libsyncbase.la \
	libcore/ring/libring.la libcore/audit/libauditform.la libcore/identity/libidentity.la \
	libcore/config/libconfig.la libcore/util/libutil.la
EXTRA_DIST += %D%/pam_ravi.map

# libpam loads pam_ravi.so; the .la file is of no use to it.
drop-pam-la:
	rm -f $(DESTDIR)$(pamdir)/pam_ravi.la
uninstall-module:
	rm -f $(DESTDIR)$(pamdir)/pam_ravi.so
FILLED_MANS += %D%/pam_ravi.8
