from django.urls import path

from aggregator.web import (
    api_key_views,
    conversation_views,
    device_views,
    page_context,
    share_views,
    site_views,
)

app_name = "aggregator"
urlpatterns = [
    path("", conversation_views.show_home, name="home"),
    path("c/<uuid:public_id>/", conversation_views.show_conversation, name="conversation"),
    path("c/<uuid:public_id>/before/<uuid:before>/", conversation_views.show_earlier, name="earlier"),
    path("c/<uuid:public_id>/rename/", conversation_views.rename_conversation, name="rename"),
    path("c/<uuid:public_id>/delete/", conversation_views.delete_conversation, name="delete"),
    path("c/<uuid:public_id>/share/", share_views.make_share, name="share"),
    path("c/<uuid:public_id>/unshare/", share_views.withdraw_share, name="unshare"),
    path("s/<slug:token>/", share_views.show_shared, name="shared"),
    path("s/<slug:token>/card.png", share_views.show_card, name="share_card"),
    path("s/<slug:token>/continue/", share_views.continue_shared, name="continue_shared"),
    path("on-device/", device_views.show_device, name="on_device"),
    path("on-device/weights/<slug:sha256>.gguf", device_views.send_weights, name="weights"),
    path("leaderboard/", conversation_views.show_leaderboard, name="leaderboard"),
    path("keys/", api_key_views.show_keys, name="keys"),
    path("keys/<uuid:public_id>/revoke/", api_key_views.revoke_key, name="revoke_key"),
    path("keys/conversations/", api_key_views.delete_api_conversations, name="delete_called"),
    path("conversations/", conversation_views.list_conversations, name="conversations"),
    path("help/", site_views.show_help, name="help"),
    path("robots.txt", site_views.show_robots, name="robots"),
    path("sitemap.xml", site_views.show_sitemap, name="sitemap"),
    path("favicon.ico", site_views.show_favicon, name="favicon"),
    path("use/", page_context.show_use, name="use"),
]
