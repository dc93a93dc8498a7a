"""The market as a site of its own: no sessions, no accounts, no conversation; only its own addresses."""

from django.urls import include, path

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
]
urlpatterns = [path("ads/", include("ads.urls"))]
