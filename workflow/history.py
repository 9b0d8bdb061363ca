"""The history of a transfer: appending, and proving that nothing was changed (R31, R48)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, select

from models import HistoryAction, HistoryEntry, Organization, Step, Transfer, clock, db
from workflow.actors import Actor
from workflow.errors import N_

GENESIS = "0" * 64
_IN_PLACE = frozenset(
    (
        HistoryAction.REPLAN,
        HistoryAction.EDIT_LETTER,
        HistoryAction.PRINT_LETTER,
        HistoryAction.REISSUE_LETTER,
        HistoryAction.PRINT_RECEIPT,
    )
)
"""Written down without moving the transfer: its last action is the one before them (R26, R35b, R36)."""
_CONTENT = (
    "transfer_id",
    "sequence",
    "action",
    "rule",
    "path",
    "member_name",
    "actor_id",
    "actor_name",
    "actor_organization_id",
    "actor_organization_name",
    "from_stage",
    "from_organization_id",
    "from_organization_name",
    "to_stage",
    "to_organization_id",
    "to_organization_name",
    "opinion",
    "details",
)


def digest(entry: HistoryEntry | Row[Any]) -> str:
    """SHA-256 over the entry's content, its moment and the hash before it, as canonical JSON."""
    content = {name: getattr(entry, name) for name in _CONTENT}
    content["at"] = entry.at.isoformat(timespec="microseconds")
    content["previous"] = entry.previous_hash
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def append(
    transfer: Transfer,
    action: HistoryAction,
    rule: str,
    actor: Actor,
    *,
    acting_for: tuple[int | None, str] = (None, ""),
    before: Step | None = None,
    after: Step | None = None,
    opinion: str = "",
    details: dict[str, Any] | None = None,
) -> HistoryEntry:
    """Add one entry behind the last of `transfer` (which the caller has locked); names are kept as they are today.

    `acting_for` is the (id, name) of the organization in whose name the actor acts, `before` and `after` the waiting
    step before and after the action (None: at the applicant, or ended).
    """
    last = db.session.scalar(
        select(HistoryEntry)
        .where(HistoryEntry.transfer_id == transfer.id)
        .order_by(HistoryEntry.sequence.desc())
        .limit(1)
    )
    entry = HistoryEntry(
        transfer_id=transfer.id,
        sequence=last.sequence + 1 if last else 1,
        at=clock.now(),
        action=action,
        rule=rule,
        path=_place(transfer, acting_for[0], before),
        member_name=transfer.member.name,
        actor_id=actor.account_id,
        actor_name=actor.name,
        actor_organization_id=acting_for[0],
        actor_organization_name=acting_for[1],
        from_stage=before.stage if before else None,
        from_organization_id=before.organization_id if before else None,
        from_organization_name=before.organization.name if before else "",
        to_stage=after.stage if after else None,
        to_organization_id=after.organization_id if after else None,
        to_organization_name=after.organization.name if after else "",
        opinion=opinion,
        details=details or {},
        previous_hash=last.hash if last else GENESIS,
    )
    entry.hash = digest(entry)
    db.session.add(entry)
    return entry


def _place(transfer: Transfer, organization_id: int | None, before: Step | None) -> str:
    """The path of the organization that acts; where a provincial admin acts for none, of where the transfer waits."""
    organization = db.session.get(Organization, organization_id) if organization_id else None
    organization = organization or (before.organization if before else None)
    return organization.path if organization else transfer.source_path


# --- Proving that nothing was changed ----------------------------------------------------------------------------


class Break(NamedTuple):
    """An entry that does not fit its chain, and why; without an id where the whole chain is missing."""

    transfer_id: int
    sequence: int
    problem: str
    entry_id: int | None


class Batch(NamedTuple):
    """The chains that one call of `verify_batch` walked, up to transfer `last`; None: nothing was left."""

    last: int | None
    checked: int
    breaks: list[Break]


def verify(transfer_id: int | None = None) -> Iterator[tuple[int, int, str]]:
    """(transfer id, sequence, what is wrong) for each entry that does not fit its chain; all transfers by default."""
    query = _chains() if transfer_id is None else _chains().where(Transfer.id == transfer_id)
    for found in _breaks(db.session.execute(query.execution_options(yield_per=1000))):
        yield found[:3]


def verify_batch(after: int, transfers: int) -> Batch:
    """Walk the chains of so many transfers behind the one with the id `after`."""
    ids = select(Transfer.id).where(Transfer.id > after).order_by(Transfer.id)
    last = db.session.scalar(ids.offset(transfers - 1).limit(1)) or newest_transfer()
    if last <= after:
        return Batch(None, 0, [])
    rows = db.session.execute(_chains().where(Transfer.id > after, Transfer.id <= last)).all()
    return Batch(last, len(rows), list(_breaks(rows)))


def newest_transfer() -> int:
    """The id of the newest transfer, up to which a walk goes; 0 where there is none."""
    return db.session.scalar(select(func.max(Transfer.id))) or 0


def _chains() -> Select[Any]:
    """All that a proof reads, chain behind chain; a transfer without any history is one empty row."""
    columns = [getattr(HistoryEntry, name) for name in ("id", "at", "previous_hash", "hash", *_CONTENT)]
    stands = (
        Transfer.id.label("of"),
        Transfer.last_action.label("stands_after"),
        Transfer.current_organization_id.label("stands_at"),
    )
    joined = select(*stands, *columns).outerjoin(HistoryEntry, HistoryEntry.transfer_id == Transfer.id)
    return joined.order_by(Transfer.id, HistoryEntry.sequence)


def _breaks(rows: Iterable[Row[Any]]) -> Iterator[Break]:
    for _transfer, chain in groupby(rows, key=attrgetter("of")):
        yield from _breaks_of(list(chain))


def _breaks_of(chain: Sequence[Row[Any]]) -> Iterator[Break]:
    """What does not fit in one chain, which begins with its first entry and ends where its transfer stands."""
    previous: Row[Any] | None = None
    moved: HistoryAction | None = None
    sound = True
    for entry in chain:
        if entry.id is None:
            yield Break(entry.of, 1, N_("留痕全部缺失"), None)
            return
        if entry.sequence != (previous.sequence + 1 if previous else 1):
            yield _break(entry, N_("前面缺少留痕"))
        elif entry.previous_hash != (previous.hash if previous else GENESIS):
            yield _break(entry, N_("与上一条留痕不相连"))
        sound = entry.hash == digest(entry)
        if not sound:
            yield _break(entry, N_("内容已被改动"))
        previous = entry
        moved = moved if entry.action in _IN_PLACE else entry.action
    if previous is None or not sound:
        return
    if previous.to_organization_id != previous.stands_at or moved is not previous.stands_after:
        yield _break(previous, N_("后面缺少留痕"))


def _break(entry: Row[Any], problem: str) -> Break:
    return Break(entry.transfer_id, entry.sequence, problem, entry.id)
