# SPDX-License-Identifier: MIT
# What goes beside the programs: settings, the PAM profile, systemd's and tmpfiles.d's share, examples.
CONF_FILLED = \
	%D%/tmpfiles.d/ravi.conf \
	%D%/systemd/codex-monitor@.service \
	%D%/systemd/ravi-broker.socket \
	%D%/systemd/ravi-broker.service \
	%D%/systemd/ravi-session@.service \
	%D%/systemd/ravi-sweep.service \
	%D%/systemd/ravi-sync.path \
	%D%/systemd/ravi-sync.service \
	%D%/systemd/ravi-sync-wanted.service \
	%D%/systemd/ravi-sync-watch.service \
	%D%/systemd/run-ravi-home.mount \
	%D%/systemd/user@.service.d/ravi.conf \
	%D%/examples/agent-daemon.service \
	%D%/examples/agent-worker.service \
	%D%/examples/codex-monitor

EXTRA_DIST += \
	%D%/ravi.conf \
	%D%/tmpfiles.d/ravi.conf.in \
	%D%/pam.d/ravi-agent \
	%D%/systemd/codex-monitor@.service.in \
	%D%/systemd/ravi-broker.socket.in \
	%D%/systemd/ravi-broker.service.in \
	%D%/systemd/ravi-session@.service.in \
	%D%/systemd/ravi-sweep.service.in \
	%D%/systemd/ravi-sync.path.in \
	%D%/systemd/ravi-sync.service.in \
	%D%/systemd/ravi-sync-wanted.service.in \
	%D%/systemd/ravi-sync-watch.service.in \
	%D%/systemd/run-ravi-home.mount.in \
	%D%/systemd/user@.service.d/ravi.conf.in \
	%D%/examples/agent-daemon.service.in \
	%D%/examples/agent-worker.service.in \
	%D%/examples/codex-monitor.in
# Debian wants it at the top of the sources: tools/deb puts it there.
EXTRA_DIST += %D%/packaging
CLEANFILES += $(CONF_FILLED)
# Another prefix: other paths in them.
$(CONF_FILLED): Makefile

dist_pamconfigs_DATA = %D%/pam-configs/ravi
nodist_tmpfiles_DATA = %D%/tmpfiles.d/ravi.conf
dist_sysusers_DATA = %D%/sysusers.d/ravi.conf

unitdir = $(systemddir)/system
nodist_unit_DATA = \
	%D%/systemd/codex-monitor@.service \
	%D%/systemd/ravi-broker.socket \
	%D%/systemd/ravi-broker.service \
	%D%/systemd/ravi-session@.service \
	%D%/systemd/ravi-sweep.service \
	%D%/systemd/ravi-sync.path \
	%D%/systemd/ravi-sync.service \
	%D%/systemd/ravi-sync-wanted.service \
	%D%/systemd/ravi-sync-watch.service \
	%D%/systemd/run-ravi-home.mount
dist_unit_DATA = %D%/systemd/ravi-sweep.timer %D%/systemd/ravi-sync.timer
usermanagerdir = $(unitdir)/user@.service.d
nodist_usermanager_DATA = %D%/systemd/user@.service.d/ravi.conf

examplesdir = $(docdir)/examples
dist_examples_DATA = \
	%D%/examples/README \
	%D%/examples/pam.d-cron \
	%D%/examples/pam.d-runuser \
	%D%/examples/pam.d-sshd
nodist_examples_DATA = \
	%D%/examples/agent-daemon.service \
	%D%/examples/agent-worker.service \
	%D%/examples/codex-monitor

FILLED_MANS += %D%/ravi.7 %D%/ravi.conf.5

# One completion for all programs, found by the name of each.
EXTRA_DIST += %D%/completions/ravi.bash %D%/completions/_ravi
COMPLETED = ravi-keyctl ravi-gh ravi-git-config ravi-codex ravi-codex-monitor git-credential-ravi
bashcompletiondir = $(datadir)/bash-completion/completions
install-completions:
	$(MKDIR_P) '$(DESTDIR)$(bashcompletiondir)' '$(DESTDIR)$(zshcompletiondir)'
	$(INSTALL_DATA) '$(srcdir)/%D%/completions/ravi.bash' '$(DESTDIR)$(bashcompletiondir)/ravi'
	cd '$(DESTDIR)$(bashcompletiondir)' && for program in $(COMPLETED); do \
		rm -f "$$program" && $(LN_S) ravi "$$program" || exit; \
	done
	$(INSTALL_DATA) '$(srcdir)/%D%/completions/_ravi' '$(DESTDIR)$(zshcompletiondir)/_ravi'
uninstall-completions:
	cd '$(DESTDIR)$(bashcompletiondir)' 2>/dev/null && rm -f ravi $(COMPLETED) || :
	rm -f '$(DESTDIR)$(zshcompletiondir)/_ravi'
.PHONY: install-completions uninstall-completions

# These two are the administrator's: what is there stays, and goes with us only when it is still ours.
CONF_INSTALLED = $(DESTDIR)$(sysconfdir)/ravi/ravi.conf
PAMD_INSTALLED = $(DESTDIR)$(sysconfdir)/pam.d/ravi-agent
install-data-local: install-completions
	$(MKDIR_P) '$(DESTDIR)$(sysconfdir)/ravi' '$(DESTDIR)$(sysconfdir)/pam.d'
	test -e '$(CONF_INSTALLED)' || \
		$(INSTALL_DATA) '$(srcdir)/%D%/ravi.conf' '$(CONF_INSTALLED)'
	test -e '$(PAMD_INSTALLED)' || \
		$(INSTALL_DATA) '$(srcdir)/%D%/pam.d/ravi-agent' '$(PAMD_INSTALLED)'
uninstall-local:
	if cmp -s '$(srcdir)/%D%/ravi.conf' '$(CONF_INSTALLED)'; then rm -f '$(CONF_INSTALLED)'; fi
	if cmp -s '$(srcdir)/%D%/pam.d/ravi-agent' '$(PAMD_INSTALLED)'; then rm -f '$(PAMD_INSTALLED)'; fi
