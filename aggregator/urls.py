from django.urls import path

from aggregator import views
from aggregator.api import key_views

app_name = "aggregator"
urlpatterns = [
    path("", views.show_home, name="home"),
    path("c/<uuid:public_id>/", views.show_conversation, name="conversation"),
    path("c/<uuid:public_id>/rename/", views.rename_conversation, name="rename"),
    path("c/<uuid:public_id>/delete/", views.delete_conversation, name="delete"),
    path("leaderboard/", views.show_leaderboard, name="leaderboard"),
    path("keys/", key_views.show_keys, name="keys"),
    path("keys/<uuid:public_id>/revoke/", key_views.revoke_key, name="revoke_key"),
    path("conversations/", views.list_conversations, name="conversations"),
]
