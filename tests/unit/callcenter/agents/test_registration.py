"""Where an agent's browser connects, and by which proof."""

import pytest

from callcenter.agents.registration import address, ha1, passwords

pytestmark = pytest.mark.unit

SWITCH = "http://10.0.0.5:8088/ari"


def test_the_proof_is_the_hash_of_rfc_2617() -> None:
    """Its own example, section 3.5"""
    assert ha1("Mufasa", "testrealm@host.com", "Circle Of Life") == "939e7578ed9e3c518a452acee763bce9"


def test_a_line_is_an_extension_and_a_password_and_nothing_else_counts() -> None:
    assert passwords("8000 a\n8001\tb \n\n8002\n8003 c d\n") == {"8000": "a", "8001": "b"}


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("https://hotline.example", "wss://hotline.example/ws"),
        ("https://hotline.example:8443", "wss://hotline.example:8443/ws"),
        ("http://hotline.example", "ws://hotline.example:8088/ws"),
        ("http://127.0.0.1:8080", "ws://127.0.0.1:8088/ws"),
        ("http://[::1]:8080", "ws://[::1]:8088/ws"),
    ],
)
def test_the_browser_connects_where_its_page_came_from(page: str, expected: str) -> None:
    assert address("", page, SWITCH) == expected


def test_the_browser_connects_where_it_is_told_to() -> None:
    assert address("wss://sip.example:7443/ws", "https://hotline.example", SWITCH) == "wss://sip.example:7443/ws"


@pytest.mark.parametrize("host", ["", "x; script-src *", "[", "a b", "x/y", "x\r\ny", "坐席", "x:y", "u@x"])
def test_what_is_no_host_is_not_repeated(host: str) -> None:
    """It would stand in a header of ours."""
    assert address("", f"http://{host}", SWITCH) == "ws://10.0.0.5:8088/ws"


def test_a_switch_at_the_usual_port_is_asked_there() -> None:
    assert address("", "http://127.0.0.1:8080", "http://switch/ari") == "ws://127.0.0.1:80/ws"
