"""How a transfer is read for deciding: under its lock, with its steps and the names that refusals and history need."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from models import Step, Transfer, TransferKind, db
from workflow import policy
from workflow.actors import Actor


def decision_options() -> tuple[ORMOption, ...]:
    """Loader options for everything that `actions` and `policy` look at."""
    return (
        joinedload(Transfer.member),
        joinedload(Transfer.source),
        joinedload(Transfer.destination),
        joinedload(Transfer.current_organization),
        joinedload(Transfer.submitting_organization),
        joinedload(Transfer.kind),
        selectinload(Transfer.steps).joinedload(Step.organization),
    )


def locked_transfer(key: str) -> Transfer | None:
    """The transfer with this key, re-read under a row lock (on SQLite the write transaction is the lock)."""
    # In a statement of its own: one that had to wait for the lock would join what stood there before the wait.
    db.session.execute(select(Transfer.id).where(Transfer.key == key).with_for_update())
    return db.session.scalar(
        select(Transfer)
        .where(Transfer.key == key)
        .options(*decision_options(), joinedload(Transfer.kind).selectinload(TransferKind.rules))
        .execution_options(populate_existing=True)
    )


def transfers_by_key(keys: Collection[str], actor: Actor) -> Sequence[Transfer]:
    """Those of the transfers with these keys that the actor may see, ready for deciding."""
    query = select(Transfer).where(Transfer.key.in_(keys), policy.transfers_visible(actor))
    return db.session.scalars(query.options(*decision_options()).order_by(Transfer.id)).all()
