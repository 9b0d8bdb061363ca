"""What a decision takes: `actions.perform` and `applications.apply` against the bare statements that each needs.

Each run has a transfer of its own; afterwards every row is put back, so that a kept province stays as it was loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench import bare
from bench.bare import Case
from bench.byhand import Raw
from bench.province.people import FORMAL_EVERY
from bench.province.size import PRESENT
from bench.restoring import put_back
from bench.site import Site
from bench.timing import WARM_UP, Spent, Timing, medians
from models import clock, db
from workflow import actions, actors, applications

RUNS = 12
_NEEDED = 2 * (RUNS + WARM_UP)
_REASON = "党费未缴清，请补缴后再报"
_ACTOR = (
    " JOIN account a ON a.organization_id = {0} JOIN role_grant g ON g.account_id = a.id AND g.organization_id = {0}"
    " AND g.role_code = 'liaison'"
)
_WAITING = (
    "SELECT t.key, {actor}, a.id FROM transfer t JOIN step p ON p.transfer_id = t.id AND p.state = 'current'{join} "
    "WHERE t.kind_code = 'intra' AND t.state = 'in_progress' AND {condition} ORDER BY t.id LIMIT {limit} OFFSET {skip}"
)


@dataclass(frozen=True)
class Transition:
    """One decision: which transfers it can be taken on, the product's way and the bare way."""

    name: str
    find: Callable[[Raw], list[tuple]]
    product: Callable[[Case], object]
    by_hand: Callable[[Raw, Case], None]


def _waiting(raw: Raw, condition: str, actor: str = "t.current_organization_id", skip: int = 0) -> list[tuple]:
    return raw.rows(
        _WAITING.format(actor=actor, join=_ACTOR.format(actor), condition=condition, limit=_NEEDED, skip=skip)
    )


def _applicants(raw: Raw) -> list[tuple]:
    """Free members of served branches, each with another branch of the same parent to go to."""
    return raw.rows(
        "SELECT m.key, m.organization_id, a.id, min(d.id) FROM member m "  # noqa: S608
        "JOIN organization o ON o.id = m.organization_id AND o.kind = 'branch' "
        "JOIN organization d ON d.parent_id = o.parent_id AND d.kind = 'branch' AND d.id <> o.id"
        f"{_ACTOR.format('o.id')} WHERE m.status = 'normal' AND m.id < 12000 "
        f"AND m.id - m.id / {FORMAL_EVERY} * {FORMAL_EVERY} = 7 "
        "AND NOT EXISTS (SELECT 1 FROM transfer t WHERE t.member_id = m.id AND t.ended_at IS NULL) "
        f"GROUP BY m.key, m.organization_id, a.id, m.id ORDER BY m.id LIMIT {_NEEDED}"
    )


def _perform(name: str, case: Case) -> object:
    inputs: dict[str, Any] = {"reason": _REASON} if name == "reject" else {}
    actor = actors.load(case.account)
    assert actor is not None
    return lambda: actions.perform(case.key, name, actor, **inputs)


def _apply(case: Case) -> object:
    actor = actors.load(case.account)
    assert actor is not None
    return lambda: applications.apply(
        actor,
        kind_code="intra",
        member_key=case.key,
        destination_id=case.destination,
        reason="工作调动",
        applied_on=PRESENT.date(),
        dues_paid_until=f"{PRESENT:%Y-%m}",
    )


_APPROVING = "NOT p.confirms AND NOT p.objects AND p.position >= 2"
TRANSITIONS = (
    Transition("apply", _applicants, _apply, bare.apply),
    Transition("approve", partial(_waiting, condition=_APPROVING), partial(_perform, "approve"), bare.approve),
    Transition(
        "reject", partial(_waiting, condition=_APPROVING, skip=_NEEDED), partial(_perform, "reject"), bare.reject
    ),
    Transition(
        "withdraw",
        partial(
            _waiting,
            condition=f"{_APPROVING} AND t.last_action = 'approve'",
            actor="t.last_organization_id",
            skip=2 * _NEEDED,
        ),
        partial(_perform, "withdraw"),
        bare.withdraw,
    ),
    Transition("confirm", partial(_waiting, condition="p.confirms"), partial(_perform, "confirm"), bare.confirm),
)


def measure(site: Site) -> Iterator[tuple[str, Timing]]:
    """(name, timing) of each transition."""
    found = {transition.name: transition.find(site.raw) for transition in TRANSITIONS}
    keys = [str(row[0]) for name, rows in found.items() if name != "apply" for row in rows]
    with put_back(site.raw, keys), clock.at(PRESENT):
        for transition in TRANSITIONS:
            cases = [Case(*row) for row in found[transition.name]]
            yield f"transition, {transition.name}", _measured(site, transition, cases)


def _measured(site: Site, transition: Transition, cases: list[Case]) -> Timing:
    half = len(cases) // 2
    assert half > WARM_UP, f"too few transfers to {transition.name}"
    ours: list[Spent] = []
    bare_runs: list[Spent] = []
    for one, other in zip(cases[:half], cases[half:], strict=False):
        ours.append(_by_product(site, transition, one))
        bare_runs.append(_by_hand(site, transition, other))
    return medians(ours[WARM_UP:], bare_runs[WARM_UP:])


def _by_product(site: Site, transition: Transition, case: Case) -> Spent:
    with site.app.app_context():
        run = transition.product(case)
        assert callable(run)
        with site.clock.watching() as spent:
            run()
        db.session.remove()
    return spent


def _by_hand(site: Site, transition: Transition, case: Case) -> Spent:
    raw = site.raw
    raw.seconds, raw.statements = 0.0, 0
    with site.clock.watching() as spent:
        transition.by_hand(raw, case)
    spent.sql_seconds, spent.statements = raw.seconds, raw.statements
    return spent
