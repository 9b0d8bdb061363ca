"""Party members. Their ID numbers are encrypted; lists show the masked form (design §2)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models import clock
from models.base import PATH_LENGTH, LabelledEnum, UtcDateTime, db, enum_type, new_key, ordered_text
from models.crypto import keyring
from models.organization import Organization


class Gender(LabelledEnum):
    MALE = "male", "男"
    FEMALE = "female", "女"


class MemberCategory(LabelledEnum):
    FULL = "full", "正式"
    PROBATIONARY = "probationary", "预备"


class MemberStatus(LabelledEnum):
    """R19a: only 正常 may apply."""

    NORMAL = "normal", "正常"
    SUSPENDED = "suspended", "停止党籍"
    REMOVED = "removed", "除名"
    EXPELLED = "expelled", "出党"
    DECEASED = "deceased", "已故"
    LOST_CONTACT = "lost_contact", "失联"


def masked_id_number(clear: str) -> str:
    """``350102********1234``: region and last four only."""
    return f"{clear[:6]}********{clear[-4:]}"


class Member(db.Model):
    """One party member; the organization changes only through a completed transfer (R28, R32a)."""

    __tablename__ = "member"
    __table_args__ = (
        CheckConstraint("phone <> '' OR phone_activated_at IS NULL", name="activated_phone"),
        Index(
            "uq_member_active_phone",
            "phone",
            unique=True,
            sqlite_where=text("phone_activated_at IS NOT NULL"),
            postgresql_where=text("phone_activated_at IS NOT NULL"),
        ),
        Index("ix_member_org_path_id", "org_path", "id"),
        Index("ix_member_name_id", "name", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(24), unique=True, default=new_key)
    name: Mapped[str] = mapped_column(ordered_text(60))
    id_number_sealed: Mapped[str] = mapped_column(String(200))
    id_number_index: Mapped[str] = mapped_column(String(64), unique=True)
    id_number_masked: Mapped[str] = mapped_column(String(18))
    gender: Mapped[Gender] = mapped_column(enum_type(Gender))
    ethnicity: Mapped[str] = mapped_column(String(20))
    category: Mapped[MemberCategory] = mapped_column(enum_type(MemberCategory))
    status: Mapped[MemberStatus] = mapped_column(enum_type(MemberStatus), default=MemberStatus.NORMAL)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    org_path: Mapped[str] = mapped_column(ordered_text(PATH_LENGTH))
    """The path of the organization, kept here so that a list of a subtree reads one index."""
    phone: Mapped[str] = mapped_column(String(20), default="", index=True)
    phone_activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """R6: when the phone was bound; a formal account is activated through its member's phone."""
    joined_on: Mapped[date | None] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, onupdate=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}

    @property
    def id_number(self) -> str:
        """The 18 characters in clear: for letters and for those whose duty needs it, never for a list."""
        return keyring().open(self.id_number_sealed)

    @id_number.setter
    def id_number(self, clear: str) -> None:
        ring = keyring()
        self.id_number_sealed = ring.seal(clear)
        self.id_number_index = ring.index(clear)
        self.id_number_masked = masked_id_number(clear)

    @property
    def masked_phone(self) -> str:
        return f"{self.phone[:3]}****{self.phone[-4:]}" if self.phone else ""

    def __str__(self) -> str:
        return self.name
