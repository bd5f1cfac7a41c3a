"""Finding customers on a real PostgreSQL: candidates and why, never one picked silently."""

import pytest

from callcenter.customers import search, store
from callcenter.customers.customer import Criterion
from callcenter.customers.errors import NoCriterionError, NotANumberError, UnknownCustomerError
from callcenter.customers.search import START, Criteria
from callcenter.db.pool import Database
from tests.service.customers import a_customer, a_policy, settle

pytestmark = pytest.mark.service


async def test_two_customers_with_one_number_are_both_candidates(database: Database) -> None:
    """Issue 2 item 6: candidates shown, never picked silently."""
    mother, son = a_customer("赵一", "16900000001"), a_customer("赵二", "16900000001", "16900000002")
    await settle(database, (mother, []), (son, []))
    async with database.connection() as conn:
        found = await search.search(conn, Criteria.parse(number="+86 169-0000-0001"))
        assert {candidate.id for candidate, _ in found} == {mother.id, son.id}
        assert all(candidate.matched == (Criterion.NUMBER,) for candidate, _ in found)
        assert set(await search.holders(conn, "16900000001")) == {mother.id, son.id}


async def test_who_matches_more_comes_first_and_says_why(database: Database) -> None:
    wang, other, further = (
        a_customer("王伟", "16900000001", id_number="44010619900101123X"),
        a_customer("王伟", "16900000009"),
        a_customer("王伟明"),
    )
    await settle(database, (wang, [a_policy(wang, "P1")]), (other, []), (further, []))
    async with database.connection() as conn:
        criteria = Criteria.parse(name=" 王伟 ", policy="Ｐ1", id_number="44010619900101123x", number="16900000001")
        found = [candidate for candidate, _ in await search.search(conn, criteria)]
    assert [candidate.id for candidate in found] == [wang.id, other.id, further.id]
    assert set(found[0].matched) == {Criterion.NAME, Criterion.POLICY, Criterion.ID_NUMBER, Criterion.NUMBER}
    assert found[0].policies == ("P1",)
    assert found[2].matched == (Criterion.NAME_BEGINNING,)


async def test_pages_of_candidates_neither_skip_nor_repeat(database: Database) -> None:
    people = [a_customer(f"李{n}") for n in range(7)] + [a_customer("李")]
    await settle(database, *((person, []) for person in people))
    seen, after = [], START
    async with database.connection() as conn:
        while page := await search.search(conn, Criteria.parse(name="李"), after=after, limit=3):
            seen += [candidate.id for candidate, _ in page]
            after = page[-1][1]
    assert seen[0] == people[-1].id
    assert len(seen) == len(set(seen)) == 8


async def test_signs_of_a_pattern_in_a_name_are_only_characters(database: Database) -> None:
    """H12, H18"""
    await settle(database, (a_customer("张三"), []), (a_customer("100%_纯"), []))
    async with database.connection() as conn:
        for text in ("%", "_", "张_", "\\", "' OR 1=1 --"):
            assert await search.search(conn, Criteria.parse(name=text)) == []
        assert len(await search.search(conn, Criteria.parse(name="100%"))) == 1


async def test_a_province_finds_only_who_holds_a_policy_there_or_none_at_all(database: Database) -> None:
    """T-6"""
    here, there, new = a_customer("钱一"), a_customer("钱二"), a_customer("钱三")
    await settle(database, (here, [a_policy(here, "G1")]), (there, [a_policy(there, "S1", "sd-jn")]), (new, []))
    async with database.connection() as conn:
        found = await search.search(conn, Criteria.parse(name="钱"), within=("hq/gd/",))
        assert {candidate.name for candidate, _ in found} == {"钱一", "钱三"}
        assert (await store.customer(conn, here.id, ("hq/gd/",))).name == "钱一"
        with pytest.raises(UnknownCustomerError):
            await store.customer(conn, there.id, ("hq/gd/",))


def test_a_search_for_nothing_or_for_no_number_is_refused() -> None:
    with pytest.raises(NoCriterionError):
        Criteria.parse(name="  ")
    with pytest.raises(NotANumberError):
        Criteria.parse(number="1.38E+10")
