"""The account pages that allauth does not bring; config.urls puts allauth's beside them."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("me/", views.show_account, name="account_home"),
    path("leave/", views.delete_own_account, name="account_leave"),
]
