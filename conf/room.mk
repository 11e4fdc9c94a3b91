# What goes beside the programs: settings, the PAM profile, systemd's and tmpfiles.d's share, examples.
CONF_FILLED = \
	%D%/ravi-pam \
	%D%/tmpfiles.d/ravi.conf \
	%D%/systemd/ravi-sweep.service \
	%D%/systemd/user@.service.d/ravi.conf \
	%D%/examples/agent-worker.service

EXTRA_DIST += \
	%D%/ravi.conf \
	%D%/ravi-pam.in \
	%D%/tmpfiles.d/ravi.conf.in \
	%D%/systemd/ravi-sweep.service.in \
	%D%/systemd/user@.service.d/ravi.conf.in \
	%D%/examples/agent-worker.service.in
CLEANFILES += $(CONF_FILLED)
# Another prefix: other paths in them.
$(CONF_FILLED): Makefile

ravilibexec_SCRIPTS = %D%/ravi-pam

dist_pamconfigs_DATA = %D%/pam-configs/ravi
nodist_tmpfiles_DATA = %D%/tmpfiles.d/ravi.conf

unitdir = $(systemddir)/system
nodist_unit_DATA = %D%/systemd/ravi-sweep.service
dist_unit_DATA = %D%/systemd/ravi-sweep.timer
usermanagerdir = $(unitdir)/user@.service.d
nodist_usermanager_DATA = %D%/systemd/user@.service.d/ravi.conf

examplesdir = $(docdir)/examples
dist_examples_DATA = \
	%D%/examples/README \
	%D%/examples/pam.d-cron \
	%D%/examples/pam.d-ravi-agent \
	%D%/examples/pam.d-runuser \
	%D%/examples/pam.d-sshd
nodist_examples_DATA = %D%/examples/agent-worker.service

dist_man_MANS += %D%/ravi.conf.5 %D%/ravi.7

# ravi.conf is the administrator's: what is there stays, and goes with us only when it is still ours.
CONF_INSTALLED = $(DESTDIR)$(sysconfdir)/ravi/ravi.conf
install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(sysconfdir)/ravi'
	test -e '$(CONF_INSTALLED)' || \
		$(INSTALL_DATA) '$(srcdir)/%D%/ravi.conf' '$(CONF_INSTALLED)'
uninstall-local:
	if cmp -s '$(srcdir)/%D%/ravi.conf' '$(CONF_INSTALLED)'; then rm -f '$(CONF_INSTALLED)'; fi
