"""Letters of transfers that leave (R35-R36), receipts of those that enter (R42), and their numbers, month by month."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models import clock
from models.base import LabelledEnum, UtcDateTime, db, enum_type, new_key
from models.transfer import Transfer

_CURRENT = "state <> 'voided'"


class LetterState(LabelledEnum):
    """R35b: a draft may be edited; what is frozen was printed or approved; a void number is never used again."""

    DRAFT = "draft", "草稿"
    FROZEN = "frozen", "已定稿"
    VOIDED = "voided", "作废"


class Series(LabelledEnum):
    """What is numbered, each by itself."""

    LETTER = "letter", "介绍信"
    RECEIPT = "receipt", "回执"


class LetterNumber(db.Model):
    """The latest number of a month, ``YYYYMM``: drawn by locking this row, so that no two are alike (R35)."""

    __tablename__ = "letter_number"

    series: Mapped[Series] = mapped_column(enum_type(Series), primary_key=True)
    month: Mapped[str] = mapped_column(String(6), primary_key=True)
    latest: Mapped[int] = mapped_column()


class Seal(db.Model):
    """The picture of an organization's seal, placed on the letters that it lets leave."""

    __tablename__ = "seal"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, onupdate=clock.now)


class Letter(db.Model):
    """One 介绍信 with what the form says beside the transfer and the member; one of a transfer is in force."""

    __tablename__ = "letter"
    __table_args__ = (
        CheckConstraint("length(number) = 11", name="number"),
        CheckConstraint("valid_days BETWEEN 1 AND 180", name="valid_days"),
        CheckConstraint("(state = 'draft') = (frozen_at IS NULL AND voided_at IS NULL)", name="frozen"),
        CheckConstraint("(state = 'voided') = (voided_at IS NOT NULL)", name="voided"),
        Index(
            "uq_letter_current",
            "transfer_id",
            unique=True,
            sqlite_where=text(_CURRENT),
            postgresql_where=text(_CURRENT),
        ),
        Index("ix_letter_transfer_id", "transfer_id"),
        Index(
            "ix_letter_ends_on",
            "ends_on",
            sqlite_where=text("state = 'frozen'"),
            postgresql_where=text("state = 'frozen'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(24), unique=True, default=new_key)
    number: Mapped[str] = mapped_column(String(11), unique=True)
    """``YYYYMM`` and five digits counted within the month (R35)."""
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfer.id"))
    state: Mapped[LetterState] = mapped_column(enum_type(LetterState), default=LetterState.DRAFT)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id"))
    """The void one before it."""
    issuer_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    """The first committee-qualified organization: it sends the member off, and the receipt comes back to it."""
    county_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    """Whose seal the letter bears."""
    addressee: Mapped[str] = mapped_column(String(120))
    source_words: Mapped[str] = mapped_column(String(200))
    destination_words: Mapped[str] = mapped_column(String(200), default="")
    receipt_addressee: Mapped[str] = mapped_column(String(120))
    dated: Mapped[date] = mapped_column()
    valid_days: Mapped[int] = mapped_column(default=90)
    ends_on: Mapped[date | None] = mapped_column()
    """The last day of its validity, once it is frozen (R47)."""
    member_phone: Mapped[str] = mapped_column(String(40), default="")
    committee_address: Mapped[str] = mapped_column(String(200), default="")
    committee_phone: Mapped[str] = mapped_column(String(40), default="")
    committee_fax: Mapped[str] = mapped_column(String(40), default="")
    committee_postcode: Mapped[str] = mapped_column(String(10), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    frozen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    void_reason: Mapped[str] = mapped_column(Text, default="")
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    transfer: Mapped[Transfer] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}

    def __str__(self) -> str:
        return self.number


class ReturnReceipt(db.Model):
    """The 回执 that the receiving committee sends to where a member came from; one of a transfer, printed at will."""

    __tablename__ = "return_receipt"
    __table_args__ = (CheckConstraint("length(number) = 11", name="number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(11), unique=True)
    """``YYYYMM`` and five digits counted within the month, in a series of its own."""
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfer.id"), unique=True)
    issuer_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    name: Mapped[str] = mapped_column(String(60))
    """The member's name as it was then."""
    addressee: Mapped[str] = mapped_column(String(120))
    dated: Mapped[date] = mapped_column()
    clerk: Mapped[str] = mapped_column(String(60))
    """经办人: who printed it first; empty for a virtual admin account, to be signed by hand."""
    phone: Mapped[str] = mapped_column(String(40), default="")

    def __str__(self) -> str:
        return self.number
