from ads.admin.campaigns import AdGroupAdmin, AdvertiserAdmin, CampaignAdmin
from ads.admin.events import ClickAdmin, ComplaintAdmin, ImpressionAdmin, OfferAdmin, RejectedEventAdmin
from ads.admin.learning import ClickModelAdmin, LearnedReserveAdmin
from ads.admin.ledger import AccountAdmin, CampaignDayAdmin, CreditAdmin, FreezeAdmin, TransactionAdmin
from ads.admin.review import CreativeAdmin
from ads.admin.rollups import RollupAdmin

__all__ = [
    "AccountAdmin",
    "AdGroupAdmin",
    "AdvertiserAdmin",
    "CampaignAdmin",
    "CampaignDayAdmin",
    "ClickAdmin",
    "ClickModelAdmin",
    "ComplaintAdmin",
    "CreativeAdmin",
    "CreditAdmin",
    "FreezeAdmin",
    "ImpressionAdmin",
    "LearnedReserveAdmin",
    "OfferAdmin",
    "RejectedEventAdmin",
    "RollupAdmin",
    "TransactionAdmin",
]
