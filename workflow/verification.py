"""What the QR code of a letter leads to: genuine, 作废 or unknown, to anybody who asks (R46)."""

from __future__ import annotations

import hmac

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models import Letter, LetterState, Organization, Transfer, db
from models.crypto import keyring


def signature(number: str) -> str:
    """What the QR code says beside the number, so that nobody can ask for numbers one after another (R46)."""
    return keyring().index(f"letter {number}")[:32]


def verified(number: str, signed: str) -> tuple[Letter, Organization, str] | None:
    """The letter, its county and the member's masked name, where number and signature belong together; else None."""
    if not hmac.compare_digest(signature(number).encode(), signed.encode()):
        return None
    row = db.session.execute(
        select(Letter, Organization)
        .join(Organization, Organization.id == Letter.county_id)
        .where(Letter.number == number, Letter.state != LetterState.DRAFT)
        .options(joinedload(Letter.transfer).joinedload(Transfer.member))
    ).one_or_none()
    return (row[0], row[1], masked_name(row[0].transfer.member.name)) if row else None


def masked_name(name: str) -> str:
    """林小雨 as 林**: the first character only."""
    return name[:1] + "*" * (len(name) - 1)
