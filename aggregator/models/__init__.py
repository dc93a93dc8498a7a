from aggregator.models.api_keys import ApiKey
from aggregator.models.candidates import Ballot, Candidate, Vote
from aggregator.models.conversations import Conversation, Turn
from aggregator.models.day_counts import DayCount
from aggregator.models.heads import KitchenFit
from aggregator.models.listings import Listing
from aggregator.models.purse import DayPoint
from aggregator.models.shares import Share
from aggregator.models.signals import Signal
from aggregator.models.skills import SkillRecord
from aggregator.models.usage import Usage

__all__ = [
    "ApiKey", "Ballot", "Candidate", "Conversation", "DayCount", "DayPoint", "KitchenFit", "Listing", "Share",
    "Signal", "SkillRecord", "Turn", "Usage", "Vote",
]  # fmt: skip
