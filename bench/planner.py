"""Every branch's routes, planned and checked in one go over one reading of the tree (design.md §4: under 10 s)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from sqlalchemy import select

from bench.byhand import Raw
from bench.site import Site
from bench.timing import Spent, Timing, medians
from models import Organization, OrganizationKind, Qualification, TransferKind, db
from workflow import planning, routes
from workflow.routes import Node

ROUNDS = 3
NAME = "planner, every branch"


def measure(site: Site) -> Timing:
    """A route within the province and one out of it for each branch."""
    pairs = [(_by_product(site), _by_hand(site)) for _ in range(ROUNDS)]
    return medians([pair[0] for pair in pairs], [pair[1] for pair in pairs])


def _by_product(site: Site) -> Spent:
    with site.app.app_context():
        with site.clock.watching() as spent:
            intra, leaving = (planning.kind_by_code(code) for code in ("intra", "out_of_province"))
            assert intra is not None and leaving is not None
            lookup = _lookup()
            _plan_and_check(intra, leaving, lookup)
        db.session.remove()
    return spent


def _lookup() -> Mapping[int, Node]:
    """The whole tree as the planner reads it, in two statements."""
    by_rank = planning.qualifications_by_rank()
    columns = ("id", "code", "name", "kind", "parent_id", "is_active", "level_rank")
    rows = db.session.execute(select(*(getattr(Organization, name) for name in columns)))
    return {
        row.id: Node(row.id, row.code, row.name, row.kind, row.parent_id, row.is_active, by_rank.get(row.level_rank))
        for row in rows
    }


def _plan_and_check(intra: TransferKind, leaving: TransferKind, lookup: Mapping[int, Node]) -> None:
    branches = [node.id for node in lookup.values() if node.kind is OrganizationKind.BRANCH]
    outside = next(node.id for node in lookup.values() if node.kind is OrganizationKind.OUT_OF_PROVINCE)
    others = [*branches[len(branches) // 2 :], *branches[: len(branches) // 2]]
    for branch, other in zip(branches, others, strict=True):
        _check(routes.plan(intra.rules, branch, other, lookup), branch, other, lookup, Qualification.COMMITTEE)
        stops = routes.plan(leaving.rules, branch, outside, lookup)
        _check(stops, branch, stops[-2].organization_id, lookup, Qualification.LEAVING)


def _check(
    stops: Sequence[routes.Stop], source: int, last: int, lookup: Mapping[int, Node], until: Qualification
) -> None:
    """It begins at the branch, passes a qualified organization, and ends in the one place that confirms."""
    assert stops[0].organization_id == source and stops[-1].organization_id == last and stops[-1].confirms
    assert sum(stop.confirms for stop in stops) == 1
    assert any(until in (lookup[stop.organization_id].qualifications or ()) for stop in stops)


def _by_hand(site: Site) -> Spent:
    """The same ways as bare lists of ids."""
    raw = site.raw
    raw.seconds, raw.statements = 0.0, 0
    spent = Spent()
    started = time.perf_counter()
    _climb_all(raw)
    spent.seconds, spent.sql_seconds, spent.statements = time.perf_counter() - started, raw.seconds, raw.statements
    return spent


def _climb_all(raw: Raw) -> None:
    found = raw.rows(
        "SELECT o.id, o.kind, o.parent_id, o.is_active, l.approves_committee, l.approves_leaving FROM organization o "
        "LEFT JOIN permission_level l ON l.rank = o.level_rank ORDER BY o.id"
    )
    known = {row[0]: row for row in found}
    branches = [row[0] for row in found if row[1] == "branch"]
    others = [*branches[len(branches) // 2 :], *branches[: len(branches) // 2]]
    for branch, other in zip(branches, others, strict=True):
        up, down = _chain(branch, 4, known), _chain(other, 4, known)
        way = [*up, *reversed(down[:-1] if up[-1] == down[-1] else down), other]
        assert way[0] == branch and _chain(branch, 5, known)[0] == branch


def _chain(place: int | None, qualified: int, known: Mapping[int, tuple]) -> list[int]:
    chain: list[int] = []
    while place is not None:
        row = known[place]
        chain.append(place)
        if row[qualified]:
            return chain
        place = row[2]
    raise AssertionError(chain)
