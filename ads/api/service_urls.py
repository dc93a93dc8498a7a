"""The addresses of a market that runs as a service of its own: people's looks and clicks go to the site."""

from django.urls import include, path

urlpatterns = [path("ads/api/", include("ads.api.urls"))]
