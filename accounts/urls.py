"""The account pages besides allauth's; config.urls includes both."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("me/", views.show_account, name="account_home"),
    path("leave/", views.delete_own_account, name="account_leave"),
]
