from ads.models.advertisers import Advertiser, Invitation, Membership, Term, TextVector
from ads.models.campaigns import AdGroup, Campaign, Category, Creative, Keyword, NegativeKeyword
from ads.models.events import Click, Complaint, CountedTellings, Impression, Offer, RefusedVisit
from ads.models.learning import ClickModel, LearnedReserve
from ads.models.ledger import Account, CampaignDay, Entry, Transaction
from ads.models.oversight import Approval, Credit, Freeze, Rollup, RollupMark

__all__ = [
    "Account",
    "AdGroup",
    "Advertiser",
    "Approval",
    "Campaign",
    "CampaignDay",
    "Category",
    "Click",
    "ClickModel",
    "Complaint",
    "CountedTellings",
    "Creative",
    "Credit",
    "Entry",
    "Freeze",
    "Impression",
    "Invitation",
    "Keyword",
    "LearnedReserve",
    "Membership",
    "NegativeKeyword",
    "Offer",
    "RefusedVisit",
    "Rollup",
    "RollupMark",
    "Term",
    "TextVector",
    "Transaction",
]
