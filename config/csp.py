"""The content security policy: strict on every page, looser where the admin's own scripts need it."""

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

# django-unfold is written with Alpine, which evaluates attributes, and sets its colours in a <style> element.
ADMIN_CSP_SOURCES = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


class SiteCSPMiddleware(CSPMiddleware):
    """Sends the policy of the page that was asked for."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """Return the site's policy, with the admin's sources for the admin's pages."""
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith(reverse("admin:index")):
            parts.replace = ADMIN_CSP_SOURCES
        return parts
