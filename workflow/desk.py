"""The desk of a liaison: what waits for them, what they have passed on, what is on its way to them (R33, R47)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select

from models import Step, StepState, Transfer, TransferState, clock, db
from models.prepared import BY_KEYS
from workflow import loading
from workflow.actors import Actor

COUNT_LIMIT = 100


def waits_for(actor: Actor, organization_ids: Collection[int] | None = None) -> ColumnElement[bool]:
    """Transfers that wait for an organization whose effective liaison the actor is, and on which the actor may act.

    The own transfer waits for another liaison, unless there is none (spec §6). `organization_ids` narrows it to some
    of the actor's organizations.
    """
    mine = _mine(actor, organization_ids)
    if not mine:
        return false()
    waiting = Transfer.waiting_organization_id
    if actor.member_id is None:
        return waiting.in_(mine)
    return and_(
        waiting.in_(mine), or_(Transfer.member_id != actor.member_id, waiting.in_(sorted(actor.sole_liaison_of)))
    )


def todo(actor: Actor, organization_ids: Collection[int] | None = None) -> Select[Transfer]:
    """待办, what has waited longest first."""
    return select(Transfer).where(waits_for(actor, organization_ids)).order_by(Transfer.arrived_at, Transfer.id)


def overdue(actor: Actor, organization_ids: Collection[int] | None = None) -> Select[Transfer]:
    """超期: of 待办, what has waited for longer than its kind's days (R47)."""
    return todo(actor, organization_ids).where(waited_too_long())


def passed(actor: Actor, organization_ids: Collection[int] | None = None) -> Select[Transfer]:
    """已办未结: what an organization of the actor's has passed on and has not ended (R33)."""
    return _on_the_way(actor, organization_ids, StepState.DONE)


def coming(actor: Actor, organization_ids: Collection[int] | None = None) -> Select[Transfer]:
    """即将到达: what is on its way and has an organization of the actor's ahead (R33)."""
    return _on_the_way(actor, organization_ids, StepState.COMING)


def waited_too_long() -> ColumnElement[bool]:
    """Transfers at a step that have waited there for longer than the days of their kind (R47)."""
    now = clock.now()
    late = [
        and_(Transfer.kind_code == code, Transfer.arrived_at < now - timedelta(days=kind.step_days))
        for code, kind in loading.transfer_kinds().items()
    ]
    return and_(Transfer.state == TransferState.IN_PROGRESS, or_(false(), *late))


def counts(queries: Sequence[Select[Any]], limit: int = COUNT_LIMIT) -> tuple[int, ...]:
    """How many each of some lists holds, counted up to `limit` (shown as "99+"), in one statement."""
    bounded = [query.with_only_columns(Transfer.id).order_by(None).limit(limit).subquery() for query in queries]
    counted = select(*(select(func.count()).select_from(rows).scalar_subquery() for rows in bounded))
    return tuple(db.session.execute(counted.execution_options(**BY_KEYS)).one())


def todo_count(actor: Actor, limit: int = COUNT_LIMIT) -> int:
    """How many wait, counted up to `limit`; costs nothing for whom nothing can wait."""
    return counts([todo(actor)], limit)[0] if actor.liaison_paths else 0


def _mine(actor: Actor, organization_ids: Collection[int] | None) -> list[int]:
    return sorted(
        set(actor.liaison_paths) if organization_ids is None else set(organization_ids) & set(actor.liaison_paths)
    )


def _on_the_way(actor: Actor, organization_ids: Collection[int] | None, state: StepState) -> Select[Transfer]:
    """Running transfers that wait elsewhere and have a step in `state` at one of the actor's own, newest first."""
    mine = _mine(actor, organization_ids)
    steps = select(Step.transfer_id).where(Step.is_open.is_(True), Step.organization_id.in_(mine), Step.state == state)
    return (
        select(Transfer)
        .where(
            Transfer.id.in_(steps.scalar_subquery()),
            Transfer.state == TransferState.IN_PROGRESS,
            Transfer.waiting_organization_id.not_in(mine),
        )
        .order_by(Transfer.applied_on.desc(), Transfer.id.desc())
    )
