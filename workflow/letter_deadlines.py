"""Letters whose receipt has not come back, and how near the end of their validity they are (R47)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import joinedload

from models import Letter, LetterState, Organization, Transfer, TransferState, clock, db
from workflow.actors import Actor

SOON = timedelta(days=7)
"""How long before the end of its validity a letter without a receipt is marked (R47)."""


def waiting_for_receipt(actor: Actor) -> Select[Letter]:
    """R47: the county's letters whose receipt has not come; those near or past their validity are first."""
    return (
        select(Letter)
        .join(Letter.transfer)
        .where(_waiting(), Letter.county_id.in_(actor.liaison_paths))
        .options(joinedload(Letter.transfer).joinedload(Transfer.member))
        .order_by(Letter.ends_on, Letter.id)
    )


def _waiting() -> ColumnElement[bool]:
    return (Letter.state == LetterState.FROZEN) & (Transfer.state == TransferState.IN_PROGRESS)


def _late() -> ColumnElement[bool]:
    return _waiting() & (Letter.ends_on <= clock.today() + SOON)


def late_to_remind(limit: int) -> list[tuple[Letter, Organization]]:
    """Late letters that nobody was reminded of yet, locked, each with its county (R47)."""
    rows = db.session.execute(
        select(Letter, Organization)
        .join(Letter.transfer)
        .join(Organization, Organization.id == Letter.county_id)
        .where(_late(), Letter.reminded_at.is_(None))
        .options(joinedload(Letter.transfer).joinedload(Transfer.member))
        .order_by(Letter.id)
        .limit(limit)
        .with_for_update(of=Letter, skip_locked=True)
    )
    return [(row[0], row[1]) for row in rows]


def is_late(letter: Letter) -> bool:
    """Near or past its validity."""
    return letter.state is LetterState.FROZEN and letter.ends_on is not None and letter.ends_on <= clock.today() + SOON
