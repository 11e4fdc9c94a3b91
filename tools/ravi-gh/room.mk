# SPDX-License-Identifier: MIT
bin_PROGRAMS += %D%/ravi-gh
%C%_ravi_gh_SOURCES = \
	%D%/main.c \
	%D%/tokens.c %D%/tokens.h
%C%_ravi_gh_LDFLAGS = $(HARDENED_LINK)
%C%_ravi_gh_LDADD = $(RING_READER)
FILLED_MANS += %D%/ravi-gh.1

# The folder that goes first in a daemon's PATH: `gh` in it is ravi-gh. Agents that could not enter it (root's umask
# is 077, say) would run the gh behind it, without the worktree's token.
SHIMS = $(DESTDIR)$(ravilibexecdir)/shims
install-shims:
	$(MKDIR_P) '$(SHIMS)'
	chmod 755 '$(DESTDIR)$(ravilibexecdir)' '$(SHIMS)'
	rm -f '$(SHIMS)/gh' && $(LN_S) '$(bindir)/ravi-gh' '$(SHIMS)/gh'
uninstall-shims:
	rm -f '$(SHIMS)/gh'
	rmdir '$(SHIMS)' '$(DESTDIR)$(ravilibexecdir)' 2>/dev/null || :
