"""The URL configuration of the site."""

from allauth.account.views import logout
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.second_factor.admin_access import require_second_factor
from config.monitoring.views import show_health, show_metrics

# Staff log in at the common page, which limits attempts and asks for a second factor.
require_second_factor(admin.site)
urlpatterns = [
    path("healthz", show_health),
    path("metrics", show_metrics),
    # Replaces the admin's own logout, which does not close websockets.
    path("admin/logout/", logout),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/", admin.site.urls),
    path("accounts/", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("ads/", include("ads.urls")),
    path("advertise/", include("ads.portal.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("v1/", include("aggregator.api.urls")),
    path("", include("aggregator.web.urls")),
]
