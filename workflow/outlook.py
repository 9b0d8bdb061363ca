"""What a change of levels, parents or qualifications does to routes, told before it is saved (R5, R16).

The change is made, looked at, and taken back within one transaction: so what is foreseen is what the planner will say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import selectinload

from models import (
    Member,
    Organization,
    OrganizationKind,
    Qualification,
    Step,
    StepState,
    Transfer,
    TransferKind,
    TransferState,
    ancestor_ids,
    db,
)
from workflow import actions, planning, policy, routes
from workflow.actors import Actor
from workflow.errors import RuleError
from workflow.policy import EVERYTHING
from workflow.routes import Lookup, Node, Stop

MOST_REPLANNED = 200
Chain = tuple[Any, ...] | None
"""A branch's way up as nested tuples; None where there is none."""


@dataclass(frozen=True)
class Way:
    """A running transfer and what lies ahead of it: as it is stored, and as it would be planned.

    `planned` is None, and `refusal` says why, where there would be no way on.
    """

    key: str
    member_name: str
    stored: tuple[Stop, ...]
    planned: tuple[Stop, ...] | None
    refusal: RuleError | None = None

    @property
    def is_stale(self) -> bool:
        """Planning it again would change it, or cannot be done."""
        return self.planned != self.stored


@dataclass(frozen=True)
class Change:
    """One running transfer whose way a change makes another one; organizations by name."""

    key: str
    member_name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    refusal: RuleError | None


@dataclass(frozen=True)
class Outlook:
    """What a change does to the branches' ways up and to the running transfers."""

    branches_changed: int
    branches_lost: int
    """Branches that had a way up and would have none."""
    transfers: tuple[Change, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.branches_changed or self.transfers)

    @property
    def mark(self) -> str:
        """Names what has been foreseen: whoever says yes to it has seen just this."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class _Picture:
    lookup: Lookup
    branches: tuple[int, ...]
    ways: Mapping[str, Way]


def foresee(organization: Organization | None, change: Callable[[], object]) -> Outlook:
    """What `change` would do to the subtree of an organization, or to everything. Nothing of it stays.

    Raises the `RuleError` with which the change itself is refused. Whatever the caller holds must be read again.
    """
    try:
        before = _picture(organization)
        change()
        db.session.flush()
        return _compare(before, _picture(organization))
    finally:
        db.session.rollback()


def stale(paths: Sequence[str]) -> list[Way]:
    """Running transfers of the subtrees whose stored way is not what would be planned today (R16)."""
    return [way for way in _ways(paths, lookup_of(paths)) if way.is_stale]


def replan_all(keys: Sequence[str], actor: Actor) -> tuple[int, int]:
    """Plan transfers again, one transaction each, at most `MOST_REPLANNED`; (how many, how many could not be)."""
    done = 0
    for key in keys[:MOST_REPLANNED]:
        try:
            actions.replan(key, actor)
            done += 1
        except RuleError:
            continue
    return done, len(keys[:MOST_REPLANNED]) - done


def chains(lookup: Lookup, until: Qualification) -> Callable[[int], Chain]:
    """`chain(branch)`: the same organizations give the same value; each organization is climbed once (R12)."""
    known: dict[int, Chain] = {}

    def chain(identity: int) -> Chain:
        passed: dict[int, Node] = {}
        found: Chain = None
        current: int | None = identity
        while current is not None and current not in passed:
            if current in known:
                found = known[current]
                break
            node = lookup[current]
            if not node.is_active:
                break
            passed[current] = node
            if node.qualifications and until in node.qualifications:
                found = ()
                break
            current = node.parent_id
        for node in reversed(passed.values()):
            found = None if found is None else (node.id, found)
            known[node.id] = found
        return known.get(identity)

    return chain


def _compare(before: _Picture, after: _Picture) -> Outlook:
    changed: set[int] = set()
    lost: set[int] = set()
    for until in Qualification:
        old, new = chains(before.lookup, until), chains(after.lookup, until)
        for branch in before.branches:
            was, is_now = old(branch), new(branch)
            if was != is_now:
                changed.add(branch)
                if is_now is None:
                    lost.add(branch)
    transfers = [
        _change(before.ways[key], way, {**before.lookup, **after.lookup})
        for key, way in after.ways.items()
        if key in before.ways and before.ways[key].planned != way.planned
    ]
    return Outlook(len(changed), len(lost), tuple(transfers))


def _change(before: Way, after: Way, lookup: Lookup) -> Change:
    def names(stops: Sequence[Stop] | None) -> tuple[str, ...]:
        return tuple(lookup[stop.organization_id].name for stop in stops or ())

    return Change(after.key, after.member_name, names(before.stored), names(after.planned), after.refusal)


def _picture(organization: Organization | None) -> _Picture:
    """The organization's subtree, or everything, with the running transfers that begin or end in it."""
    paths = EVERYTHING if organization is None else (organization.path,)
    branches = select(Organization.id).where(
        policy.within(Organization.path, paths),
        Organization.kind == OrganizationKind.BRANCH,
        Organization.is_active.is_(True),
    )
    lookup = lookup_of(paths)
    return _Picture(lookup, tuple(db.session.scalars(branches)), {way.key: way for way in _ways(paths, lookup)})


def lookup_of(paths: Sequence[str]) -> Lookup:
    """The subtrees, what stands above them, and the other ends of their running transfers with all above these."""
    ends = select(Transfer.source_path, Transfer.destination_path).where(_concerned(paths))
    outside = {path for row in db.session.execute(ends) for path in row if not policy.is_within(path, paths)}
    wanted = above([*outside, *paths])
    return planning.load_nodes(or_(policy.within(Organization.path, paths), Organization.id.in_(wanted)))


def above(paths: Iterable[str]) -> set[int]:
    """The organizations along the paths, the lowest included."""
    return {identity for path in paths for identity in ancestor_ids(path)}


def _concerned(paths: Sequence[str]) -> ColumnElement[bool]:
    """Running transfers that begin or end in the subtrees."""
    here = or_(policy.within(Transfer.source_path, paths), policy.within(Transfer.destination_path, paths))
    return and_(Transfer.state == TransferState.IN_PROGRESS, here)


def _ways(paths: Sequence[str], lookup: Lookup) -> Iterator[Way]:
    """The running transfers with what lies ahead of them, by plain columns: there may be ten thousands."""
    kinds = {
        kind.code: kind for kind in db.session.scalars(select(TransferKind).options(selectinload(TransferKind.rules)))
    }
    rows = db.session.execute(
        select(
            Transfer.key,
            Transfer.kind_code,
            Transfer.source_id,
            Transfer.destination_id,
            Member.name.label("member_name"),
            Step.state,
            Step.stage,
            Step.organization_id,
            Step.side,
            Step.level_unset,
            Step.confirms,
            Step.objects,
        )
        .join(Transfer.member)
        .join(Transfer.steps)
        .where(_concerned(paths))
        .order_by(Transfer.id, Step.position)
    )
    for _key, steps in groupby(rows, key=lambda row: row.key):
        yield _way(list(steps), kinds, lookup)


def _way(steps: Sequence[Any], kinds: Mapping[str, TransferKind], lookup: Lookup) -> Way:
    first = steps[0]
    stops = [
        (step.state, Stop(step.stage, step.organization_id, step.side, step.level_unset, step.confirms, step.objects))
        for step in steps
    ]
    kept = [stop for state, stop in stops if state is StepState.DONE]
    ahead = tuple(stop for state, stop in stops if state is not StepState.DONE)
    try:
        rules = kinds[first.kind_code].rules
        planned = routes.replanned(rules, kept, ahead[0], first.source_id, first.destination_id, lookup)
    except RuleError as error:
        return Way(first.key, first.member_name, ahead, None, error)
    return Way(first.key, first.member_name, ahead, tuple(planned))
