from ads.admin.campaigns import AdGroupAdmin, AdvertiserAdmin, CampaignAdmin
from ads.admin.events import ClickAdmin, ComplaintAdmin, ImpressionAdmin, OfferAdmin, RefusedVisitAdmin
from ads.admin.learning import ClickModelAdmin, LearnedReserveAdmin
from ads.admin.ledger import AccountAdmin, CampaignDayAdmin, TransactionAdmin
from ads.admin.oversight import CreditAdmin, FreezeAdmin, RollupAdmin
from ads.admin.review import CreativeAdmin

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
    "RefusedVisitAdmin",
    "RollupAdmin",
    "TransactionAdmin",
]
