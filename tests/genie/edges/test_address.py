"""Which addresses and hosts may be called."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.edges.http.ssrf import METADATA, HostRule, refusal

EVERYTHING = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("127.0.0.1", "loopback"), ("127.255.255.254", "loopback"), ("::1", "loopback"),
        ("10.0.0.1", "private"), ("172.16.0.1", "private"), ("172.31.255.255", "private"), ("192.168.0.1", "private"),
        ("fc00::1", "private"), ("fdff::1", "private"), ("fec0::1", "private"), ("0.1.2.3", "private"),
        ("169.254.1.1", "link-local"), ("fe80::1", "link-local"), ("fe80::1%eth0", "link-local"),
        ("169.254.169.254", "metadata"), ("168.63.129.16", "metadata"), ("100.100.100.200", "metadata"),
        ("fd00:ec2::254", "metadata"), ("192.0.0.192", "metadata"),
        ("100.64.0.1", "shared"), ("100.127.255.255", "shared"),
        ("0.0.0.0", "unspecified"), ("::", "unspecified"),  # noqa: S104 - nothing is bound to it
        ("224.0.0.1", "multicast"), ("239.255.255.255", "multicast"), ("ff02::1", "multicast"),
        ("255.255.255.255", "private"), ("240.0.0.1", "private"), ("198.18.0.1", "private"), ("192.0.2.1", "private"),
        ("2001:db8::1", "private"), ("3fff::1", "reserved"), ("64:ff9b:1::1", "reserved"), ("192.88.99.1", "reserved"),
        # an IPv4 address in the clothes of an IPv6 one
        ("::ffff:127.0.0.1", "loopback"), ("::ffff:10.0.0.1", "private"), ("::ffff:169.254.169.254", "metadata"),
        ("::127.0.0.1", "loopback"), ("64:ff9b::7f00:1", "loopback"), ("64:ff9b::a9fe:a9fe", "metadata"),
        ("2002:7f00:1::", "loopback"), ("2002:a00:1::1", "private"),
    ],
)  # fmt: skip
def test_what_is_not_of_the_public_internet_is_refused(address: str, rule: str) -> None:
    assert refusal(ipaddress.ip_address(address)) == rule


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "172.32.0.1", "100.128.0.1", "169.253.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_what_is_of_the_public_internet_may_be_called(address: str) -> None:
    assert refusal(ipaddress.ip_address(address)) is None


@given(st.ip_addresses(v=4))
def test_no_clothes_make_an_ipv4_address_more_than_it_is(address: ipaddress.IPv4Address) -> None:
    rule = refusal(address)
    number = int(address)
    for text in (f"::ffff:{address}", f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}"):
        assert refusal(ipaddress.ip_address(text)) == rule
    assert refusal(ipaddress.ip_address((0x2002 << 112) | (number << 80))) == rule


@given(st.ip_addresses(v=4))
def test_what_is_not_global_is_never_let_through(address: ipaddress.IPv4Address) -> None:
    if not address.is_global or address.is_multicast:
        assert refusal(address) is not None


def test_a_listed_network_lifts_private_and_loopback_only() -> None:
    for lifted in ("127.0.0.1", "10.0.0.1", "100.64.0.1", "fc00::1", "::ffff:10.0.0.1"):
        assert refusal(ipaddress.ip_address(lifted), EVERYTHING) is None
    for kept in ("169.254.1.1", "fe80::1", "224.0.0.1", "::", "::ffff:169.254.169.254", *map(str, METADATA)):
        assert refusal(ipaddress.ip_address(kept), EVERYTHING) is not None
    assert refusal(ipaddress.ip_address("10.2.0.1"), (ipaddress.ip_network("10.1.0.0/16"),)) == "private"


@pytest.mark.parametrize(
    ("rule", "host", "port", "covered"),
    [
        ("api.example.org", "api.example.org", 443, True),
        ("API.Example.org.", "api.example.org", 443, True),
        ("api.example.org", "api.example.org", 8443, False),
        ("api.example.org:8443", "api.example.org", 8443, True),
        ("api.example.org:8443", "api.example.org", 443, False),
        ("api.example.org", "evil-api.example.org", 443, False),
        ("api.example.org", "api.example.org.evil.net", 443, False),
        ("*.example.org", "a.example.org", 443, True),
        ("*.example.org", "a.b.example.org", 443, True),
        ("*.example.org", "example.org", 443, False),
        ("*.example.org", "evilexample.org", 443, False),
        ("[2606:4700::1111]:8443", "2606:4700::1111", 8443, True),
    ],
)
def test_a_rule_covers_its_host_and_no_other(rule: str, host: str, port: int, covered: bool) -> None:
    assert HostRule.parse(rule).covers(host, port, usual=443) is covered


@pytest.mark.parametrize(
    "text",
    ["", "*", "*.org", "*.", "a.*.org", "a/b", "u@a.org", "https://a.org", "a.org:0", "a.org:70000", "a.org:", "::1",
     "a b", "a.org\n"],
)  # fmt: skip
def test_what_is_no_host_is_no_rule(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a valid host|no port"):
        HostRule.parse(text)
