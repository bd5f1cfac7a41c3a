"""No list, work queue or figure is forgotten when a large store is measured."""

import pytest

from bench.asks import ASKS, LEFT_OUT, WHO, answers
from callcenter.accounts.permissions import Permission, of
from callcenter.demo import people, posts
from callcenter.web.api import Route
from callcenter.web.routes import all_routes
from tests.conftest import NOON

pytestmark = pytest.mark.unit

READS = [route for route in all_routes() if route.method == "GET"]


def asked(path: str) -> Route:
    """The route that answers; of several the one with the fewest parameters."""
    fitting = [route for route in READS if any(answers(route.path, ask) for ask in ASKS if ask.path == path)]
    return min(fitting, key=lambda route: route.path.count("{"))


def test_every_route_that_reads_is_asked_or_left_out_with_a_reason() -> None:
    measured = {asked(ask.path).path for ask in ASKS}
    assert {route.path for route in READS} - set(LEFT_OUT) == measured
    assert all(LEFT_OUT.values())


def test_whoever_asks_may() -> None:
    roles = {user.login: user.roles for user in (*people.people(NOON), *posts.staff(NOON))}
    for ask in ASKS:
        access = asked(ask.path).access
        wanted = {access} if isinstance(access, Permission) else set(access) if isinstance(access, tuple) else set()
        assert not wanted or wanted & of(frozenset(people.Role(role) for role in roles[WHO[ask.who]])), ask


def test_nothing_is_asked_twice_under_one_name() -> None:
    assert len({ask.key for ask in ASKS}) == len(ASKS)
