"""The planner (R12-R17): pure functions from a kind's stage rules and a view of the tree to the ordered stops.

It runs on the database, on a dict in a test, on a what-if. What a transfer does with a plan is in `planning`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from models import COMMITTEE_KINDS, Anchor, OrganizationKind, Qualification, Side, Stage, Walk
from workflow.errors import N_, RuleError


@dataclass(frozen=True)
class Node:
    """What the planner needs to know of an organization. `qualifications` is None where no level is set (R3)."""

    id: int
    code: str
    name: str
    kind: OrganizationKind
    parent_id: int | None
    is_active: bool = True
    qualifications: frozenset[Qualification] | None = None


class Leg(Protocol):
    """A stage rule as the planner reads it; `models.StageRule` is one."""

    @property
    def walk(self) -> Walk: ...
    @property
    def anchor(self) -> Anchor: ...
    @property
    def side(self) -> Side: ...
    @property
    def until(self) -> Qualification | None: ...
    @property
    def branch_stage(self) -> Stage | None: ...
    @property
    def general_branch_stage(self) -> Stage | None: ...
    @property
    def committee_stage(self) -> Stage | None: ...
    @property
    def last_stage(self) -> Stage | None: ...
    @property
    def shared_stage(self) -> Stage | None: ...
    @property
    def confirms(self) -> bool: ...
    @property
    def objects(self) -> bool: ...


@dataclass(frozen=True)
class Stop:
    """One stop of a route: who stands there, in which capacity, and what may be done besides approving.

    `level_unset` warns of a level (R17a) and makes no other way: stops that differ only there are equal.
    """

    stage: Stage
    organization_id: int
    side: Side
    level_unset: bool = field(default=False, compare=False)
    confirms: bool = False
    objects: bool = False

    def matches(self, other: Stop) -> bool:
        """The same organization on the same side; what both sides share matches either (R16)."""
        sides = {self.side, other.side}
        return self.organization_id == other.organization_id and (len(sides) == 1 or Side.BOTH in sides)


Lookup = Mapping[int, Node]


def chain(branch_id: int, until: Qualification, lookup: Lookup) -> list[Node]:
    """The organizations from a branch up to the first one qualified for `until`, both included (R12).

    Raises `RuleError` R12 where one is deactivated, the data holds a cycle, or nothing up to the root qualifies.
    """
    nodes: list[Node] = []
    seen: set[int] = set()
    current: int | None = branch_id
    while current is not None:
        node = lookup[current]
        if current in seen:
            raise RuleError(
                N_("无法规划流程：组织“%(name)s”的上级关系成环，请联系省级管理员修正。"), "R12", name=node.name
            )
        if not node.is_active:
            raise RuleError(
                N_("无法规划流程：途经的组织“%(name)s”已停用，请联系省级管理员处理。"), "R12", name=node.name
            )
        seen.add(current)
        nodes.append(node)
        if node.qualifications and until in node.qualifications:
            return nodes
        current = node.parent_id
    raise RuleError(
        N_(
            "无法规划流程：从“%(name)s”逐级往上，没有任何组织设置了“%(approval)s”所需的权限级别，请先在【组织VPN权限设置】中设置。"
        ),
        "R12",
        name=nodes[0].name,
        approval=until,
    )


def _stage(leg: Leg, node: Node) -> Stage:
    by_kind = {
        OrganizationKind.BRANCH: leg.branch_stage,
        OrganizationKind.GENERAL_BRANCH: leg.general_branch_stage,
    }
    stage = by_kind.get(node.kind, leg.committee_stage)
    if stage is None:
        raise RuleError(N_("无法规划流程：“%(name)s”不能办理这类转接。"), "R12", name=node.name)
    return stage


def _walked(leg: Leg, anchor_id: int, until: Qualification, lookup: Lookup) -> list[Stop]:
    """The stops of an upward walk in climbing order; a downward leg turns them round."""
    nodes = chain(anchor_id, until, lookup)
    return [
        Stop(
            stage=leg.last_stage if leg.last_stage and node is nodes[-1] else _stage(leg, node),
            organization_id=node.id,
            side=leg.side,
            level_unset=node.kind in COMMITTEE_KINDS and node.qualifications is None,
            objects=leg.objects and node is nodes[0],
        )
        for node in nodes
    ]


def _single(leg: Leg, organization_id: int) -> Stop:
    if leg.last_stage is None:
        raise RuleError(N_("无法规划流程：流程定义不完整，请联系省级管理员。"), "R12")
    return Stop(leg.last_stage, organization_id, leg.side, confirms=leg.confirms, objects=leg.objects)


def plan(legs: Sequence[Leg], source_id: int, destination_id: int, lookup: Lookup) -> list[Stop]:
    """The whole route: the legs one after another, an organization shared by two legs standing once (R13, R14).

    `lookup` must hold both ends and all their ancestors. Raises `RuleError` R12.
    """
    stops: list[Stop] = []
    for leg in legs:
        anchors = {Anchor.SOURCE: source_id, Anchor.DESTINATION: destination_id}
        anchor_id = anchors.get(leg.anchor) or stops[-1].organization_id
        if leg.until is None:
            stops.append(_single(leg, anchor_id))
            continue
        walked = _walked(leg, anchor_id, leg.until, lookup)
        if leg.walk is Walk.DOWN:
            walked.reverse()
        if stops and leg.shared_stage and stops[-1].organization_id == walked[0].organization_id:
            stops[-1] = Stop(leg.shared_stage, walked[0].organization_id, Side.BOTH)
            walked = walked[1:]
        stops.extend(walked)
    return stops


def destination_legs(legs: Sequence[Leg]) -> list[Leg]:
    """The legs of the destination side alone: all that is planned once a transfer has come there (R16)."""
    return [leg for leg in legs if leg.side is Side.DESTINATION]


def tail(kept: Sequence[Stop], route: Sequence[Stop]) -> list[Stop]:
    """What of a new route is still ahead, given the approvals in force (R16).

    The way goes on after the last stop of `route` that one of `kept` matches. A stop that confirms is never an approval
    in force, although the same organization may have approved just before it.
    """
    after = 0
    for index, stop in enumerate(route):
        if not stop.confirms and any(stop.matches(done) for done in kept):
            after = index + 1
    return list(route[after:])


def replanned(
    legs: Sequence[Leg],
    kept: Sequence[Stop],
    waiting: Stop | None,
    source_id: int,
    destination_id: int,
    lookup: Lookup,
) -> list[Stop]:
    """The stops ahead of a running transfer by the data of the day (R16).

    `kept` are the approvals in force in their order, `waiting` the step that has not been decided (None right after an
    approval). Raises `RuleError` R12.
    """
    stands_on = [*kept, waiting] if waiting else kept
    if any(stop.side is Side.DESTINATION for stop in stands_on):
        return tail(kept, plan(destination_legs(legs), source_id, destination_id, lookup))
    return tail(kept, plan(legs, source_id, destination_id, lookup))
