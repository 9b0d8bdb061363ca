"""The to-do list of a liaison: everything that waits for them (R33)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select

from models import Transfer, db
from workflow.policy import Actor

COUNT_LIMIT = 100


def waits_for(actor: Actor) -> ColumnElement[bool]:
    """Transfers that wait for an organization whose effective liaison the actor is, and on which the actor may act.

    The own transfer waits for another liaison, unless there is none (spec §6).
    """
    if not actor.liaison_paths:
        return false()
    waiting = Transfer.waiting_organization_id
    mine = waiting.in_(sorted(actor.liaison_paths))
    if actor.member_id is None:
        return mine
    return and_(mine, or_(Transfer.member_id != actor.member_id, waiting.in_(sorted(actor.sole_liaison_of))))


def todo(actor: Actor) -> Select[Transfer]:
    """待办, what has waited longest first."""
    return select(Transfer).where(waits_for(actor)).order_by(Transfer.arrived_at, Transfer.id)


def todo_count(actor: Actor, limit: int = COUNT_LIMIT) -> int:
    """How many wait, counted up to `limit` (shown as "99+")."""
    bounded = select(Transfer.id).where(waits_for(actor)).limit(limit).subquery()
    return db.session.scalar(select(func.count()).select_from(bounded)) or 0
