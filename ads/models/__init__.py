from ads.models.advertisers import Advertiser, Invitation, Membership
from ads.models.campaigns import AdGroup, Campaign, Category, Keyword, NegativeKeyword
from ads.models.creatives import Approval, Creative
from ads.models.events import Click, Complaint, Credit, Impression, Offer, RejectedEvent, SettledBatch
from ads.models.learning import ClickModel, LearnedReserve, Term, TextVector
from ads.models.ledger import Account, CampaignDay, Entry, Freeze, Transaction
from ads.models.rollups import Rollup, RollupMark
