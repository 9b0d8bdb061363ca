"""How a transfer is read for deciding: under its lock, with its steps and the names that refusals and history need."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import InstrumentedAttribute, contains_eager, defer, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.interfaces import ORMOption

from models import Member, Organization, Step, StepState, Transfer, TransferKind, db
from models.prepared import BY_KEYS
from workflow import policy
from workflow.actors import Actor

Row = TypeVar("Row")
PLACES = ("source", "destination", "current_organization", "submitting_organization")


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


def listed(query: Select[Transfer]) -> list[Transfer]:
    """The transfers of a list with what its rows show and offer, in a few statements however many they are.

    Of the steps only the waiting one is there. Organizations and kinds, which rows share, are read once each instead
    of being joined to every row. `query` may ask for what `Member` has.
    """
    shown = contains_eager(Transfer.member).load_only(Member.key, Member.name, Member.id_number_masked)
    rows = list(db.session.scalars(query.join(Transfer.member).options(shown, defer(Transfer.reason))))
    kinds = transfer_kinds()
    waiting = {
        step.transfer_id: step
        for step in _by_keys(Step, Step.transfer_id, {row.id for row in rows}, Step.state == StepState.CURRENT)
    }
    wanted = {getattr(row, f"{end}_id") for row in rows for end in PLACES} - {None}
    places = {organization.id: organization for organization in _by_keys(Organization, Organization.id, wanted)}
    for row in rows:
        set_committed_value(row, "kind", kinds[row.kind_code])
        for end in PLACES:
            set_committed_value(row, end, places.get(getattr(row, f"{end}_id")))
        step = waiting.get(row.id)
        set_committed_value(row, "steps", [step] if step else [])
        if step:
            set_committed_value(step, "organization", places[step.organization_id])
    return rows


def _by_keys(
    model: type[Row], column: InstrumentedAttribute[int], keys: Collection[int], *also: ColumnElement[bool]
) -> Iterable[Row]:
    if not keys:
        return ()
    return db.session.scalars(select(model).where(column.in_(sorted(keys)), *also).execution_options(**BY_KEYS))


def transfer_kinds() -> dict[str, TransferKind]:
    """The few transfer kinds by code, read once a session: nobody changes them while it runs."""
    known: dict[str, TransferKind] | None = db.session.info.get("transfer_kinds")
    if known is None:
        query = select(TransferKind).order_by(TransferKind.code).execution_options(**BY_KEYS)
        known = db.session.info["transfer_kinds"] = {kind.code: kind for kind in db.session.scalars(query)}
    return known


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
