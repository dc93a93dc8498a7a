"""The forms of the portal."""

import datetime
import uuid

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from ads.domain.accounting_day import KOREA, day_start
from ads.domain.money import BID_STEP, MIN_BID, WON
from ads.forms import IdempotentForm, WonField
from ads.models import AdGroup, Campaign, Category, Creative, Keyword
from ads.portal.fields import KeywordsField, LandingUrlField, VisibleField, domain_of

MIN_BUDGET_WON = 1_000
MIN_TOP_UP_WON = 1_000
DATE_INPUT = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
# Dates at the ends of the calendar cannot be converted between time zones.
DATE_VALIDATORS = (
    MinValueValidator(datetime.date(2000, 1, 1), _("2000년부터 적을 수 있어요.")),
    MaxValueValidator(datetime.date(2099, 12, 31), _("2099년까지 적을 수 있어요.")),
)


class SubmitOnceForm(forms.Form):
    """A form that creates one object: its key is the public id, and sending it again updates the object."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)


class AdvertiserForm(SubmitOnceForm):
    """The name of a new advertiser."""

    name = VisibleField(
        label=_("사업자 이름"),
        max_length=60,
        help_text=_("광고에 그대로 보여요. 누구의 광고인지 사람들이 알 수 있어야 해요."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


class CampaignForm(SubmitOnceForm):
    """A campaign's budget, schedule and negative keywords."""

    name = VisibleField(label=_("캠페인 이름"), max_length=80, help_text=_("나만 보는 이름이에요."))
    category = forms.ChoiceField(label=_("분야"), choices=Category.choices)
    landing_url = LandingUrlField(
        label=_("광고를 누르면 열릴 주소"),
        required=False,
        help_text=_("적어 두면 키워드와 문구를 추천하는 데 써요. 나중에 적어도 돼요."),
    )
    daily_budget = WonField(
        label=_("하루 예산 (원)"),
        min_won=MIN_BUDGET_WON,
        help_text=_("하루에 이 금액을 넘지 않아요. 1원도 더 쓰지 않아요."),
    )
    total_budget = WonField(
        label=_("전체 예산 (원)"),
        min_won=MIN_BUDGET_WON,
        required=False,
        help_text=_("비워 두면 하루 예산만 지켜요."),
    )
    starts_on = forms.DateField(
        label=_("시작일"), required=False, widget=DATE_INPUT, validators=DATE_VALIDATORS
    )
    ends_on = forms.DateField(
        label=_("종료일"),
        required=False,
        widget=DATE_INPUT,
        validators=DATE_VALIDATORS,
        help_text=_("이날까지 보여요. 비워 두면 계속해요."),
    )
    daily_views_a_person = forms.IntegerField(
        label=_("한 사람에게 하루에 보이는 횟수"), min_value=1, max_value=100, initial=3
    )
    negatives = KeywordsField(
        label=_("제외 키워드"),
        allows_bids=False,
        help_text=_("한 줄에 하나. 이 말이 든 질문에는 이 캠페인의 광고가 나가지 않아요."),
    )

    def clean(self) -> dict[str, object]:
        """Check the dates and the budgets against each other."""
        cleaned: dict[str, object] = super().clean() or self.cleaned_data
        starts_on, ends_on = self.cleaned_data.get("starts_on"), self.cleaned_data.get("ends_on")
        if starts_on and ends_on and ends_on < starts_on:
            self.add_error("ends_on", _("시작일보다 빨라요."))
        daily, total = self.cleaned_data.get("daily_budget"), self.cleaned_data.get("total_budget")
        if daily and total and total < daily:
            self.add_error("total_budget", _("하루 예산보다 작아요."))
        return cleaned

    @property
    def starts_at(self) -> datetime.datetime | None:
        """The start of the first day in Korean time."""
        return _midnight(self.cleaned_data["starts_on"])

    @property
    def ends_at(self) -> datetime.datetime | None:
        """The end of the last day in Korean time."""
        last = self.cleaned_data["ends_on"]
        return _midnight(last + datetime.timedelta(days=1)) if last else None


class AdGroupForm(SubmitOnceForm):
    """An ad group's bid, targeting and keywords."""

    name = VisibleField(label=_("광고 그룹 이름"), max_length=80)
    default_bid = WonField(
        label=_("기본 입찰가 (원)"),
        min_won=MIN_BID // WON,
        step_won=BID_STEP // WON,
        help_text=_(
            "클릭 한 번에 낼 수 있는 최대 금액이에요. 실제로는 경매에서 이기는 데 필요한 만큼만 내요."
        ),
    )
    language = forms.ChoiceField(label=_("질문의 언어"), choices=AdGroup.Language.choices)
    device = forms.ChoiceField(label=_("기기"), choices=AdGroup.Device.choices)
    exact = KeywordsField(
        label=_("일치 키워드"),
        help_text=_("질문의 주제가 이 말과 같을 때 보여요. 쉼표 뒤에 입찰가를 따로 적을 수 있어요."),
    )
    phrase = KeywordsField(label=_("구문 키워드"), help_text=_("질문에 이 말이 그대로 들어 있을 때 보여요."))
    broad = KeywordsField(label=_("확장 키워드"), help_text=_("뜻이 가까운 질문에도 보여요."))
    negatives = KeywordsField(
        label=_("제외 키워드"),
        allows_bids=False,
        help_text=_("한 줄에 하나. 이 말이 든 질문에는 이 그룹의 광고가 나가지 않아요."),
    )

    def clean(self) -> dict[str, object]:
        """Require at least one keyword, without which the group never matches."""
        cleaned: dict[str, object] = super().clean() or self.cleaned_data
        matches = [match.value for match in Keyword.Match]
        if not any(self.has_error(match) or cleaned.get(match) for match in matches):
            self.add_error("phrase", _("키워드를 하나는 적어 주세요."))
        return cleaned


class CreativeForm(SubmitOnceForm):
    """A creative's text and landing page."""

    # The page comes first: it suggests the text.
    field_order = ("key", "landing_url", "title", "body", "is_ai_generated")
    title = VisibleField(
        label=_("제목"), max_length=Creative._meta.get_field("title").max_length, help_text=_("50자까지")
    )
    # One line, because the card shows no line breaks.
    body = VisibleField(
        label=_("본문"),
        max_length=Creative._meta.get_field("body").max_length,
        help_text=_("100자까지"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    landing_url = LandingUrlField(label=_("연결 주소"), help_text=_("https로 시작하는 주소만 돼요."))
    is_ai_generated = forms.BooleanField(
        label=_("AI로 만든 문구예요"),
        required=False,
        help_text=_("AI로 만든 문구라면 꼭 알려 주세요. 검토할 때 함께 봐요."),
    )

    @property
    def display_domain(self) -> str:
        """The host of the landing page, as the card shows it."""
        return domain_of(str(self.cleaned_data["landing_url"]))


class TopUpForm(IdempotentForm):
    """The amount of test credit to add to the wallet."""

    amount = WonField(label=_("충전할 금액 (원)"), min_won=MIN_TOP_UP_WON)


def campaign_initial(campaign: Campaign) -> dict[str, object]:
    """Return the initial values of the form of an existing campaign."""
    last = campaign.ends_at and (campaign.ends_at - datetime.timedelta(seconds=1)).astimezone(KOREA).date()
    return {
        "name": campaign.name,
        "category": campaign.category,
        "landing_url": campaign.landing_url,
        "daily_budget": campaign.daily_budget_micros,
        "total_budget": campaign.total_budget_micros,
        "starts_on": campaign.starts_at.astimezone(KOREA).date(),
        "ends_on": last,
        "daily_views_a_person": campaign.daily_views_a_person,
    }


def _midnight(day: datetime.date | None) -> datetime.datetime | None:
    return day_start(day) if day else None
