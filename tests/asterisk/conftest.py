"""A real Asterisk for these tests: one of our own, or the one that CALLCENTER_TEST_ASTERISK names.

CALLCENTER_TEST_ASTERISK is a JSON file with the fields of `AsteriskAddress` (docs/telephony.md).
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from callcenter.lab.asterisk import Asterisk, AsteriskAddress
from callcenter.lab.root import AsteriskTree, default_root, ensure_root
from callcenter.lab.site import AgentPhone
from callcenter.lab.speech import make_prompts

PHONES = tuple(AgentPhone(str(number), f"lab-{number}") for number in range(8000, 8010))
QUICK = {"CC_AGI_DEADLINE": "2", "CC_LEASE": "3", "CC_FALLBACK_MAX": "20", "CC_QUEUE_MAX": "20"}


@pytest.fixture(scope="session")
def asterisk_tree() -> AsteriskTree:
    return ensure_root(default_root(), print)


@pytest.fixture(scope="session")
def prompts(asterisk_tree: AsteriskTree) -> Path:
    return make_prompts(asterisk_tree.root.parent / "asterisk-sounds", print)


@pytest.fixture(scope="session")
def new_asterisk(
    asterisk_tree: AsteriskTree, prompts: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Asterisk]]:
    """Makes (and does not start) an instance with short deadlines; all of them are stopped at the end."""
    made: list[Asterisk] = []

    def make(**settings: str) -> Asterisk:
        instance = Asterisk.create(
            tmp_path_factory.mktemp("ast"),
            asterisk_tree,
            sounds=prompts,
            phones=PHONES,
            fallback=("PJSIP/desk-8000",),
            settings={**QUICK, **settings},
        )
        made.append(instance)
        return instance

    yield make
    for instance in made:
        instance.kill()


@pytest.fixture(scope="session")
def asterisk(request: pytest.FixtureRequest) -> AsteriskAddress:
    """A running Asterisk that all tests share: they may call it, not stop it."""
    if named := os.environ.get("CALLCENTER_TEST_ASTERISK"):
        return AsteriskAddress.load(Path(named))
    make: Callable[..., Asterisk] = request.getfixturevalue("new_asterisk")
    instance = make()
    instance.start()
    return instance.address
