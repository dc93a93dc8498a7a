from ads.models.campaigns import AdGroup, Campaign, Category, Creative, Keyword, NegativeKeyword
from ads.models.delivery import Click, Complaint, Impression, Offer, RefusedVisit
from ads.models.inventory import Advertiser, Membership, Term, TextVector
from ads.models.learning import ClickModel, LearnedReserve
from ads.models.ledger import Account, CampaignDay, Entry, Transaction

__all__ = [
    "Account",
    "AdGroup",
    "Advertiser",
    "Campaign",
    "CampaignDay",
    "Category",
    "Click",
    "ClickModel",
    "Complaint",
    "Creative",
    "Entry",
    "Impression",
    "Keyword",
    "LearnedReserve",
    "Membership",
    "NegativeKeyword",
    "Offer",
    "RefusedVisit",
    "Term",
    "TextVector",
    "Transaction",
]
