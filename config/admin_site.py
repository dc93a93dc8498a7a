"""Loads the admin's pages where a process may show or check them."""

import sys

from django.contrib.admin.apps import SimpleAdminConfig

# Somebody waits at a shell for these, and the pages take most of a second to load.
COMMANDS_WITHOUT_PAGES = frozenset({"ask"})


class AdminConfig(SimpleAdminConfig):
    """The admin, whose pages are loaded at the start of every process but that of some commands."""

    def ready(self) -> None:
        """Register the pages."""
        super().ready()
        if not COMMANDS_WITHOUT_PAGES.intersection(sys.argv[1:2]):
            from django.contrib import admin

            admin.autodiscover()
