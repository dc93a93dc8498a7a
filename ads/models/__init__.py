from ads.models.campaigns import AdGroup, Campaign, Category, Creative, Keyword, NegativeKeyword
from ads.models.delivery import Click, Complaint, Impression, Offer
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
    "Term",
    "TextVector",
    "Transaction",
]
