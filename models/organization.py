"""Organizations (R1) and permission levels (R2, R4)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models import clock
from models.base import PATH_LENGTH, LabelledEnum, UtcDateTime, db, enum_type, ordered_text


class OrganizationKind(LabelledEnum):
    """R1: four kinds in the approving tree and four holding kinds outside it."""

    COMMITTEE = "committee", "党委"
    WORKING_COMMITTEE = "working_committee", "党工委"
    GENERAL_BRANCH = "general_branch", "党总支"
    BRANCH = "branch", "党支部"
    OUT_OF_PROVINCE = "out_of_province", "省外组织"
    SPECIAL = "special", "特殊组织"
    UNKNOWN = "unknown", "未知党组织"
    TEMPORARY = "temporary", "临时党组织"


COMMITTEE_KINDS = frozenset({OrganizationKind.COMMITTEE, OrganizationKind.WORKING_COMMITTEE})
HOLDING_KINDS = frozenset(
    {
        OrganizationKind.OUT_OF_PROVINCE,
        OrganizationKind.SPECIAL,
        OrganizationKind.UNKNOWN,
        OrganizationKind.TEMPORARY,
    }
)
CHILDLESS_KINDS = HOLDING_KINDS | {OrganizationKind.BRANCH}
_HOLDING = ", ".join(f"'{kind.value}'" for kind in sorted(HOLDING_KINDS))


class PermissionLevel(db.Model):
    """One 组织权限级别: a row that an administrator can see and change, not a constant (R2)."""

    __tablename__ = "permission_level"
    __table_args__ = (CheckConstraint("rank BETWEEN 1 AND 99", name="rank"),)

    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    approves_committee: Mapped[bool] = mapped_column(default=False)
    approves_leaving: Mapped[bool] = mapped_column(default=False)
    registers_entering: Mapped[bool] = mapped_column(default=False)
    set_from_above: Mapped[bool] = mapped_column(default=False)
    """R5: only an organization strictly above, or a provincial admin, sets this level."""
    is_subordinate: Mapped[bool] = mapped_column(default=False)
    """R5: the level of branches and general branches, which alone may stand under itself."""
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    def __str__(self) -> str:
        return self.name


class Organization(db.Model):
    """One party organization. `path` is the materialized path that makes a subtree one indexed range."""

    __tablename__ = "organization"
    __table_args__ = (
        CheckConstraint(f"kind NOT IN ({_HOLDING}) OR (parent_id IS NULL AND level_rank IS NULL)", name="holding"),
        CheckConstraint("parent_id <> id", name="own_parent"),
        Index("ix_organization_parent_id_name", "parent_id", "name"),
        Index("ix_organization_name", "name"),
        {"sqlite_autoincrement": True},  # the audit log names ids of deleted rows: none is used twice
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(ordered_text(40), unique=True)
    name: Mapped[str] = mapped_column(ordered_text(120))
    kind: Mapped[OrganizationKind] = mapped_column(enum_type(OrganizationKind))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"))
    path: Mapped[str] = mapped_column(ordered_text(PATH_LENGTH), default="", index=True)
    level_rank: Mapped[int | None] = mapped_column(ForeignKey("permission_level.rank"), index=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    contact_name: Mapped[str] = mapped_column(String(60), default="")
    contact_phone: Mapped[str] = mapped_column(String(40), default="")
    sms_digest: Mapped[bool] = mapped_column(default=False, server_default=false())
    """One message for many arrivals (R32)."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, onupdate=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    parent: Mapped[Organization | None] = relationship(remote_side="Organization.id", lazy="raise_on_sql")
    level: Mapped[PermissionLevel | None] = relationship(lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}

    @property
    def is_holding(self) -> bool:
        return self.kind in HOLDING_KINDS

    def __str__(self) -> str:
        return self.name
