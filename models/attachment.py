"""What is attached to a transfer: the stub and the receipt of a letter, photos of one (R38, R42).

A row describes a file that lies elsewhere (workflow.storage); the file is there before its row is. A photo may come
before its transfer does: until 上报 it belongs to none, and to whoever uploaded it (R42).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models import clock
from models.base import LabelledEnum, UtcDateTime, db, enum_type, new_key
from models.transfer import Transfer

NAME_LENGTH = 120
STORED_LENGTH = 40


class AttachmentKind(LabelledEnum):
    """What it shows."""

    STUB = "stub", "介绍信存根联"
    RECEIPT = "receipt", "介绍信回执联"
    LETTER = "letter", "介绍信照片"


class MediaType(LabelledEnum):
    """The closed set of what may be attached, told by content and never by name."""

    JPEG = "image/jpeg", "JPEG"
    PNG = "image/png", "PNG"
    WEBP = "image/webp", "WebP"
    PDF = "application/pdf", "PDF"


class Attachment(db.Model):
    """One file of a transfer. Removing marks it; the row stays, the file goes at the next sweep."""

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint("size > 0", name="size"),
        # A picture has both measures, a PDF none.
        CheckConstraint("(width IS NULL) = (height IS NULL)", name="measures"),
        Index("ix_attachment_transfer_id_id", "transfer_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(24), unique=True, default=new_key)
    transfer_id: Mapped[int | None] = mapped_column(ForeignKey("transfer.id"))
    kind: Mapped[AttachmentKind] = mapped_column(enum_type(AttachmentKind))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    """What the uploader called it, cleaned: shown as text, and part of no path."""
    media_type: Mapped[MediaType] = mapped_column(enum_type(MediaType))
    size: Mapped[int] = mapped_column()
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the file as it is kept, in hex."""
    stored_as: Mapped[str] = mapped_column(String(STORED_LENGTH), unique=True)
    thumbnail_stored_as: Mapped[str | None] = mapped_column(String(STORED_LENGTH), unique=True)
    width: Mapped[int | None] = mapped_column()
    height: Mapped[int | None] = mapped_column()
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    uploader_name: Mapped[str] = mapped_column(String(60))
    uploader_organization_name: Mapped[str] = mapped_column(String(120), default="")
    """The uploader and the organization acted for, as both were called then."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    transfer: Mapped[Transfer | None] = relationship(lazy="raise_on_sql")

    @property
    def is_picture(self) -> bool:
        return self.media_type is not MediaType.PDF

    def __str__(self) -> str:
        return self.name
