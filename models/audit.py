"""The audit log: what changes data or permissions, append-only like history (R5, R49)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models import clock
from models.base import PATH_LENGTH, LabelledEnum, UtcDateTime, db, enum_type, ordered_text, place_indexes


class AuditEvent(LabelledEnum):
    """What the audit log may say; a closed set."""

    LEVEL_SET = "level_set", "设置权限级别"
    LEVEL_CHANGED = "level_changed", "修改级别资格"
    ORGANIZATION_CREATED = "organization_created", "新增组织"
    ORGANIZATION_CHANGED = "organization_changed", "修改组织"
    ORGANIZATION_MOVED = "organization_moved", "变更上级组织"
    ORGANIZATION_DELETED = "organization_deleted", "删除组织"
    MEMBER_CREATED = "member_created", "新增党员"
    MEMBER_CHANGED = "member_changed", "修改党员"
    MEMBER_DELETED = "member_deleted", "删除党员"
    MEMBER_CORRECTED = "member_corrected", "更正所在组织"
    ID_NUMBER_READ = "id_number_read", "查看身份证号"
    ACCOUNT_CREATED = "account_created", "新增账号"
    PASSWORD_SET = "password_set", "设置密码"
    SEAL_CHANGED = "seal_changed", "更换印章"
    PHONE_BOUND = "phone_bound", "激活手机"
    PHONE_UNBOUND = "phone_unbound", "手机解绑"
    PHONE_CLEARED = "phone_cleared", "清空手机号码"
    ROLE_GRANTED = "role_granted", "角色赋权"
    ROLE_REVOKED = "role_revoked", "撤销赋权"
    ACCOUNT_CLOSED = "account_closed", "停用账号"
    ACCOUNT_REOPENED = "account_reopened", "启用账号"
    SESSIONS_ENDED = "sessions_ended", "退出全部登录"
    SIGNED_IN = "signed_in", "登录"
    SIGN_IN_FAILED = "sign_in_failed", "登录失败"
    SIGNED_OUT = "signed_out", "退出"
    RECORD_CREATED = "record_created", "新增数据"
    RECORD_CHANGED = "record_changed", "修改数据"
    RECORD_DELETED = "record_deleted", "删除数据"
    EXPORTED = "exported", "导出"
    DATA_IMPORTED = "data_imported", "导入数据"
    MESSAGE_RESENT = "message_resent", "重发短信"
    ATTACHMENT_ADDED = "attachment_added", "上传附件"
    ATTACHMENT_REMOVED = "attachment_removed", "移除附件"
    MEMBER_LOOKED_UP = "member_looked_up", "按身份证号查找"


class AuditEntry(db.Model):
    """One event: who (name as it was), what, on which organization or object; values before and after."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_at_id", "at", "id"),
        Index("ix_audit_entry_event_at_id", "event", "at", "id"),
        Index("ix_audit_entry_actor_name_at_id", "actor_name", "at", "id"),
        *place_indexes("audit_entry", ("at", "id")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    event: Mapped[AuditEvent] = mapped_column(enum_type(AuditEvent))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    """None: the command line."""
    actor_name: Mapped[str] = mapped_column(ordered_text(60))
    organization_id: Mapped[int | None] = mapped_column(index=True)
    """Not a foreign key: the entry outlives a deleted organization."""
    organization_name: Mapped[str] = mapped_column(String(120), default="")
    path: Mapped[str] = mapped_column(ordered_text(PATH_LENGTH), default="")
    """The path of the organization as it was then: it says who may read the entry. "": it concerns none."""
    subject: Mapped[str] = mapped_column(String(120), default="")
    """The object's own name: a member's name, a username, a level; never an ID number or a phone."""
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
