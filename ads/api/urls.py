from django.urls import path

from ads.api import views

urlpatterns = [
    path("select/", views.select, name="select"),
    path("vocabulary/", views.vocabulary, name="vocabulary"),
]
