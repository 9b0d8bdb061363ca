"""Accounts, roles and role grants (spec §1, R7-R10)."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from models import clock
from models.base import PATH_LENGTH, LabelledEnum, UtcDateTime, db, enum_type, new_key, ordered_text
from models.organization import Organization
from models.person import Member


class RoleCode(LabelledEnum):
    """A secretary's grant is a record, never a permission (spec §1)."""

    LIAISON = "liaison", "联络员"
    SECRETARY = "secretary", "书记"
    AUDITOR = "auditor", "审计员"
    PROVINCIAL_ADMIN = "provincial_admin", "省级管理员"


def new_session_token() -> str:
    """A fresh token: replacing an account's ends all its sessions."""
    return secrets.token_hex(16)


class Account(db.Model):
    """Who signs in: a formal account belongs to a member, a virtual one to an organization."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("member_id IS NULL OR organization_id IS NULL", name="owner"),
        CheckConstraint("member_id IS NULL OR phone = ''", name="phone"),
        CheckConstraint("phone <> '' OR phone_activated_at IS NULL", name="activated_phone"),
        Index(
            "uq_account_active_phone",
            "phone",
            unique=True,
            sqlite_where=text("phone_activated_at IS NOT NULL"),
            postgresql_where=text("phone_activated_at IS NOT NULL"),
        ),
        Index("ix_account_org_path_id", "org_path", "id"),
        # What lists and pickers look for among very many others: closed accounts, accounts of no member.
        Index(
            "ix_account_closed",
            "org_path",
            "id",
            sqlite_where=text("is_active = 0"),
            postgresql_where=text("NOT is_active"),
        ),
        Index(
            "ix_account_not_formal",
            "username",
            sqlite_where=text("member_id IS NULL"),
            postgresql_where=text("member_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(24), unique=True, default=new_key)
    username: Mapped[str] = mapped_column(ordered_text(60), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    """argon2; without one nobody can sign in."""
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), unique=True)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"), index=True)
    org_path: Mapped[str] = mapped_column(ordered_text(PATH_LENGTH), default="", server_default="")
    """The path of the member's or the own organization, kept here so that a list of a subtree reads one index."""
    is_active: Mapped[bool] = mapped_column(default=True)
    phone: Mapped[str] = mapped_column(String(20), default="", server_default="")
    """R8: the phone of an account of no member; a formal account's is its member's."""
    phone_activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    password_is_initial: Mapped[bool] = mapped_column(default=False, server_default=false())
    session_token: Mapped[str] = mapped_column(String(32), default=new_session_token)
    last_signed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    member: Mapped[Member | None] = relationship(lazy="raise_on_sql")
    organization: Mapped[Organization | None] = relationship(lazy="raise_on_sql")
    grants: Mapped[list[RoleGrant]] = relationship(order_by="RoleGrant.id", lazy="raise_on_sql", viewonly=True)

    @validates("member", "organization")
    def _stand_with_owner(self, _name: str, owner: Member | Organization | None) -> Member | Organization | None:
        if owner is not None:
            self.org_path = owner.org_path if isinstance(owner, Member) else owner.path
        return owner

    @property
    def is_formal(self) -> bool:
        return self.member_id is not None

    def __str__(self) -> str:
        return self.username


class CodePurpose(LabelledEnum):
    BIND = "bind", "激活手机"
    SIGN_IN = "sign_in", "登录"


class PhoneCode(db.Model):
    """A code that was sent to a phone and has not been used (R6); a new one takes its place."""

    __tablename__ = "phone_code"
    __table_args__ = (UniqueConstraint("phone", "purpose", "holder"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[CodePurpose] = mapped_column(enum_type(CodePurpose))
    phone: Mapped[str] = mapped_column(String(20))
    holder: Mapped[str] = mapped_column(String(40), default="")
    """Whose phone it is to become; none where it signs in."""
    code_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    wrong: Mapped[int] = mapped_column(default=0)


class Role(db.Model):
    """The roles that can be granted; rows, so that a list or a filter can join them."""

    __tablename__ = "role"

    code: Mapped[RoleCode] = mapped_column(enum_type(RoleCode), primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)

    def __str__(self) -> str:
        return self.name


class RoleGrant(db.Model):
    """`account` holds `role` on `organization`; a provincial admin's grant may stand on none."""

    __tablename__ = "role_grant"
    __table_args__ = (
        UniqueConstraint("account_id", "organization_id", "role_code"),
        CheckConstraint("organization_id IS NOT NULL OR role_code = 'provincial_admin'", name="organization"),
        Index("ix_role_grant_organization_id_role_code", "organization_id", "role_code"),
        Index("ix_role_grant_role_code_account_id", "role_code", "account_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"))
    role_code: Mapped[RoleCode] = mapped_column(enum_type(RoleCode), ForeignKey("role.code"))
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    account: Mapped[Account] = relationship(lazy="raise_on_sql")
    organization: Mapped[Organization | None] = relationship(lazy="raise_on_sql")
