"""The account pages besides allauth's; config.urls includes both."""

from django.urls import include, path

from accounts import views

urlpatterns = [
    path("2fa/", include("accounts.second_factor.urls")),
    path("me/", views.show_account, name="account_home"),
    path("leave/", views.delete_own_account, name="account_leave"),
]
