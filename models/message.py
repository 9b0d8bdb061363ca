"""The outbox: every SMS that is to be sent, was sent, or could not be (R32, R47)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models import clock
from models.base import LabelledEnum, UtcDateTime, db, enum_type, new_key
from models.organization import Organization


class MessageKind(LabelledEnum):
    """What a message is about; each has its own sentence (workflow.outbox)."""

    CODE = "code", "验证码"
    ARRIVED = "arrived", "待办提醒"
    RETURNED = "returned", "退回提醒"
    ENDED = "ended", "办结提醒"
    UNBOUND = "unbound", "解绑提醒"
    REMINDER = "reminder", "超期提醒"
    URGE = "urge", "催办"
    DIGEST = "digest", "待办汇总"
    LETTER = "letter", "介绍信提醒"


class MessageState(LabelledEnum):
    """Dead: given up, until a provincial admin sends it once more."""

    WAITING = "waiting", "待发送"
    SENT = "sent", "已发送"
    DEAD = "dead", "发送失败"


# Written out, not as parameters: only so does SQLite know the condition of a partial index again.
WAITING = text("state = 'waiting'")
WAITING_CODE = text("state = 'waiting' AND kind = 'code'")
WAITING_DIGEST = text("state = 'waiting' AND kind = 'digest'")


class Message(db.Model):
    """One SMS to one phone. A row stays when it is sent or given up, but of a code nothing is kept then."""

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent"),
        # The first column is the same in all their rows: else SQLite prefers another index, where it can look one up.
        Index("ix_message_due", "state", "next_at", "id", sqlite_where=WAITING, postgresql_where=WAITING),
        Index("ix_message_due_code", "kind", "next_at", "id", sqlite_where=WAITING_CODE, postgresql_where=WAITING_CODE),
        Index(
            "ix_message_digest",
            "organization_id",
            "phone",
            "id",
            sqlite_where=WAITING_DIGEST,
            postgresql_where=WAITING_DIGEST,
        ),
        Index("ix_message_state_id", "state", "id"),
        Index("ix_message_kind_id", "kind", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(24), unique=True, default=new_key)
    """Names the message to the gateway too, which can tell by it what it has had before."""
    kind: Mapped[MessageKind] = mapped_column(enum_type(MessageKind))
    phone: Mapped[str] = mapped_column(String(20))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id", ondelete="SET NULL"), index=True)
    params: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What is filled into the sentence of the kind."""
    state: Mapped[MessageState] = mapped_column(enum_type(MessageState), default=MessageState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    """How often a sender took it up; so it also tells the latest of them from those before."""
    next_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until then a sender has it in hand; after that, it is taken for killed."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str] = mapped_column(String(200), default="")
    """Why the latest attempt failed; never with the phone or the code."""

    organization: Mapped[Organization | None] = relationship(lazy="raise_on_sql")

    @property
    def masked_phone(self) -> str:
        return f"{self.phone[:3]}****{self.phone[-4:]}"

    def __str__(self) -> str:
        return self.kind.label
