from aggregator.models.api_keys import ApiKey
from aggregator.models.calibration import CalibrationAnswer, CalibrationQuestion, CalibrationRun
from aggregator.models.candidates import Ballot, Candidate, Vote
from aggregator.models.conversations import Conversation, Turn
from aggregator.models.day_counts import DayCount
from aggregator.models.day_points import DayPoint
from aggregator.models.listings import Listing
from aggregator.models.provider_accounts import ProviderAccount, ProviderKey, ProviderTest
from aggregator.models.shares import Share
from aggregator.models.signals import AnswerRating, Signal
from aggregator.models.skill_records import SkillRecord
from aggregator.models.usage import Usage
from aggregator.models.weights_versions import WeightsVersion
