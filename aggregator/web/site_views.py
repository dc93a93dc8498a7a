"""The help page, and the files that crawlers and browsers look for at fixed paths."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from aggregator.catalog.device_models import list_device_models

ONE_DAY: Final = 86_400
# Messengers obey robots.txt too: what they shall preview, /s/ above all, has to be allowed.
PRIVATE_PATHS: Final = ("/c/", "/accounts/", "/admin/", "/v1/", "/ads/", "/keys/", "/conversations/", "/use/")
# Pages that anybody may read, by the name of their route.
PUBLIC_ROUTES: Final = ("aggregator:home", "aggregator:help", "aggregator:leaderboard", "portal:welcome")


@require_safe
def show_help(request: HttpRequest) -> HttpResponse:
    """Show what the site does, what it costs and what it knows."""
    context = {
        "guest_limit": settings.GUEST_TURNS_PER_DAY,
        "account_limit": settings.ACCOUNT_TURNS_PER_DAY,
        "has_device_models": bool(list_device_models()),
    }
    return render(request, "aggregator/help.html", context)


@require_safe
@cache_control(public=True, max_age=ONE_DAY)
def show_robots(request: HttpRequest) -> HttpResponse:
    """Tell crawlers what to read."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE_PATHS), "Allow: /"]
    lines += ["", f"Sitemap: {settings.PUBLIC_URL}{reverse('aggregator:sitemap')}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=ONE_DAY)
def show_sitemap(request: HttpRequest) -> HttpResponse:
    """List the pages that anybody may read."""
    routes = [*PUBLIC_ROUTES, *(["aggregator:on_device"] if list_device_models() else [])]
    addresses = [f"{settings.PUBLIC_URL}{reverse(route)}" for route in routes]
    context = {"addresses": addresses}
    return render(request, "aggregator/sitemap.xml", context, content_type="application/xml; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=ONE_DAY)
def show_favicon(request: HttpRequest) -> HttpResponse:
    """Lead browsers that ask for the icon at its old place to it."""
    return redirect(f"{settings.STATIC_URL}favicon.ico")
