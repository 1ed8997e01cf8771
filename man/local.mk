# SPDX-License-Identifier: GPL-2.0-or-later
# Man pages, from scdoc. A tarball carries them built, so that only a clone needs scdoc; a clone
# without it builds and installs no page (configure says so).
man_sources = man/wring.1.scd man/wring-suite.5.scd
EXTRA_DIST += $(man_sources) man/expand.sh README.md CODING-STYLE.md CONTRIBUTING.md

if HAVE_SCDOC
man_pages = man/wring.1 man/wring-suite.5
else
man_pages = $(patsubst $(srcdir)/%,%,$(wildcard $(srcdir)/man/*.1 $(srcdir)/man/*.5))
endif
dist_man_MANS += $(man_pages)
MAINTAINERCLEANFILES = man/wring.1 man/wring-suite.5


if HAVE_SCDOC
man/wring.1: man/wring.1.scd
	$(AM_V_GEN)$(MKDIR_P) man && $(SCDOC) <$(srcdir)/man/wring.1.scd >$@.tmp && mv $@.tmp $@

# The options of the machine and of the generators come from their tables, by the program itself.
# It is asked again when a source of those is newer than the page, not whenever the program has been
# linked.
man/wring-suite.5: man/wring-suite.5.scd man/expand.sh harness/suite/machine.c \
		$(workloads_libworkloads_a_SOURCES) | wring$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) man && \
	bash $(srcdir)/man/expand.sh ./wring$(EXEEXT) $(srcdir)/man/wring-suite.5.scd >$@.expanded && \
	$(SCDOC) <$@.expanded >$@.tmp && rm -f $@.expanded && mv $@.tmp $@
endif
