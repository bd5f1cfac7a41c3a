"""Use cases about organisations: headquarters, provinces, cities, counters. Must never move or delete one."""

from collections.abc import Mapping
from datetime import datetime

from callcenter import audit
from callcenter.accounts import store
from callcenter.accounts.doer import Doer
from callcenter.accounts.errors import NotOursToGiveError
from callcenter.accounts.store import Organisation, OrganisationKind
from callcenter.db.pool import Connection, Database
from callcenter.errors import NotFoundError
from tickets.errors import Words

PARENT_KIND: Mapping[OrganisationKind, OrganisationKind | None] = {
    "hq": None,
    "province": "hq",
    "city": "province",
    "counter_a": "city",
    "counter_b": "city",
}
KIND_WORDS: Mapping[OrganisationKind, Words] = {
    "hq": Words("总公司", "headquarters"),
    "province": Words("省级分公司", "province"),
    "city": Words("地市中心支公司", "city"),
    "counter_a": Words("A类柜面", "counter A"),
    "counter_b": Words("B类柜面", "counter B"),
}


async def found(
    db: Database,
    doer: Doer,
    organisation_id: str,
    kind: OrganisationKind,
    parent_id: str | None,
    name: str,
    at: datetime,
) -> Organisation:
    """Adds an organisation below its parent; the very same again gives the one that is there.

    Raises NotOursToGiveError when the parent is not among the doer's or of the wrong kind, OrganisationTakenError.
    """
    async with db.transaction() as conn:
        parent = None if parent_id is None else await store.organisation(conn, parent_id)
        if parent_id is not None and (parent is None or not parent.path.startswith(doer.path)):
            raise NotOursToGiveError(
                Words(f"您的机构范围内没有{parent_id}", f"there is no organisation {parent_id} among yours")
            )
        if PARENT_KIND[kind] != (parent.kind if parent else None) or (parent is None and doer.path):
            raise NotOursToGiveError(_place_of(kind))
        path = f"{parent.path if parent else ''}{organisation_id}/"
        organisation = Organisation(organisation_id, kind, parent_id, name, path)
        if await store.organisation(conn, organisation_id) == organisation:
            return organisation
        await store.add_organisation(conn, organisation)
        await audit.record(
            conn,
            actor=doer.name,
            action="organisation.added",
            object_kind="organisation",
            object_id=organisation_id,
            at=at,
            details={"kind": kind, "path": path, "name": name},
            address=doer.address,
        )
    return organisation


async def find(conn: Connection, doer: Doer, organisation_id: str) -> Organisation:
    """The organisation, when in the doer's subtree. Raises NotFoundError."""
    organisation = await store.organisation(conn, organisation_id)
    if organisation is None or not organisation.path.startswith(doer.path):
        raise NotFoundError("organisation", organisation_id)
    return organisation


async def rename(db: Database, doer: Doer, organisation_id: str, name: str, at: datetime) -> Organisation:
    """Gives another name. Raises NotFoundError."""
    async with db.transaction() as conn:
        before = await find(conn, doer, organisation_id)
        await store.rename_organisation(conn, organisation_id, name)
        await audit.record(
            conn,
            actor=doer.name,
            action="organisation.renamed",
            object_kind="organisation",
            object_id=organisation_id,
            at=at,
            details={"name": [before.name, name]},
            address=doer.address,
        )
    return Organisation(before.id, before.kind, before.parent_id, name, before.path)


def _place_of(kind: OrganisationKind) -> Words:
    own, parent = KIND_WORDS[kind], PARENT_KIND[kind]
    if parent is None:
        return Words(f"{own.zh}没有上级机构，也只有一个", f"{own.en} has no parent, and there is one")
    above = KIND_WORDS[parent]
    return Words(f"{own.zh}须设在{above.zh}之下", f"{own.en} stands below {above.en}")
