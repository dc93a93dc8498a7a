from django.urls import URLPattern, URLResolver, include, path

from ads.portal.views import (
    ad_groups,
    campaigns,
    creatives,
    dashboard,
    keywords,
    launch,
    members,
    own_networks,
    wallet,
)

app_name = "portal"

campaign_pages = [
    path("", campaigns.campaign_detail, name="campaign"),
    path("edit/", campaigns.campaign_edit, name="change_campaign"),
    path("money/", launch.campaign_fund, name="fund_campaign"),
    path("launch/", launch.campaign_launch, name="launch"),
    path("move/", campaigns.campaign_set_status, name="move_campaign"),
    path("days.csv", campaigns.campaign_days_csv, name="campaign_days"),
    path("keywords.csv", campaigns.campaign_keywords_csv, name="campaign_keywords"),
    path("keywords/", keywords.keyword_list, name="keywords"),
    path("keywords/switch/", keywords.keyword_switch, name="switch_keywords"),
    path("groups/new/", ad_groups.group_create, name="make_group"),
]
advertiser_pages: list[URLPattern | URLResolver] = [
    path("", dashboard.dashboard, name="dashboard"),
    path("days.csv", dashboard.advertiser_days_csv, name="days"),
    path("campaigns/", campaigns.campaign_list, name="campaigns"),
    path("campaigns/new/", campaigns.campaign_create, name="make_campaign"),
    path("campaigns/<uuid:campaign_id>/", include(campaign_pages)),
    path("groups/<uuid:group_id>/edit/", ad_groups.group_edit, name="change_group"),
    path("groups/<uuid:group_id>/switch/", ad_groups.group_switch, name="switch_group"),
    path("groups/<uuid:group_id>/ads/new/", creatives.creative_create, name="make_creative"),
    path("ads/<uuid:creative_id>/edit/", creatives.creative_edit, name="change_creative"),
    path("ads/<uuid:creative_id>/submit/", creatives.creative_submit, name="submit_creative"),
    path("ads/<uuid:creative_id>/switch/", creatives.creative_switch, name="switch_creative"),
    path("money/", wallet.wallet_detail, name="money"),
    path("money/add/", wallet.wallet_top_up, name="add_money"),
    path("money/statement.csv", wallet.statement_csv, name="statement"),
    path("addresses/", own_networks.own_networks_edit, name="addresses"),
    path("addresses/here/", own_networks.own_networks_add_current, name="add_address"),
    path("people/", members.member_list, name="people"),
    path("people/<int:membership_id>/dismiss/", members.member_remove, name="dismiss"),
    path("people/<uuid:invitation_id>/withdraw/", members.invitation_revoke, name="withdraw"),
]
urlpatterns = [
    path("", dashboard.welcome, name="welcome"),
    path("join/", dashboard.advertiser_create, name="join"),
    path("invited/<str:token>/", members.invitation_accept, name="invited"),
    path("<uuid:advertiser>/", include(advertiser_pages)),
]
