from django.urls import include, path

from accounts import views

urlpatterns = [
    path("me/", views.show_account, name="account_home"),
    path("leave/", views.leave, name="account_leave"),
    path("", include("allauth.account.urls")),
]
