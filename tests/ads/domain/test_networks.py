import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ads.domain.networks import (
    InvalidNetworkError,
    NetworkError,
    NetworkTooWideError,
    PrivateNetworkError,
    is_private_address,
    parse_network,
)
from ads.events.event_requests import is_in_networks


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("211.104.5.20", "211.104.5.20"),
        (" 211.104.5.20/32 ", "211.104.5.20"),
        ("211.104.5.*", "211.104.5.0/24"),
        ("211.104.5.77/24", "211.104.5.0/24"),
        ("211.104.5.16/28", "211.104.5.16/28"),
        ("::ffff:211.104.5.20", "211.104.5.20"),
        ("2001:2D8:5::1", "2001:2d8:5::1"),
        ("2001:2d8:5:1::/48", "2001:2d8:5::/48"),
    ],
)
def test_an_address_is_stored_in_normal_form(typed: str, kept: str) -> None:
    assert parse_network(typed) == kept
    assert parse_network(kept) == kept


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", InvalidNetworkError),
        ("사무실", InvalidNetworkError),
        ("211.104.5", InvalidNetworkError),
        ("211.104.5.256", InvalidNetworkError),
        ("211.104.*.*", InvalidNetworkError),
        ("211.104.5.20 본사", InvalidNetworkError),
        ("224.0.0.5", InvalidNetworkError),
        ("::/48", InvalidNetworkError),
        ("::ffff:211.104.5.0/120", InvalidNetworkError),
        ("0.0.0.0/0", NetworkTooWideError),
        ("211.104.4.0/23", NetworkTooWideError),
        ("2001:2d8::/32", NetworkTooWideError),
        ("::/0", InvalidNetworkError),
        ("192.168.0.10", PrivateNetworkError),
        ("10.1.2.0/24", PrivateNetworkError),
        ("100.64.1.2", PrivateNetworkError),
        ("127.0.0.1", PrivateNetworkError),
        ("fe80::1", PrivateNetworkError),
    ],
)
def test_a_network_wider_than_an_office_or_home_is_refused(typed: str, error: type[NetworkError]) -> None:
    with pytest.raises(error):
        parse_network(typed)


def test_a_site_in_a_private_network_accepts_private_addresses() -> None:
    assert (
        is_private_address("192.168.0.10")
        and is_private_address("127.0.0.1")
        and is_private_address("::ffff:10.0.0.1")
    )
    assert (
        not is_private_address("211.104.5.20")
        and not is_private_address("")
        and not is_private_address("nowhere")
    )
    assert parse_network("192.168.0.10", allows_private=True) == "192.168.0.10"
    with pytest.raises(NetworkTooWideError):
        parse_network("10.0.0.0/8", allows_private=True)


@given(address=st.ip_addresses(), length=st.integers(0, 128), other=st.ip_addresses())
def test_a_stored_network_is_narrow_and_contains_exactly_what_was_typed(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    length: int,
    other: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    try:
        kept = parse_network(f"{address}/{min(length, address.max_prefixlen)}", allows_private=True)
    except NetworkError:
        return
    network = ipaddress.ip_network(kept)
    assert network.prefixlen >= (24 if address.version == 4 else 48)
    assert is_in_networks([kept], str(address))
    assert is_in_networks([kept], str(other)) == (other in network)


def test_an_invalid_network_contains_nothing_and_affects_no_other() -> None:
    assert is_in_networks(["nonsense", "203.0.113.0/24"], "203.0.113.9")
    assert not is_in_networks(["nonsense"], "203.0.113.9")
    assert not is_in_networks(["203.0.113.0/24"], "")
    assert is_in_networks(["203.0.113.0/24"], "::ffff:203.0.113.9")
