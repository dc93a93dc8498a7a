"""URLs of the stand-alone ad service; impressions and clicks go to the site."""

from django.urls import include, path

urlpatterns = [path("ads/api/", include("ads.api.urls"))]
