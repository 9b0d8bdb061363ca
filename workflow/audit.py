"""Writing the audit log: who changed what, from what to what (R5, R49). Reading it is a later desk."""

from __future__ import annotations

from typing import Any

from models import AuditEntry, AuditEvent, Organization, db
from workflow.policy import Actor

COMMAND_LINE = "命令行"


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
            subject=subject,
            details=details,
        )
    )


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """field -> [old, new] for what differs."""
    return {name: [before[name], value] for name, value in after.items() if before[name] != value}
