"""数据体检: what in the data sends files astray, what it will cause, and where it is mended (R3, R5, R12, R16).

Set operations and one pass over the tree: a whole province is checked in seconds. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import ColumnElement, and_, or_, select

from models import (
    COMMITTEE_KINDS,
    HOLDING_KINDS,
    Member,
    Organization,
    OrganizationKind,
    Qualification,
    db,
)
from workflow import actors, organizations, outlook, policy, routes, tree
from workflow.errors import N_, RuleError
from workflow.members import MEMBER_KINDS
from workflow.routes import Lookup
from workflow.tree import Place

SHOWN = 50
COUNTED = 1000


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. `organization_id`, `member_key` or `transfer_key` says of what; `words` adds why."""

    name: str
    words: str | RuleError = ""
    organization_id: int | None = None
    member_key: str = ""
    transfer_key: str = ""


@dataclass(frozen=True)
class Check:
    """One kind of trouble: `cause` is what it will lead to; `count` is exact up to `COUNTED`."""

    code: str
    title: str
    cause: str
    rule: str
    findings: tuple[Finding, ...]
    count: int


def check(paths: Sequence[str]) -> list[Check]:
    """Every check over the subtrees, in the order of how much harm each does."""
    inside = policy.within(Organization.path, paths)
    lookup = outlook.lookup_of(paths)
    branches = _ids(and_(inside, Organization.kind == OrganizationKind.BRANCH, Organization.is_active.is_(True)))
    return [
        _check("order", N_("权限级别次序不对"), N_("转接会送错组织。"), "R5", _out_of_order(paths)),
        _check(
            "unplannable",
            N_("无法规划转接流程的支部"),
            N_("这些支部的党员不能申请转接，转入也会被拒绝。"),
            "R12",
            _without_way(branches, Qualification.COMMITTEE, lookup),
        ),
        _check(
            "no_leaving",
            N_("无法转出省外的支部"),
            N_("这些支部的党员不能转到省外或特殊组织。"),
            "R14",
            _without_way(branches, Qualification.LEAVING, lookup),
        ),
        _check(
            "unset",
            N_("未设置权限级别的党委、党工委"),
            N_("经过它们的转接会继续往上流转，每一条都多经过一级。"),
            "R3",
            _organizations(
                and_(inside, Organization.kind.in_(COMMITTEE_KINDS), Organization.level_rank.is_(None)),
            ),
        ),
        _check(
            "no_liaison",
            N_("没有有效联络员的组织"),
            N_("送到这里的转接无人可以办理。"),
            "R45",
            _organizations(and_(inside, Organization.kind.not_in(HOLDING_KINDS), _without_liaison())),
        ),
        _check("homeless", N_("不在支部的党员"), N_("他们不能申请转接。"), "R1", _homeless(paths)),
        _check(
            "stale",
            N_("流程与现行数据不一致的转接"),
            N_("从下一次通过起按新的流程流转；也可以现在就重新规划。"),
            "R16",
            (Finding(way.member_name, way.refusal or "", transfer_key=way.key) for way in outlook.stale(paths)),
        ),
    ]


def _check(code: str, title: str, cause: str, rule: str, found: Iterable[Finding]) -> Check:
    findings = list(islice(found, COUNTED))
    return Check(code, title, cause, rule, tuple(findings[:SHOWN]), len(findings))


def _ids(where: ColumnElement[bool]) -> Sequence[int]:
    return db.session.scalars(select(Organization.id).where(where).order_by(Organization.path)).all()


def _organizations(where: ColumnElement[bool]) -> Iterable[Finding]:
    rows = db.session.execute(
        select(Organization.id, Organization.name)
        .where(where, Organization.is_active.is_(True))
        .order_by(Organization.path)
        .limit(COUNTED)
    )
    return [Finding(row.name, organization_id=row.id) for row in rows]


def _without_liaison() -> ColumnElement[bool]:
    served = actors.effective_liaison_grants().subquery()
    return Organization.id.not_in(select(served.c.organization_id).where(served.c.organization_id.is_not(None)))


def _without_way(branches: Sequence[int], until: Qualification, lookup: Lookup) -> Iterable[Finding]:
    """Branches whose climb ends nowhere, each with the planner's reason."""
    chain = outlook.chains(lookup, until)
    return (
        Finding(lookup[branch].name, _reason(branch, until, lookup), branch)
        for branch in branches
        if chain(branch) is None
    )


def _reason(branch: int, until: Qualification, lookup: Lookup) -> RuleError | str:
    """Why the planner finds no way up."""
    try:
        routes.chain(branch, until, lookup)
    except RuleError as error:
        return error
    return ""


def _out_of_order(paths: Sequence[str]) -> Iterable[Finding]:
    """Breaches of R1 and R5, as an import of the tree would find them."""
    rows = db.session.execute(
        select(
            Organization.id, Organization.name, Organization.kind, Organization.parent_id, Organization.level_rank
        ).where(or_(policy.within(Organization.path, paths), Organization.id.in_(outlook.above(paths))))
    )
    places: dict[Hashable, Place] = {row.id: Place(row.name, row.kind, row.parent_id, row.level_rank) for row in rows}
    for problem in tree.check_tree(places, organizations.subordinate_rank()):
        identity = problem.key
        assert isinstance(identity, int)
        yield Finding(places[identity].name, problem.error, identity)


def _homeless(paths: Sequence[str]) -> Iterable[Finding]:
    """Members whose organization is no branch or holding organization, or is not active (R1)."""
    rows = db.session.execute(
        select(Member.key, Member.name, Organization.name.label("home"))
        .join(Member.organization)
        .where(
            policy.within(Organization.path, paths),
            or_(Organization.kind.not_in(MEMBER_KINDS), Organization.is_active.is_(False)),
        )
        .order_by(Organization.path, Member.id)
        .limit(COUNTED)
    )
    return [Finding(row.name, row.home, member_key=row.key) for row in rows]
