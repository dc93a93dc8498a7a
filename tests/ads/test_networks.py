import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ads.networks import (
    InnerNetworkError,
    NetworkError,
    NotANetworkError,
    TooWideError,
    is_inner,
    read_network,
)
from ads.visits import is_inside


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
def test_an_address_is_kept_in_its_plain_form(typed: str, kept: str) -> None:
    assert read_network(typed) == kept
    assert read_network(kept) == kept


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", NotANetworkError),
        ("사무실", NotANetworkError),
        ("211.104.5", NotANetworkError),
        ("211.104.5.256", NotANetworkError),
        ("211.104.*.*", NotANetworkError),
        ("211.104.5.20 본사", NotANetworkError),
        ("224.0.0.5", NotANetworkError),
        ("::/48", NotANetworkError),
        ("::ffff:211.104.5.0/120", NotANetworkError),
        ("0.0.0.0/0", TooWideError),
        ("211.104.4.0/23", TooWideError),
        ("2001:2d8::/32", TooWideError),
        ("::/0", NotANetworkError),
        ("192.168.0.10", InnerNetworkError),
        ("10.1.2.0/24", InnerNetworkError),
        ("100.64.1.2", InnerNetworkError),
        ("127.0.0.1", InnerNetworkError),
        ("fe80::1", InnerNetworkError),
    ],
)
def test_what_is_no_office_s_or_home_s_address_is_refused(typed: str, error: type[NetworkError]) -> None:
    with pytest.raises(error):
        read_network(typed)


def test_a_site_inside_a_network_takes_addresses_of_the_inside() -> None:
    assert is_inner("192.168.0.10") and is_inner("127.0.0.1") and is_inner("::ffff:10.0.0.1")
    assert not is_inner("211.104.5.20") and not is_inner("") and not is_inner("nowhere")
    assert read_network("192.168.0.10", takes_inner=True) == "192.168.0.10"
    with pytest.raises(TooWideError):
        read_network("10.0.0.0/8", takes_inner=True)


@given(address=st.ip_addresses(), length=st.integers(0, 128), other=st.ip_addresses())
def test_a_network_that_is_kept_is_narrow_and_holds_what_was_typed_and_nothing_else(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    length: int,
    other: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    try:
        kept = read_network(f"{address}/{min(length, address.max_prefixlen)}", takes_inner=True)
    except NetworkError:
        return
    network = ipaddress.ip_network(kept)
    assert network.prefixlen >= (24 if address.version == 4 else 48)
    assert is_inside([kept], str(address))
    assert is_inside([kept], str(other)) == (other in network)


def test_a_network_that_is_none_contains_nothing_and_spoils_no_other() -> None:
    assert is_inside(["nonsense", "203.0.113.0/24"], "203.0.113.9")
    assert not is_inside(["nonsense"], "203.0.113.9")
    assert not is_inside(["203.0.113.0/24"], "")
    assert is_inside(["203.0.113.0/24"], "::ffff:203.0.113.9")
