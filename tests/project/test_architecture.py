"""Borders beyond the import contracts: foreign keys of the ad market, and what the web role loads."""

import subprocess
import sys
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db.models import ForeignKey, ManyToManyField

ROOT = Path(__file__).resolve().parent.parent.parent


def test_no_foreign_key_crosses_the_border_of_the_ad_market() -> None:
    crossing = []
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if not isinstance(field, ForeignKey | ManyToManyField):
                continue
            source, target = model._meta.app_label, field.related_model._meta.app_label
            if "ads" not in {source, target} or source == target:
                continue
            is_owner = field.related_model._meta.label == settings.AUTH_USER_MODEL
            if not (source == "ads" and is_owner and field.remote_field.related_name == "+"):
                crossing.append(f"{model._meta.label}.{field.name}")
    assert crossing == []


def test_the_web_role_never_loads_litellm() -> None:
    code = "import sys, config.asgi; print('litellm' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "False"
