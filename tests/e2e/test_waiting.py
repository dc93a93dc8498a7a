"""Whoever waits for a busy model sees how many questions are ahead, until the answer begins."""

import secrets

import pytest
from playwright.sync_api import expect

from aggregator.catalog.catalog import LanguageModel
from aggregator.resilience.permits import Person
from aggregator.resilience.permits.permits import PermitAllocator, PermitCall
from aggregator.services.listings import list_offered_models
from testing.provider.server import ProviderServer, say
from testing.site.live_site import LiveSite
from tests.e2e.conftest import WIDE, MakeModel, OpenPage, Size, ask, take_picture


class OtherPeople:
    """Two other people at a model: one is answered and one waits, in a process of their own."""

    def __init__(self, model: LanguageModel) -> None:
        self._allocator = PermitAllocator()
        queue = self._allocator.find_queue(model)
        self._calls = [PermitCall(queue, Person(secrets.token_hex(4)), 10) for _ in range(2)]

    async def come(self) -> None:
        """Take the only permit, and wait for the next one."""
        answered, waiting = self._calls
        await self._allocator.enter(answered, 30, None)
        await waiting.queue.enter(waiting.name, waiting.person, 10, "permits:wake:nobody", 10)
        # Renewed as if this process waited for it.
        self._allocator._calls[waiting.name] = waiting

    async def leave_one(self) -> None:
        """End the wait of the second person, then the answer of the first one."""
        self._allocator.leave(self._calls.pop())

    async def close(self) -> None:
        """Disconnect."""
        await self._allocator.close()


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_the_place_in_the_queue_is_shown_until_the_answer_begins(
    provider: ProviderServer, offer_model: MakeModel, open_page: OpenPage, live_site: LiveSite, locale: str
) -> None:
    provider.add("wise", say("6이에요."))
    offer_model("wise", name="슬기", concurrency=1)
    is_korean = locale == "ko-KR"
    ahead, following = (
        ("앞에 질문 1개가 기다리고 있어요", "다음 차례예요")
        if is_korean
        else ("Questions ahead of yours: 1", "You are next")
    )

    async def invite() -> OtherPeople:
        others = OtherPeople(models[0])
        await others.come()
        return others

    models = list_offered_models()
    others = live_site.call(invite())
    size: Size = WIDE if is_korean else {"viewport": {"width": 390, "height": 844}}
    page = open_page(locale=locale, **size)
    ask(page, "3+3은?" if is_korean else "What is 3+3?")
    note = page.locator(".turn .answer-note").first
    expect(note).to_contain_text(ahead)
    expect(page.locator("#announcer")).to_contain_text(ahead)
    take_picture(page, f"waiting-{locale}")
    # What is shown comes from the turn's log.
    page.reload()
    expect(note).to_contain_text(ahead)
    live_site.call(others.leave_one())
    expect(note).to_contain_text(following)
    live_site.call(others.leave_one())
    expect(page.locator(".turn .answer-text").first).to_contain_text("6이에요")
    expect(note).not_to_contain_text(following)
    live_site.call(others.close())
