from django.urls import URLPattern, URLResolver, include, path

from ads.portal.pages import (
    addresses,
    campaigns,
    creatives,
    desk,
    groups,
    invitations,
    keywords,
    money,
    people,
)

app_name = "portal"

campaign_pages = [
    path("", campaigns.show_one, name="campaign"),
    path("edit/", campaigns.change, name="change_campaign"),
    path("move/", campaigns.move, name="move_campaign"),
    path("days.csv", campaigns.download_days, name="campaign_days"),
    path("keywords.csv", campaigns.download_keywords, name="campaign_keywords"),
    path("keywords/", keywords.show_keywords, name="keywords"),
    path("keywords/switch/", keywords.switch, name="switch_keywords"),
    path("groups/new/", groups.make, name="make_group"),
]
desk_pages: list[URLPattern | URLResolver] = [
    path("", desk.dashboard, name="dashboard"),
    path("days.csv", desk.download_days, name="days"),
    path("campaigns/", campaigns.list_all, name="campaigns"),
    path("campaigns/new/", campaigns.make, name="make_campaign"),
    path("campaigns/<uuid:campaign_id>/", include(campaign_pages)),
    path("groups/<uuid:group_id>/edit/", groups.change, name="change_group"),
    path("groups/<uuid:group_id>/switch/", groups.switch, name="switch_group"),
    path("groups/<uuid:group_id>/ads/new/", creatives.make, name="make_creative"),
    path("ads/<uuid:creative_id>/edit/", creatives.change, name="change_creative"),
    path("ads/<uuid:creative_id>/submit/", creatives.submit, name="submit_creative"),
    path("ads/<uuid:creative_id>/switch/", creatives.switch, name="switch_creative"),
    path("money/", money.show_money, name="money"),
    path("money/add/", money.add_money, name="add_money"),
    path("money/statement.csv", money.download_statement, name="statement"),
    path("addresses/", addresses.show_addresses, name="addresses"),
    path("addresses/here/", addresses.add_here, name="add_address"),
    path("people/", people.show_people, name="people"),
    path("people/<int:membership_id>/dismiss/", people.dismiss, name="dismiss"),
    path("people/<uuid:invitation_id>/withdraw/", people.withdraw, name="withdraw"),
]
urlpatterns = [
    path("", desk.welcome, name="welcome"),
    path("join/", desk.join, name="join"),
    path("invited/<str:token>/", invitations.show_invited, name="invited"),
    path("<uuid:advertiser>/", include(desk_pages)),
]
