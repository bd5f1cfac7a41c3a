"""Sampled satisfaction through the interface: drawn by chance, asked by people, counted in M-17."""

from typing import Any
from uuid import UUID

import pytest

from callcenter.accounts.permissions import Role
from callcenter.figures import facts
from tests.service.site import Site
from tests.service.test_reports import the_example
from tickets.sampling import drawn

pytestmark = pytest.mark.service

DAYS = {"first_day": "2025-09-01", "last_day": "2025-10-31"}


async def test_customers_asked_by_chance_are_the_satisfaction(site: Site) -> None:
    """M-17, R-3.10, R-3.16, R-3.32, T-4: who was not reached is not counted."""
    head = await the_example(site)
    made = await head.post("/satisfaction/draws", {**DAYS, "wanted": 4, "seed": "2025-Q4"})
    assert made.status == 201, made.body
    assert (made.json["population"], made.json["sampled"]) == (9, 4)
    samples = (await head.get(f"/satisfaction/samples?draw_id={made.json['id']}")).json["items"]
    assert [each["place"] for each in samples] == [1, 2, 3, 4]
    report = "/statistics/complaints?first_day=2025-09-01&last_day=2025-10-31"
    assert (await head.get(report)).json["figures"]["metrics"]["satisfaction"]["value"] is None
    for sample, result in zip(samples, ("satisfied", "satisfied", "dissatisfied", "not_reached"), strict=True):
        said = {"version": 1, "result": result}
        assert (await head("PUT", f"/satisfaction/samples/{sample['id']}", json=said)).status == 200
    measured = (await head.get(report)).json["figures"]["metrics"]["satisfaction"]
    assert measured == {"numerator": 2, "denominator": 3, "value": 66.67}
    items = (await head.get("/statistics/satisfied/items?first_day=2025-09-01&last_day=2025-10-31")).json["items"]
    assert {item["id"] for item in items} == {samples[0]["id"], samples[1]["id"]}
    assert (await head.get("/satisfaction/samples?asked=false")).json["items"] == []


async def test_a_drawing_can_be_drawn_again_and_no_customer_is_asked_twice(site: Site) -> None:
    """M-17: from its seed and what it was drawn from; the next draws from the rest."""
    head = await the_example(site)
    async with facts.settled(site.database) as conn:
        closed = await conn.fetch("SELECT ticket_id FROM ticket_fact WHERE closed_at IS NOT NULL AND occurrences > 0")
    made = (await head.post("/satisfaction/draws", {**DAYS, "wanted": 5})).json
    assert made["seed"] == made["id"]
    samples = (await head.get(f"/satisfaction/samples?draw_id={made['id']}")).json["items"]
    assert [UUID(each["id"]) for each in samples] == drawn([row[0] for row in closed], made["seed"], 5)
    rest = (await head.post("/satisfaction/draws", {**DAYS, "wanted": 100})).json
    assert (rest["population"], rest["sampled"]) == (4, 4)


async def test_an_answer_is_corrected_only_by_who_read_it(site: Site) -> None:
    """M-17, N-15: and only in one's own organisations."""
    head = await the_example(site)
    await head.post("/satisfaction/draws", {**DAYS, "wanted": 1})
    [sample] = (await head.get("/satisfaction/samples")).json["items"]
    path = f"/satisfaction/samples/{sample['id']}"
    said: dict[str, Any] = {"version": 1, "result": "neutral"}
    assert (await head("PUT", path, json=said)).json["version"] == 2
    stale = await head("PUT", path, json=said)
    assert (stale.status, stale.code) == (409, "stale_version")
    elsewhere = await site.client(Role.HANDLER, where="sc")
    assert (await elsewhere("PUT", path, json={**said, "version": 2})).status == 404
    assert (await elsewhere.post("/satisfaction/draws", {**DAYS, "wanted": 1})).status == 403
