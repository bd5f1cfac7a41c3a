"""The OpenAPI document against the running server: what it promises holds, and nothing sent makes it fail (H10-H13).

Routes that other modules add are covered without a line here.
"""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from redis.asyncio import Redis
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from callcenter.accounts.permissions import Role
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from callcenter.testmode import SettableClock
from callcenter.web import openapi, routes, server
from tests.conftest import NOON, url_of
from tests.service import site as sites
from tests.service.site import Site

pytestmark = pytest.mark.service

EXAMPLES = 8
"""For each route and each way: what fits the model, and what does not."""

SKIPPED = {"session.log_out"}
"""It would end the session that all other examples need; tests/service/test_accounts.py has it."""

AWAY = {"unavailable", "switch_away"}
"""What a route may say of a part that this server runs without: telephony process, switch, archive."""

DOCUMENT = openapi.document(routes.MODULES)
OPERATIONS = {route.name: route for route in routes.all_routes() if route.name not in SKIPPED}


@dataclass(frozen=True)
class Running:
    """A server in a thread of its own, and the token of somebody who may do everything."""

    origin: str
    authorization: str


@pytest.fixture(scope="module")
def running(
    postgres_url: str, template_database: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    name = "schemathesis"
    started: Future[Running] = Future()
    stop = threading.Event()

    async def serve() -> None:
        maintenance = await asyncpg.connect(postgres_url)
        await maintenance.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await maintenance.execute(f"CREATE DATABASE {name} TEMPLATE {template_database}")
        database = await Database.connect(url_of(postgres_url, name))
        redis = Redis.from_url(redis_url)
        wall = ManualClock(NOON)
        config = sites.settings(tmp_path_factory.mktemp("schemathesis"))
        app = server.build(config, database=database, clock=SettableClock(wall), wall=wall, redis=redis)
        async with Site.running(app, database, wall) as site:
            everybody = await site.client(*Role, where="hq")
            started.set_result(Running(site.origin, everybody.headers["Authorization"]))
            while not stop.is_set():
                await asyncio.sleep(0.05)
        await redis.aclose()
        await database.close()
        await maintenance.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await maintenance.close()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            if not started.done():
                started.set_exception(error)
            raise

    thread = threading.Thread(target=run)
    thread.start()
    yield started.result(30)
    stop.set()
    thread.join(30)


@pytest.fixture(scope="module")
def schema() -> Any:
    return schemathesis.openapi.from_dict(DOCUMENT)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_a_route_keeps_its_promise_and_never_fails(
    running: Running, schema: Any, name: str, mode: GenerationMode
) -> None:
    """H10, H11, H13"""
    route = OPERATIONS[name]
    operation = schema[openapi.PREFIX + route.path][route.method]
    if mode is GenerationMode.NEGATIVE and not (route.body or route.query or route.parameters or route.creates):
        pytest.skip("there is nothing to send wrongly")

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def promise(case: Case) -> None:
        with requests.Session() as session:
            response = case.call(
                base_url=running.origin, session=session, headers={"Authorization": running.authorization}
            )
        if response.status_code >= 500:
            assert response.status_code == 503, response.text
            assert response.json()["code"] in AWAY, response.text
            return
        if response.status_code == 400 and response.text.startswith("Got more than"):
            return  # refused before it became a request: the line is too long
        assert response.status_code != 401 or name in {"session.log_in", "accounts.change_password"}
        case.validate_response(response, checks=[content_type_conformance, response_schema_conformance])

    promise()


def test_the_document_is_valid_openapi_3_1() -> None:
    validate(DOCUMENT, cls=OpenAPIV31SpecValidator)


def test_every_route_says_what_it_is_for() -> None:
    silent = [name for name, route in OPERATIONS.items() if not (route.handler.__doc__ or "").strip()]
    assert not silent
