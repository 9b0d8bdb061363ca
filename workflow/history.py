"""The history of a transfer: appending, and proving that nothing was changed (R31, R48)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from models import HistoryAction, HistoryEntry, Step, Transfer, clock, db
from workflow.policy import Actor

GENESIS = "0" * 64
_CONTENT = (
    "transfer_id",
    "sequence",
    "action",
    "rule",
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


def digest(entry: HistoryEntry) -> str:
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


def verify(transfer_id: int | None = None) -> Iterator[tuple[int, int, str]]:
    """(transfer id, sequence, what is wrong) for each entry that does not fit its chain; all transfers by default."""
    query = select(HistoryEntry).order_by(HistoryEntry.transfer_id, HistoryEntry.sequence)
    if transfer_id is not None:
        query = query.where(HistoryEntry.transfer_id == transfer_id)
    previous: HistoryEntry | None = None
    for entry in db.session.scalars(query.execution_options(yield_per=1000)):
        if previous is not None and previous.transfer_id != entry.transfer_id:
            previous = None
        if entry.sequence != (previous.sequence + 1 if previous else 1):
            yield entry.transfer_id, entry.sequence, "前面缺少留痕"
        elif entry.previous_hash != (previous.hash if previous else GENESIS):
            yield entry.transfer_id, entry.sequence, "与上一条留痕不相连"
        if entry.hash != digest(entry):
            yield entry.transfer_id, entry.sequence, "内容已被改动"
        previous = entry
