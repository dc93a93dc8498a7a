"""The theme of the admin: settings of django-unfold."""

from typing import Any

from django.templatetags.static import static
from django.utils.translation import gettext

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": lambda request: gettext("짬뽕"),
    "SITE_HEADER": lambda request: gettext("짬뽕"),
    "SITE_URL": "/",
    "SITE_ICON": lambda request: static("mark.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("mark.svg")}],
    "SHOW_VIEW_ON_SITE": True,
    "SHOW_HISTORY": True,
    "DASHBOARD_CALLBACK": "config.dashboard.dashboard_callback",
    "STYLES": [lambda request: static("css/fonts.css"), lambda request: static("css/admin.css")],
    "BORDER_RADIUS": "10px",
    "COLORS": {
        "base": {
            "50": "oklch(0.985 0.003 60)",
            "100": "oklch(0.965 0.005 60)",
            "200": "oklch(0.91 0.006 60)",
            "300": "oklch(0.85 0.008 60)",
            "400": "oklch(0.70 0.010 58)",
            "500": "oklch(0.53 0.012 55)",
            "600": "oklch(0.45 0.011 52)",
            "700": "oklch(0.37 0.010 50)",
            "800": "oklch(0.29 0.009 50)",
            "900": "oklch(0.235 0.007 50)",
            "950": "oklch(0.19 0.006 50)",
        },
        "primary": {
            "50": "oklch(0.97 0.02 35)",
            "100": "oklch(0.94 0.04 35)",
            "200": "oklch(0.88 0.08 35)",
            "300": "oklch(0.80 0.13 36)",
            "400": "oklch(0.72 0.17 37)",
            "500": "oklch(0.66 0.19 36)",
            "600": "oklch(0.57 0.19 35)",
            "700": "oklch(0.51 0.17 34)",
            "800": "oklch(0.45 0.15 33)",
            "900": "oklch(0.37 0.11 33)",
            "950": "oklch(0.26 0.08 33)",
        },
    },
}
