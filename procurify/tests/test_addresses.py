"""What a person may type as the address, and what is refused."""

from __future__ import annotations

import pytest

from .. import AddressError, Client, normalise_base_url
from ..wire import check_url, same_origin, tenant_url


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("https://acme.procurify.com", "https://acme.procurify.com"),
        ("  https://acme.procurify.com/  ", "https://acme.procurify.com"),
        ("acme.procurify.com", "https://acme.procurify.com"),
        ("HTTPS://ACME.Procurify.com:443/", "https://acme.procurify.com"),
        ("https://acme.procurify.com/#/bills?x=1", "https://acme.procurify.com"),
        ("https://acme.procurify.com:8443/a", "https://acme.procurify.com:8443"),
        ("https://zürich.example", "https://xn--zrich-kva.example"),
        ("http://localhost:8069", "http://localhost:8069"),
        ("http://127.8.0.1:1", "http://127.8.0.1:1"),
        ("http://[::1]:99/x", "http://[::1]:99"),
        ("localhost:8069", "https://localhost:8069"),
    ],
)
def test_a_typed_address_becomes_an_origin(typed: str, meant: str) -> None:
    assert normalise_base_url(typed) == meant
    assert Client(typed, "id", "secret").base_url == meant


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "https://",
        "ftp://acme.procurify.com",
        "http://acme.procurify.com",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://localhost@evil.example",
        "https://user:password@acme.procurify.com",
        "https://acme.procurify.com:0",
        "https://acme.procurify.com:99999",
        "https://acme.procurify.com:port",
        "https://acme procurify.com",
        "https://a..b",
        "https://" + "a" * 64 + ".example",
        "https://evil.example\\@acme.procurify.com",
        "https://[::1",
        "https://zü@rich.example",
    ],
)
def test_an_address_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(AddressError):
        Client(typed, "id", "secret")


def test_a_token_url_elsewhere_keeps_its_path_but_must_be_safe() -> None:
    url = "https://login.procurify.com/oauth/token"

    assert check_url(url) == url
    assert check_url("https://login.example/a b/ö/../t?x=1#y") == (
        "https://login.example/a%20b/t"
    )
    with pytest.raises(AddressError):
        Client("acme.example", "id", "secret", token_url="http://login.example/token")


def test_an_origin_is_scheme_host_and_port() -> None:
    origin = "https://acme.example"

    assert same_origin("https://acme.example:443/a?b", origin)
    assert not same_origin("http://acme.example/", origin)
    assert not same_origin("https://acme.example:444/", origin)
    assert not same_origin("https://acme.example.evil.example/", origin)
    assert not same_origin("nonsense", origin)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("acme", "https://acme.procurify.com"),
        (" Acme-2 ", "https://acme-2.procurify.com"),
        ("acme.example", "https://acme.example"),
        ("localhost", "https://localhost"),
    ],
)
def test_name_of_a_tenant_is_enough(typed: str, meant: str) -> None:
    assert tenant_url(typed) == meant
