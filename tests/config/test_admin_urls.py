"""Point 15: no page of the admin fails for an id that is no key."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, reverse

BROKEN = ["x", "0", "99999999999999999999", "_5F", "a/b", "%00"]
PAGES = ["change", "history", "delete"]
MODELS = sorted(f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry)


@pytest.mark.usefixtures("valkey")
@pytest.mark.parametrize("model", MODELS)
def test_an_id_that_is_no_key_is_no_error(admin_client: Client, model: str) -> None:
    for page in PAGES:
        for broken in BROKEN:
            path = reverse(f"admin:{model}_{page}", args=[broken])
            for method in (admin_client.get, admin_client.post):
                assert method(path).status_code in (302, 403, 404), path


@pytest.mark.usefixtures("valkey")
@pytest.mark.parametrize("model", MODELS)
def test_the_links_of_a_page_s_actions_are_no_error(admin_client: Client, model: str) -> None:
    model_admin = next(
        each
        for each in admin.site._registry.values()
        if f"{each.opts.app_label}_{each.opts.model_name}" == model
    )
    for action in getattr(model_admin, "actions_detail", ()):
        for broken in BROKEN:
            try:
                path = reverse(f"admin:{model}_{action}", args=[broken])
            except NoReverseMatch:
                continue
            assert admin_client.get(path).status_code in (302, 403, 404), path
