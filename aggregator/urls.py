from django.urls import path

from aggregator import views

app_name = "aggregator"
urlpatterns = [
    path("", views.show_home, name="home"),
    path("c/<uuid:public_id>/", views.show_conversation, name="conversation"),
    path("c/<uuid:public_id>/rename/", views.rename_conversation, name="rename"),
    path("c/<uuid:public_id>/delete/", views.delete_conversation, name="delete"),
    path("conversations/", views.list_conversations, name="conversations"),
]
