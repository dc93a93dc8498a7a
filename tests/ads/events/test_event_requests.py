import ipaddress
import os
from pathlib import Path

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from ads.events import event_requests
from ads.events.event_requests import (
    IpRanges,
    IpRangesError,
    datacenter_ranges,
    detect_bot,
    network_of,
    read_event_request,
    read_ip_ranges,
)
from ads.events.link_tokens import LinkPurpose, sign_token
from ads.models import Click, RejectedEvent
from testing.ads.event_requests import click_on, make_event_request
from testing.ads.inventory import CHROME, make_ad, make_offer

PEOPLE = [
    CHROME,
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1"
    " Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; SM-S928N) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0"
    " Chrome/122.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14; SM-S928N; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0"
    " Chrome/130.0 Mobile Safari/537.36 KAKAOTALK/25.9.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Mobile/15E148 NAVER(inapp; search; 1520; 12.8.4)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0"
    " Whale/4.29.282.14 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0"
    " Safari/537.36 Edg/131.0.0.0",
    "Mozilla/5.0 (Linux; Android 11; CUBOT P50) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0"
    " Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 7.0; CUBOT_NOTE_S Build/NRD90M) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/119.0.0.0 Mobile Safari/537.36",
]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def make_network(pair: tuple[int, int]) -> Network:
    return ipaddress.ip_network(pair, strict=False)


networks = st.one_of(
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)).map(make_network),
    st.tuples(st.integers(2**64, 2**128 - 1), st.integers(0, 128)).map(make_network),
)


@pytest.mark.parametrize("agent", PEOPLE)
def test_a_browser_is_not_a_bot(agent: str) -> None:
    assert detect_bot(make_event_request(agent=agent)) == ""


@pytest.mark.parametrize("agent", ["ShopBot", "shopbot/1.0", "my_bot_2 (+https://bot.example)", "a-robot; x"])
def test_an_unlisted_bot_is_detected_by_its_name(agent: str) -> None:
    assert detect_bot(make_event_request(agent=f"Mozilla/5.0 (compatible; {agent})")) == "robot"


def test_every_listed_crawler_is_a_bot(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://jjamppong.example"
    agents = [agent for robot in CRAWLER_USER_AGENTS_DATA for agent in robot.get("instances", ())]
    missed = [agent for agent in agents if detect_bot(make_event_request(agent=agent)) == ""]
    assert len(agents) > 1_500
    assert missed == []


@given(st.lists(networks, max_size=12), st.integers(0, 2**32 - 1))
def test_an_address_is_in_the_tree_exactly_when_it_is_in_one_of_the_networks(
    chosen: list[Network], number: int
) -> None:
    tree = IpRanges(map(str, chosen))
    probes = [ipaddress.IPv4Address(number)]
    hosts = [*probes, *(network.network_address for network in chosen), *(each[-1] for each in chosen)]
    for host in hosts:
        if isinstance(host, ipaddress.IPv6Address) and host.ipv4_mapped:
            continue
        assert (str(host) in tree) == any(host in network for network in chosen)


def test_an_ipv4_address_written_as_ipv6_is_the_same_address() -> None:
    assert "::ffff:192.0.2.7" in IpRanges(["192.0.2.0/24"])
    assert "nonsense" not in IpRanges(["0.0.0.0/0"])


def test_a_file_of_ranges_may_have_comments_and_names_its_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "ranges.txt"
    path.write_text("# clouds\n192.0.2.0/24\n\n2001:db8:5::/48  # one more\n", encoding="utf-8")
    assert read_ip_ranges(path).count == 2
    path.write_text("192.0.2.0/24\n192.0.2.0/240\n", encoding="utf-8")
    with pytest.raises(IpRangesError, match="line 2"):
        read_ip_ranges(path)


def test_a_changed_file_is_reloaded_and_a_broken_one_is_ignored(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "ranges.txt"
    path.write_text("192.0.2.0/24\n", encoding="utf-8")
    settings.ADS_DATACENTER_RANGES = str(path)
    assert "192.0.2.1" in datacenter_ranges()
    path.write_text("198.51.100.0/24\n", encoding="utf-8")
    os.utime(path, (1, 1))
    event_requests._check_ranges.cache_clear()
    assert "192.0.2.1" not in datacenter_ranges() and "198.51.100.1" in datacenter_ranges()
    path.write_text("half a li", encoding="utf-8")
    os.utime(path, (2, 2))
    event_requests._check_ranges.cache_clear()
    assert "198.51.100.1" in datacenter_ranges()


@pytest.mark.parametrize("name", ["Sec-Purpose", "Purpose", "X-Moz", "X-Purpose"])
def test_a_prefetch_is_known_by_each_of_its_headers(name: str) -> None:
    request = RequestFactory().get("/", headers={name: "prefetch", "User-Agent": PEOPLE[0]})
    assert detect_bot(read_event_request(request)) == "prefetch"


def test_a_network_names_no_person() -> None:
    assert network_of("203.0.113.77") == "203.0.113.0/24"
    assert network_of("2001:db8:1:2:3::4") == "2001:db8:1::/48"
    assert network_of("") == ""


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey")
class TestClicks:
    def test_a_click_from_a_datacenter_costs_nothing(self, tmp_path: Path, settings: Settings) -> None:
        path = tmp_path / "ranges.txt"
        path.write_text("203.0.113.0/24\n", encoding="utf-8")
        settings.ADS_DATACENTER_RANGES = str(path)
        offer = make_offer()
        assert click_on(sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at)).reason == "datacenter"
        assert Click.objects.get().price_micros == 0

    def test_a_click_from_the_platform_s_networks_costs_nothing(self, settings: Settings) -> None:
        settings.ADS_OWN_NETWORKS = ["203.0.113.0/28"]
        offer = make_offer()
        assert click_on(sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at)).reason == "house"

    def test_one_person_cannot_make_many_clicks_in_a_minute(self) -> None:
        reasons = []
        for _ in range(10):
            offer = make_offer(make_ad(daily_won=500_000))
            offer.frequency_key = "ada-today"
            offer.save()
            reasons.append(click_on(sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at)).reason)
        assert reasons[:6] == [""] * 6
        assert "busy_person" in reasons[6:]

    def test_every_rejected_event_is_counted_with_its_reason(self) -> None:
        offer = make_offer()
        link = sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at)
        for _ in range(3):
            click_on(link, agent="Googlebot/2.1")
        click_on(link, method="HEAD")
        click_on(link)
        click_on(link)
        kept = RejectedEvent.objects.values_list("kind", "reason", "visits")
        assert set(kept) == {("click", "robot", 3), ("click", "head", 1), ("click", "again", 1)}
        assert Click.objects.get().verdict == "billed"
