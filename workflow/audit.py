"""Writing the audit log: who changed what, from what to what (R5, R49)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models import AuditEntry, AuditEvent, Organization, db
from workflow.actors import Actor

COMMAND_LINE = "命令行"
PRIVATE = frozenset({"id_number", "phone", "contact_phone"})
"""Fields of which the log keeps no value (R49)."""
_NOT_KEPT = "***"


def record(
    event: AuditEvent,
    actor: Actor | None,
    *,
    organization: Organization | None = None,
    subject: str = "",
    **details: Any,
) -> None:
    """Add one entry to the running transaction; `actor` None is the command line. No ID numbers, no phones."""
    db.session.add(
        AuditEntry(
            event=event,
            actor_id=actor.account_id if actor else None,
            actor_name=actor.name if actor else COMMAND_LINE,
            organization_id=organization.id if organization else None,
            organization_name=organization.name if organization else "",
            path=organization.path if organization else "",
            subject=subject,
            details=details,
        )
    )


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """field -> [old, new] for what differs; of what is private only that it does."""
    return {name: pair(name, before[name], value) for name, value in after.items() if before[name] != value}


def pair(name: str, old: Any, new: Any) -> list[Any]:
    """[old, new] of one field as the log keeps it."""
    return [_NOT_KEPT, _NOT_KEPT] if name in PRIVATE else [_plain(old), _plain(new)]


def values(row: Mapping[str, Any]) -> dict[str, Any]:
    """field -> value of a row that is made or deleted, without what is private."""
    return {name: _plain(value) for name, value in row.items() if name not in PRIVATE}


def _plain(value: Any) -> Any:
    """A value as JSON keeps it."""
    return value if value is None or isinstance(value, bool | int | str) else str(value)
