"""ARI requests: what each answer means, what is done twice, and what never leaves: B7, B11-B14, F17."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from agi.ari import rest as module
from agi.ari.commands import Ari, own
from agi.ari.rest import (
    AriError,
    ConflictError,
    DeniedError,
    NotFoundError,
    RejectedError,
    Rest,
    UnavailableError,
)
from tests.fakes.asterisk import Switch, switched_on

pytestmark = pytest.mark.unit


@pytest.fixture
async def switch() -> AsyncIterator[Switch]:
    async with switched_on() as switch:
        yield switch


@pytest.fixture
async def ari(switch: Switch) -> AsyncIterator[Ari]:
    async with Rest(switch.url, "cc", "x") as rest:
        yield Ari(rest)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RejectedError),
        (401, DeniedError),
        (403, DeniedError),
        (404, NotFoundError),
        (409, ConflictError),
        (422, RejectedError),
        (500, UnavailableError),
        (503, UnavailableError),
    ],
)
async def test_each_refusal_has_its_error(switch: Switch, ari: Ari, status: int, kind: type[AriError]) -> None:
    switch.refuse_with = status
    with pytest.raises(kind) as raised:
        await ari.channels()
    assert (raised.value.status, raised.value.message) == (status, "refused")


@pytest.mark.parametrize("name", ["a/b", "x;2", "50%", "a b", "名字", "../..", "?q=1", "a#b", "%2e%2e"])
async def test_any_channel_id_is_one_part_of_the_path(switch: Switch, ari: Ari, name: str) -> None:
    """B7"""
    assert await ari.channel(name) is None
    ((_, path),) = switch.requests
    assert path.startswith("/ari/channels/")
    assert "/" not in path.removeprefix("/ari/channels/")
    assert "?" not in path


@pytest.mark.parametrize("name", ["", "a/b", "a b", "名字", "x\n", "a;2", "x" * 81, "/abs", ".. "])
def test_ids_of_ours_could_be_file_names(name: str) -> None:
    """B11"""
    with pytest.raises(ValueError, match="not an id of ours"):
        own(name)


async def test_dialling_twice_dials_once(switch: Switch, ari: Ari) -> None:
    """B4 F17"""
    assert await ari.originate(channel="cb-1", endpoint="PJSIP/1@trunk-main", context="cc-out") is True
    assert await ari.originate(channel="cb-1", endpoint="PJSIP/1@trunk-main", context="cc-out") is False


async def test_a_lost_answer_to_a_dial_is_asked_for_again_with_the_same_id(switch: Switch, ari: Ari) -> None:
    """F17"""
    switch.answers_lost = 1
    assert await ari.originate(channel="cb-1", endpoint="PJSIP/1@trunk-main", context="cc-out") is False
    assert list(switch.channels) == ["cb-1"]


async def test_a_lost_answer_to_a_release_is_looked_up_not_repeated_blindly(switch: Switch, ari: Ari) -> None:
    """F17"""
    switch.place("c1")
    switch.answers_lost = 1
    assert await ari.to_dialplan("c1", context="cc-talk", extension="s", priority=1) is True
    assert [action for _, action, _ in switch.commands] == ["continue"]


async def test_a_channel_that_left_stasis_counts_as_gone(switch: Switch, ari: Ari) -> None:
    """B12"""
    switch.place("c1")
    assert await ari.renew_lease("c1", 15) is True
    assert switch.commands == [("c1", "variable", {"variable": "TIMEOUT(absolute)", "value": "15"})]
    switch.stasis.discard("c1")
    assert await ari.renew_lease("c1", 15) is False
    assert await ari.to_dialplan("c1") is False


async def test_a_channel_that_went_between_list_and_look_is_none(switch: Switch, ari: Ari) -> None:
    """B13"""
    switch.place("c1")
    (listed,) = await ari.channels()
    switch.channels.clear()
    assert await ari.channel(listed.id) is None
    assert await ari.hangup(listed.id) is False


async def test_a_refused_password_is_not_tried_a_hundred_times(
    switch: Switch, ari: Ari, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B14"""
    monkeypatch.setattr(module, "DENIED_PAUSE", 0.2)
    switch.refuse_with = 401
    for _ in range(100):
        with pytest.raises(DeniedError):
            await ari.channels()
    assert len(switch.requests) == 1
    switch.refuse_with = 0
    await asyncio.sleep(0.25)
    assert await ari.channels() == ()


async def test_a_switch_that_does_not_answer_is_unavailable() -> None:
    async with Rest("http://127.0.0.1:9/ari", "cc", "x") as rest:
        with pytest.raises(UnavailableError) as raised:
            await Ari(rest).channels()
    assert raised.value.status == 0


async def test_parameters_cannot_become_other_parameters(switch: Switch, ari: Ari) -> None:
    """B7"""
    switch.place("c1")
    await ari.set_variable("c1", "CC_HINT", "a&value=b#c?d=王")
    assert switch.commands[-1][2] == {"variable": "CC_HINT", "value": "a&value=b#c?d=王"}
