"""The planner over the database: which ends a kind allows (R13, R14) and what of the tree a plan needs."""

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


def check_ends(kind: TransferKind, source: Organization, destination: Organization) -> None:
    """Refuse ends that the kind does not allow; `RuleError` names the kind's rule (R13, R14)."""
    wanted = OrganizationKind(kind.destination_kind)
    if source.kind is not OrganizationKind.BRANCH:
        raise RuleError(
            N_("“%(name)s”是%(kind)s，不是党支部，不能从这里转出。"),
            kind.route_rule,
            "member",
            name=source.name,
            kind=source.kind,
        )
    if source.id == destination.id:
        raise RuleError(N_("目的支部不能与转出支部相同，请另选目的支部。"), kind.route_rule, "destination")
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
    kind: TransferKind, source: Organization, destination: Organization
) -> tuple[list[Stop], dict[int, Node]]:
    """The route of a new transfer and the organizations on it. Raises `RuleError` R12, R13, R14."""
    check_ends(kind, source, destination)
    lookup = load_lookup({source.id, destination.id})
    return routes.plan(kind.rules, source.id, destination.id, lookup), lookup


def stop_of(step: Step) -> Stop:
    """The stop that a stored step stands for."""
    return Stop(step.stage, step.organization_id, step.side, step.level_unset, step.confirms, step.objects)


def plan_ahead(transfer: Transfer, kept: Sequence[Step], waiting: Step | None) -> list[Stop]:
    """What is ahead of a running transfer by the data of the day (R16). Raises `RuleError` R12, R13."""
    kind = transfer.kind
    check_ends(kind, transfer.source, transfer.destination)
    return routes.replanned(
        kind.rules,
        [stop_of(step) for step in kept],
        stop_of(waiting) if waiting else None,
        transfer.source_id,
        transfer.destination_id,
        load_lookup({transfer.source_id, transfer.destination_id}),
    )


def approvals_in_force(transfer: Transfer) -> list[Step]:
    """The steps whose approval stands, in order."""
    return [step for step in transfer.steps if step.state is StepState.DONE]
