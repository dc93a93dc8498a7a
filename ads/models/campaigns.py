import uuid

from django.db import models
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ads.domain.money import BID_STEP, MIN_BID, WON
from ads.models.advertisers import Advertiser


class Category(models.TextChoices):
    """The categories that may be advertised; regulated goods and services are left out on purpose."""

    TRAVEL = "travel", _("여행")
    FOOD = "food", _("음식")
    ELECTRONICS = "electronics", _("전자제품")
    EDUCATION = "education", _("교육")
    CARS = "cars", _("자동차")
    HOME = "home", _("집과 이사")
    FITNESS = "fitness", _("운동")
    FASHION = "fashion", _("패션")
    LEISURE = "leisure", _("여가")
    SOFTWARE = "software", _("소프트웨어")
    BUSINESS = "business", _("사업")
    SHOPPING = "shopping", _("쇼핑")


class Campaign(models.Model):
    """A budget and a schedule for a set of ad groups."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("작성 중")
        ACTIVE = "active", _("진행 중")
        PAUSED = "paused", pgettext_lazy("campaign", "멈춤")
        ENDED = "ended", _("끝남")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, verbose_name=_("공개 번호"))
    advertiser = models.ForeignKey(
        Advertiser, on_delete=models.PROTECT, related_name="campaigns", verbose_name=_("광고주")
    )
    name = models.CharField(_("이름"), max_length=80)
    category = models.CharField(_("분야"), max_length=16, choices=Category.choices)
    status = models.CharField(_("상태"), max_length=12, choices=Status.choices, default=Status.DRAFT)
    starts_at = models.DateTimeField(_("시작"), default=timezone.now)
    ends_at = models.DateTimeField(_("끝"), null=True, blank=True)
    daily_budget_micros = models.BigIntegerField(_("하루 예산"))
    total_budget_micros = models.BigIntegerField(_("전체 예산"), null=True, blank=True)
    # Money leased on all days so far; the check below makes the total budget a hard limit.
    leased_micros = models.BigIntegerField(
        default=0, editable=False, verbose_name=_("예약 금액(백만분의 1원)")
    )
    daily_views_a_person = models.PositiveSmallIntegerField(_("1인당 하루 노출 횟수"), default=3)
    # Suggested for the ads of this campaign; each creative has its own address.
    landing_url = models.CharField(_("연결 주소"), max_length=500, blank=True, default="", db_default="")
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))
    updated_at = models.DateTimeField(auto_now=True, verbose_name=_("수정 일시"))

    class Meta:
        verbose_name = _("캠페인")
        verbose_name_plural = pgettext_lazy("plural", "캠페인")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")),
                name="campaign_ends_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(daily_budget_micros__gte=MIN_BID),
                name="campaign_daily_budget_pays_a_click",
            ),
            models.CheckConstraint(
                condition=models.Q(total_budget_micros=None) | models.Q(total_budget_micros__gte=MIN_BID),
                name="campaign_total_budget_pays_a_click",
            ),
            models.CheckConstraint(
                condition=models.Q(leased_micros__gte=0)
                & (
                    models.Q(total_budget_micros=None)
                    | models.Q(leased_micros__lte=models.F("total_budget_micros"))
                ),
                name="campaign_leased_within_total",
            ),
            models.CheckConstraint(
                condition=models.Q(daily_views_a_person__gte=1), name="campaign_is_seen_at_least_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AdGroup(models.Model):
    """Keywords and creatives that share a bid and an audience."""

    class Device(models.TextChoices):
        ANY = "any", _("모든 기기")
        DESKTOP = "desktop", _("컴퓨터")
        MOBILE = "mobile", _("휴대전화")

    class Language(models.TextChoices):
        ANY = "any", _("모든 언어")
        KOREAN = "ko", _("한국어")
        ENGLISH = "en", _("영어")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, verbose_name=_("공개 번호"))
    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="ad_groups", verbose_name=_("캠페인")
    )
    name = models.CharField(_("이름"), max_length=80)
    default_bid_micros = models.BigIntegerField(_("기본 입찰가"), default=100 * WON)
    device = models.CharField(_("기기"), max_length=8, choices=Device.choices, default=Device.ANY)
    language = models.CharField(_("언어"), max_length=8, choices=Language.choices, default=Language.ANY)
    topics = models.JSONField(_("주제"), default=list, blank=True)
    hints = models.JSONField(_("맥락 힌트"), default=list, blank=True)
    is_on = models.BooleanField(_("켜짐"), default=True)
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))
    updated_at = models.DateTimeField(auto_now=True, verbose_name=_("수정 일시"))

    class Meta:
        verbose_name = _("광고 그룹")
        verbose_name_plural = pgettext_lazy("plural", "광고 그룹")
        ordering = ["campaign", "id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "name"], name="ad_group_name_once"),
            models.CheckConstraint(
                condition=models.Q(default_bid_micros__gte=MIN_BID)
                & models.Q(Exact(models.F("default_bid_micros") % BID_STEP, 0)),
                name="ad_group_bid_in_ticks",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Keyword(models.Model):
    """A phrase to match, with a match type and an optional bid."""

    class Match(models.TextChoices):
        EXACT = "exact", _("일치")
        PHRASE = "phrase", _("구문")
        BROAD = "broad", _("확장")

    ad_group = models.ForeignKey(
        AdGroup, on_delete=models.CASCADE, related_name="keywords", verbose_name=_("광고 그룹")
    )
    text = models.CharField(_("키워드"), max_length=80)
    norm = models.CharField(max_length=120, editable=False, verbose_name=_("정규화한 형태"))
    match = models.CharField(_("일치 방식"), max_length=8, choices=Match.choices, default=Match.PHRASE)
    bid_micros = models.BigIntegerField(_("입찰가"), null=True, blank=True)
    is_on = models.BooleanField(_("켜짐"), default=True, db_default=True)
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))
    updated_at = models.DateTimeField(auto_now=True, verbose_name=_("수정 일시"))

    class Meta:
        verbose_name = _("키워드")
        verbose_name_plural = pgettext_lazy("plural", "키워드")
        ordering = ["ad_group", "text", "match"]
        constraints = [
            models.UniqueConstraint(fields=["ad_group", "norm", "match"], name="keyword_once"),
            models.CheckConstraint(condition=~models.Q(norm=""), name="keyword_has_a_norm"),
            models.CheckConstraint(
                condition=models.Q(bid_micros=None)
                | (models.Q(bid_micros__gte=MIN_BID) & models.Q(Exact(models.F("bid_micros") % BID_STEP, 0))),
                name="keyword_bid_in_ticks",
            ),
        ]
        # Live overrides query recently disabled keywords and bids above the remaining budget every few
        # seconds.
        indexes = [
            models.Index(fields=["updated_at"], name="keyword_off", condition=models.Q(is_on=False)),
            models.Index(
                fields=["ad_group", "bid_micros"],
                name="keyword_bid_of_group",
                condition=models.Q(bid_micros__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.text


class NegativeKeyword(models.Model):
    """A phrase that excludes a whole campaign, or one ad group, from a request."""

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="negative_keywords", verbose_name=_("캠페인")
    )
    ad_group = models.ForeignKey(
        AdGroup,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="negative_keywords",
        verbose_name=_("광고 그룹"),
    )
    text = models.CharField(_("제외 키워드"), max_length=80)
    norm = models.CharField(max_length=120, editable=False, verbose_name=_("정규화한 형태"))
    created_at = models.DateTimeField(auto_now_add=True, verbose_name=_("생성 일시"))
    updated_at = models.DateTimeField(auto_now=True, verbose_name=_("수정 일시"))

    class Meta:
        verbose_name = _("제외 키워드")
        verbose_name_plural = pgettext_lazy("plural", "제외 키워드")
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "ad_group", "norm"], name="negative_keyword_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=~models.Q(norm=""), name="negative_keyword_has_a_norm"),
        ]

    def __str__(self) -> str:
        return self.text
