from django.urls import include, path

from ads import views

app_name = "ads"
urlpatterns = [
    path("seen/<str:token>/", views.seen, name="seen"),
    path("click/<str:token>/", views.click, name="click"),
    path("hide/<str:token>/", views.hide_ad, name="hide"),
    path("report/<str:token>/", views.report_ad, name="report"),
    path("demo/<slug:slug>/", views.demo_landing, name="demo"),
    path("api/", include("ads.api.urls")),
]
