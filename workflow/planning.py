"""The planner over the database: which ends a kind allows (R13-R15) and what of the tree a plan needs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import selectinload

from models import (
    Organization,
    OrganizationKind,
    PermissionLevel,
    Qualification,
    Step,
    StepState,
    Transfer,
    TransferKind,
    db,
)
from models.prepared import BY_KEYS
from workflow import routes
from workflow.errors import N_, RuleError, Words
from workflow.routes import Node, Stop

_COLUMNS = (
    Organization.id,
    Organization.code,
    Organization.name,
    Organization.kind,
    Organization.parent_id,
    Organization.is_active,
    Organization.level_rank,
)


def kind_by_code(code: str) -> TransferKind | None:
    """A transfer kind with its stage rules, or None."""
    return db.session.scalar(
        select(TransferKind)
        .where(TransferKind.code == code)
        .options(selectinload(TransferKind.rules))
        .execution_options(**BY_KEYS)
    )


def qualifications_by_rank() -> dict[int, frozenset[Qualification]]:
    """What each permission level is qualified for today (R2: rows, not constants)."""
    return {
        level.rank: frozenset(
            qualification
            for qualification, granted in (
                (Qualification.COMMITTEE, level.approves_committee),
                (Qualification.LEAVING, level.approves_leaving),
            )
            if granted
        )
        for level in db.session.scalars(select(PermissionLevel).execution_options(**BY_KEYS))
    }


def load_lookup(organization_ids: Collection[int]) -> dict[int, Node]:
    """The given organizations and all above them by parent links: two statements, finite even on a cycle."""
    lineage = (
        select(Organization.id, Organization.parent_id).where(Organization.id.in_(organization_ids)).cte(recursive=True)
    )
    lineage = lineage.union(
        select(Organization.id, Organization.parent_id).join(lineage, Organization.id == lineage.c.parent_id)
    )
    return load_nodes(Organization.id.in_(select(lineage.c.id)))


def load_nodes(where: ColumnElement[bool]) -> dict[int, Node]:
    """The organizations of a condition as the planner sees them, by id: two statements."""
    by_rank = qualifications_by_rank()
    rows = db.session.execute(select(*_COLUMNS).where(where))
    return {
        row.id: Node(
            id=row.id,
            code=row.code,
            name=row.name,
            kind=row.kind,
            parent_id=row.parent_id,
            is_active=row.is_active,
            qualifications=None if row.level_rank is None else by_rank[row.level_rank],
        )
        for row in rows
    }


def may_register(organization: Organization) -> bool:
    """R40: whether it is qualified to register a transfer from another province. Nothing is guessed without a level."""
    level = db.session.get(PermissionLevel, organization.level_rank) if organization.level_rank else None
    return level is not None and level.registers_entering and organization.is_active


def check_ends(kind: TransferKind, origin: Organization, destination: Organization) -> None:
    """Refuse ends that the kind does not allow; `RuleError` names the kind's rule (R13-R15).

    `origin` is the source branch; of a kind that enters the registering organization.
    """
    if kind.enters:
        _check_registering(kind, origin, destination)
    elif origin.kind is not OrganizationKind.BRANCH:
        raise RuleError(
            N_("“%(name)s”是%(kind)s，不是党支部，不能从这里转出。"),
            kind.route_rule,
            "member",
            name=origin.name,
            kind=origin.kind,
        )
    if origin.id == destination.id:
        raise RuleError(N_("目的支部不能与转出支部相同，请另选目的支部。"), kind.route_rule, "destination")
    check_destination(kind, destination)


def _check_registering(kind: TransferKind, origin: Organization, destination: Organization) -> None:
    if not may_register(origin):
        raise RuleError(
            N_("“%(name)s”没有登记跨省转入的权限，须由省、市、县（市、区）级党委登记。"),
            kind.route_rule,
            "registering",
            name=origin.name,
        )
    if not destination.path.startswith(origin.path):
        raise RuleError(
            N_("“%(name)s”不在“%(origin)s”范围内，请选择本组织范围内的支部。"),
            kind.route_rule,
            "destination",
            name=destination.name,
            origin=origin.name,
        )


def check_destination(kind: TransferKind, destination: Organization) -> None:
    """Refuse a destination that the kind does not allow; `RuleError` names the kind's rule (R13-R15)."""
    wanted = OrganizationKind(kind.destination_kind)
    if destination.kind is not wanted:
        raise RuleError(
            N_("“%(name)s”是%(kind)s，%(transfer)s的目的组织必须是%(wanted)s。"),
            kind.route_rule,
            "destination",
            name=destination.name,
            kind=destination.kind,
            transfer=Words(kind.name),
            wanted=wanted,
        )
    if not destination.is_active:
        raise RuleError(N_("“%(name)s”已停用，请另选。"), kind.route_rule, "destination", name=destination.name)


def plan_route(
    kind: TransferKind, origin: Organization, destination: Organization
) -> tuple[list[Stop], dict[int, Node]]:
    """The route of a new transfer and the organizations on it. Raises `RuleError` R12-R15."""
    check_ends(kind, origin, destination)
    lookup = load_lookup({origin.id, destination.id})
    return routes.plan(kind.rules, origin.id, destination.id, lookup), lookup


def origin_of(transfer: Transfer) -> Organization:
    """Where its route begins: the source branch; of a kind that enters the registering organization (R15)."""
    registering = transfer.submitting_organization
    return registering if transfer.kind.enters and registering is not None else transfer.source


def check_new_destination(transfer: Transfer, destination: Organization) -> None:
    """`check_ends` for a running transfer: what registered it was asked when it did (R16)."""
    if transfer.kind.enters:
        check_destination(transfer.kind, destination)
    else:
        check_ends(transfer.kind, transfer.source, destination)


def stop_of(step: Step) -> Stop:
    """The stop that a stored step stands for."""
    return Stop(step.stage, step.organization_id, step.side, step.level_unset, step.confirms, step.objects)


def plan_ahead(transfer: Transfer, kept: Sequence[Step], waiting: Step | None) -> list[Stop]:
    """What is ahead of a running transfer by the data of the day (R16). Raises `RuleError` R12-R15."""
    return plan_ahead_to(transfer, transfer.destination, kept, waiting)[0]


def plan_ahead_to(
    transfer: Transfer, destination: Organization, kept: Sequence[Step], waiting: Step | None
) -> tuple[list[Stop], dict[int, Node]]:
    """The same if it went to `destination`, and the organizations that the plan knows (R44)."""
    origin = origin_of(transfer)
    check_new_destination(transfer, destination)
    lookup = load_lookup({origin.id, destination.id})
    ahead = routes.replanned(
        transfer.kind.rules,
        [stop_of(step) for step in kept],
        stop_of(waiting) if waiting else None,
        origin.id,
        destination.id,
        lookup,
    )
    return ahead, lookup


def approvals_in_force(transfer: Transfer) -> list[Step]:
    """The steps whose approval stands, in order."""
    return [step for step in transfer.steps if step.state is StepState.DONE]
