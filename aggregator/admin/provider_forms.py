"""The forms of provider accounts and of the models that an admin adds."""

import re
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextInputWidget,
)

from aggregator.catalog.catalog import look_up_price
from aggregator.catalog.provider_kinds import PROVIDER_KINDS, join_litellm_model, read_model_id
from aggregator.domain.messages import LANGUAGES
from aggregator.models import Listing, ProviderAccount
from aggregator.services.provider_accounts import (
    AccountError,
    check_secret,
    clean_base_url,
    is_free_alias,
)

ACCOUNT_ERRORS: dict[str, Promise] = {
    "no_address": _("서버 주소를 적어 주세요. 예: http://127.0.0.1:8000/v1"),
    "bad_address": _(
        "http:// 나 https:// 로 시작하는 주소를 적어 주세요. 비밀번호나 물음표는 넣을 수 없어요."
    ),
    "bad_key": _("키에는 영문, 숫자, 기호만 넣을 수 있어요. 앞뒤가 잘리지 않았는지 확인해 주세요."),
    "same_key": _("지금 쓰는 키와 같아요. 새로 받은 키를 넣어 주세요."),
}
MAX_PRICE = 1_000_000_000
# What the form of a new model begins with.
NEW_MODEL = {"concurrency": 16, "context_window": 8_192, "output_limit": 4_096, "languages": ["ko", "en"]}
PRICES = ("input_price_micros", "output_price_micros")


class ProviderAccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """An account, and its key, which no page shows again."""

    secret = forms.CharField(
        label=_("새 키"),
        max_length=500,
        required=False,
        strip=True,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
        help_text=_("암호화해서 저장해요. 저장한 키는 다시 볼 수 없어요. 이미 키가 있으면 새 키로 바뀌어요."),
    )

    class Meta:
        model = ProviderAccount
        fields = ("name", "kind", "base_url", "is_on")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        help_texts = {
            "name": _("이 화면에서 알아볼 이름이에요. 예: 회사 OpenAI, 사무실 vLLM"),
            "base_url": _(
                "OpenAI 호환 서버라면 꼭 적어 주세요. 다른 제공자는 비워 두면 원래 주소로 호출해요."
            ),
            "is_on": _("끄면 이 제공자의 모델을 쓰지 않아요."),
        }
        for name, text in help_texts.items():
            if name in self.fields:
                self.fields[name].help_text = str(text)

    def clean(self) -> dict[str, Any]:
        """Check the address and the key as the services do."""
        cleaned: dict[str, Any] = super().clean() or {}
        kind = cleaned.get("kind") or self.instance.kind
        if kind and "base_url" in cleaned:
            try:
                cleaned["base_url"] = clean_base_url(kind=kind, base_url=cleaned["base_url"])
            except AccountError as error:
                self.add_error("base_url", str(ACCOUNT_ERRORS[error.code]))
        if cleaned.get("secret"):
            try:
                check_secret(account=self.instance, secret=cleaned["secret"])
            except AccountError as error:
                self.add_error("secret", str(ACCOUNT_ERRORS[error.code]))
        return cleaned


class ListingForm(forms.ModelForm):  # type: ignore[type-arg]
    """A model: of the catalog, whose price and limits are edited, or one that an admin adds."""

    model_id = forms.CharField(
        label=_("모델 ID"),
        max_length=150,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("제공자가 쓰는 이름 그대로 적어요. 예: gpt-6-astra, Qwen/Qwen3-8B"),
    )
    languages = forms.MultipleChoiceField(
        label=_("언어"),
        choices=list(LANGUAGES.items()),
        initial=["ko", "en"],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("이 언어로 쓴 질문을 이 모델에 보내요."),
    )

    class Meta:
        model = Listing
        fields = (
            "account", "slug", "name", "vendor", "is_on", *PRICES, "concurrency", "context_window",
            "output_limit", "languages", "standing", "can_fuse",
        )  # fmt: skip

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.is_custom = self.instance._state.adding or self.instance.is_custom
        for name, field in _describe_fields().items():
            if name in self.fields:
                field.apply_to(self.fields, name)
        if "model_id" in self.fields:
            if self.instance._state.adding:
                for name, value in NEW_MODEL.items():
                    self.initial.setdefault(name, value)
            else:
                self.fields["model_id"].initial = read_model_id(self.instance.litellm_model)
            for name in {"slug", "name", "vendor", *PRICES} & set(self.fields):
                self.fields[name].required = False
        if "account" in self.fields:
            self._limit_accounts()

    def _limit_accounts(self) -> None:
        field = self.fields["account"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 (a field of a foreign key)
        field.required = True
        if not self.is_custom:
            # The catalog's names are those of one kind of provider.
            field.queryset = ProviderAccount.objects.filter(kind=self.instance.provider)

    def clean_slug(self) -> str:
        """Return the alias, made from the model's ID if none was typed."""
        alias: str = self.cleaned_data["slug"] or make_alias(self.cleaned_data.get("model_id", ""))
        if not is_free_alias(alias):
            raise forms.ValidationError(
                _(
                    "영문 소문자와 숫자로 시작하고 . _ - 를 섞은 80자까지의 이름을 적어 주세요. "
                    "다른 모델이 쓰는 이름은 쓸 수 없어요."
                )
            )
        return alias

    def clean(self) -> dict[str, Any]:
        """Look up prices that were left empty, and compare the limits."""
        cleaned: dict[str, Any] = super().clean() or {}
        if "model_id" in self.fields:
            self._fill_prices(cleaned)
        window, limit = cleaned.get("context_window"), cleaned.get("output_limit")
        if window and limit and limit > window:
            self.add_error("output_limit", gettext("컨텍스트 길이보다 길 수 없어요."))
        return cleaned

    def _fill_prices(self, cleaned: dict[str, Any]) -> None:
        account, model_id = cleaned.get("account"), cleaned.get("model_id")
        missing = [name for name in PRICES if name not in self.errors and cleaned.get(name) is None]
        if not missing or not account or not model_id:
            return
        known = look_up_price(join_litellm_model(PROVIDER_KINDS[account.kind], model_id))
        for name, price in zip(PRICES, known or (None, None), strict=True):
            if name in missing and price is not None:
                cleaned[name] = price
            elif name in missing:
                self.add_error(name, gettext("가격표에 없는 모델이에요. 가격을 적어 주세요. 무료면 0이에요."))


def make_alias(model_id: str) -> str:
    """Return an alias that a model's ID suggests."""
    return re.sub(r"[^a-z0-9._-]+", "-", model_id.lower()).strip("-._")[:80]


@dataclass(frozen=True, slots=True)
class _FieldText:
    """The label, the help text and the bounds of a field."""

    label: Promise
    text: Promise
    least: int | None = None
    most: int | None = None

    def apply_to(self, fields: dict[str, forms.Field], name: str) -> None:
        """Give a field the texts, and replace it by one with the bounds."""
        field = fields[name]
        if self.least is not None:
            is_float = isinstance(field, forms.FloatField)
            kind = forms.FloatField if is_float else forms.IntegerField
            field = fields[name] = kind(
                required=field.required,
                initial=field.initial,
                min_value=self.least,
                max_value=self.most,
                widget=UnfoldAdminIntegerFieldWidget(attrs={"step": "any"} if is_float else {}),
            )
        field.label, field.help_text = str(self.label), str(self.text)


def _describe_fields() -> dict[str, _FieldText]:
    price = _("토큰 백만 개에 몇 원인지 적어요. 비워 두면 가격표에서 찾아요.")
    return {
        "account": _FieldText(_("제공자"), _("이 제공자의 키로 호출해요.")),
        "slug": _FieldText(
            _("별칭"),
            _("API에서 model에 적는 이름이에요. 비워 두면 모델 ID로 지어요. 나중에 바꿀 수 없어요."),
        ),
        "name": _FieldText(_("이름"), _("화면에 보이는 이름이에요. 비워 두면 모델 ID를 보여요.")),
        "vendor": _FieldText(_("개발사"), _("모델을 만든 회사예요. 비워 두면 모델 ID로 추측해요.")),
        "input_price_micros": _FieldText(_("입력 가격"), price, 0, MAX_PRICE),
        "output_price_micros": _FieldText(_("출력 가격"), price, 0, MAX_PRICE),
        "concurrency": _FieldText(
            _("동시 호출 수"),
            _("모든 프로세스를 합쳐 한꺼번에 호출하는 최대 횟수예요. 넘으면 사람마다 번갈아 차례를 줘요."),
            1,
            10_000,
        ),
        "context_window": _FieldText(
            _("컨텍스트 길이"), _("질문과 답을 합친 토큰 수예요."), 256, 100_000_000
        ),
        "output_limit": _FieldText(_("답 길이 한도"), _("답 하나가 쓸 수 있는 토큰 수예요."), 16, 1_000_000),
        "standing": _FieldText(
            _("품질"), _("0부터 1까지의 첫 점수예요. 사람들이 추천하면 저절로 맞춰져요."), 0, 1
        ),
        "can_fuse": _FieldText(
            _("합칠 수 있음"), _("여러 답을 하나로 합치는 일을 이 모델에 맡겨도 되면 켜요.")
        ),
    }
