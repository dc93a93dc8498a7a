"""The words for codes: refusals, topics, answer kinds, reasons without an ad."""

from collections.abc import Mapping

from django.http import HttpRequest
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REFUSALS: dict[str, Promise] = {
    "prompt_empty": _("질문을 적어 주세요."),
    "prompt_too_long": _("질문이 너무 길어요. 나눠서 보내 주세요."),
    "prompt_too_long_for_choice": _(
        "고른 모델이 읽기에는 질문이 길어요. 질문을 줄이거나 다른 모델을 골라 주세요."
    ),
    "prompt_too_slow": _(
        "질문이 길어서 지금은 제때 읽을 수 있는 모델이 없어요. 질문을 줄이거나 더 빠른 모델을 골라 주세요."
    ),
    "quota_reached": _("오늘 쓸 수 있는 횟수를 다 썼어요. 자정이 지나면 다시 쓸 수 있어요."),
    "conversation_not_found": _("이 대화를 찾을 수 없어요. 새 대화를 시작해 주세요."),
    "turn_not_found": _("이 질문을 찾을 수 없어요. 페이지를 새로 고쳐 주세요."),
    "turn_running": _("아직 답하는 중이에요. 끝난 뒤에 다시 시도해 주세요."),
    "candidate_not_found": _("이 답을 찾을 수 없어요. 페이지를 새로 고쳐 주세요."),
    "model_in_panel": _("이 모델은 이미 답했어요."),
    "panel_full": _("이 질문에는 모델을 더 추가할 수 없어요. 새로 질문해 주세요."),
    "too_many_running": _("아직 답하는 중인 질문이 많아요. 하나가 끝나면 보내 주세요."),
    "overloaded": _("지금은 질문이 많이 몰렸어요. 잠시 뒤에 다시 보내 주세요."),
    "candidate_not_failed": _("이 답은 이미 끝났어요."),
    "nothing_to_share": _("아직 공유할 답이 없어요. 답이 나온 뒤에 다시 시도해 주세요."),
    "shares_reached": _("오늘 만들 수 있는 링크를 다 만들었어요. 내일 다시 만들어 주세요."),
    "copies_reached": _("오늘은 공유받은 대화를 더 이어 갈 수 없어요. 내일 다시 시도해 주세요."),
    "keys_reached": _("키가 너무 많아요. 안 쓰는 키를 먼저 삭제해 주세요."),
    "not_signed_in": _("페이지를 새로 고친 뒤 다시 시도해 주세요."),
    "too_many_guests": _(
        "이 네트워크에서 처음 온 사람이 아주 많아요. 로그인하거나 한 시간쯤 뒤에 다시 시도해 주세요."
    ),
    "malformed": _("알아들을 수 없는 요청이에요. 페이지를 새로 고쳐 주세요."),
    "server_failed": _("저희 쪽에 문제가 생겼어요. 잠시 뒤에 다시 시도해 주세요."),
    "no_models": _("지금 답할 수 있는 모델이 없어요. 잠시 뒤에 다시 물어봐 주세요."),
    "model_not_offered": _("고른 모델을 지금 쓸 수 없어요. 다른 모델을 골라 주세요."),
    "model_too_dear": _(
        "오늘은 이 모델의 사용 한도가 다 됐어요. 다른 모델을 고르거나 내일 다시 물어봐 주세요."
    ),
    "busy": _("지금 질문이 많이 몰려서 차례가 오지 않았어요. 잠시 뒤에 다시 물어봐 주세요."),
    "all_failed": _("물어본 모델이 모두 답하지 못했어요. 잠시 뒤에 다시 물어봐 주세요."),
}

TOPICS: dict[str, Promise] = {
    "math": _("수학"),
    "code": _("코딩"),
    "science": _("과학"),
    "facts": _("상식"),
    "reasoning": _("추론"),
    "writing": _("글쓰기"),
    "translation": _("번역"),
    "health": _("건강"),
    "law": _("법률"),
    "money": _("돈과 경제"),
    "work": _("일과 사업"),
    "life": _("생활"),
    "talk": _("대화"),
    "other": _("그 밖의 것"),
}

# Shown in the admin.
LANGUAGES: dict[str, Promise] = {
    "ko": _("한국어"),
    "en": _("영어"),
    "ja": _("일본어"),
    "zh": _("중국어"),
    "other": _("다른 언어"),
}
ANSWER_KINDS: dict[str, Promise] = {
    "fused": _("모아서 새로 쓴 답"),
    "best": _("가장 나은 답"),
    "vote": _("가장 많이 나온 답"),
    "lone": _("하나만 나온 답"),
    "single": _("한 모델만"),
    "help": _("도움받을 곳 안내"),
}
NO_AD_REASONS: dict[str, Promise] = {
    "sensitive": _("민감한 주제"),
    "no_match": _("맞는 광고가 없음"),
    "no_intent": _("무엇을 사거나 고르려는 질문이 아님"),
    "below_threshold": _("맞는 광고가 있었지만 모두 제외됨"),
    "frequency": _("오늘 충분히 봤음"),
    "no_budget": _("예산이 다함"),
    "not_adult": _("미성년일 수 있음"),
    "ad_load": _("조금 전에 광고를 봐서 광고 없음"),
    "frozen": _("장부가 맞지 않아 시장이 멈춤"),
    "timeout": _("시장이 제때 답하지 않음"),
    "error": _("시장에서 오류가 남"),
}


def label_of(words: Mapping[str, Promise], code: str) -> str:
    """Return the label of a code, or the code itself if it has none."""
    return str(words.get(code, code))


def refusal_message(code: str) -> str:
    """Return the sentence for a refusal in the active language."""
    return str(REFUSALS.get(code, REFUSALS["server_failed"]))


def topic_label(topic: str) -> str:
    """Return a topic's label in the active language."""
    return str(TOPICS.get(topic, TOPICS["other"]))


def refusal_message_for_scope(code: str, scope: Mapping[str, object]) -> str:
    """Return the sentence for a refusal in the language of a socket's page."""
    cookies, headers = scope.get("cookies"), scope.get("headers")
    request = HttpRequest()
    request.COOKIES = dict(cookies) if isinstance(cookies, Mapping) else {}
    accepted = dict(headers).get(b"accept-language", b"") if isinstance(headers, list) else b""
    request.META["HTTP_ACCEPT_LANGUAGE"] = accepted.decode("latin-1")
    with translation.override(translation.get_language_from_request(request)):
        return refusal_message(code)
