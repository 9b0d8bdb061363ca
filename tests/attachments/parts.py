"""Attaching in the tests' words, and what stands in the store and in the database afterwards."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

from sqlalchemy import select

from models import Attachment, AttachmentKind, AuditEntry, Transfer, clock, db
from tests.attachments import files
from tests.world import Person
from workflow import attachments
from workflow.storage import Storage

COUNTY = "鼓楼区委"
STUB, RECEIPT, LETTER = AttachmentKind.STUB, AttachmentKind.RECEIPT, AttachmentKind.LETTER


def attach(
    person: Person,
    transfer: Transfer,
    store: Storage,
    kind: AttachmentKind = STUB,
    *,
    name: str = "存根.jpg",
    content: bytes | None = None,
) -> Attachment:
    """One file by the door that the pages use."""
    stream = BytesIO(files.picture() if content is None else content)
    return attachments.upload(transfer.key, kind, person.actor, name, stream, store)


def rows() -> list[Attachment]:
    """Every attachment, removed ones too, as they stand in the database now."""
    db.session.commit()
    return list(db.session.scalars(select(Attachment).order_by(Attachment.id)))


def traces() -> list[tuple[str, str, str, str]]:
    """What the audit log says of attachments: event, who, organization, kind."""
    db.session.commit()
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [
        (entry.event.value, entry.actor_name, entry.organization_name, entry.details["attachment"])
        for entry in entries
        if entry.event.value.startswith("attachment_")
    ]


def stored(folder: Path) -> list[str]:
    """The names of the files in a folder that is a store."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def age(folder: Path, hours: float = 25) -> None:
    """Make every file in the folder so old."""
    then: datetime = clock.now() - timedelta(hours=hours)
    for name in stored(folder):
        os.utime(folder / name, (then.timestamp(), then.timestamp()))
