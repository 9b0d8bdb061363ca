"""The outbox of SMS: what waits, what was sent, what could not be."""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0004"
down_revision = "0003"

KINDS = ("code", "arrived", "returned", "ended", "unbound", "reminder", "urge", "digest", "letter")
STATES = ("waiting", "sent", "dead")
PARTIAL = (
    ("due", ["state", "next_at", "id"], sa.text("state = 'waiting'")),
    ("due_code", ["kind", "next_at", "id"], sa.text("state = 'waiting' AND kind = 'code'")),
    ("digest", ["organization_id", "phone", "id"], sa.text("state = 'waiting' AND kind = 'digest'")),
)


def one_of(values: tuple[str, ...], name: str) -> sa.Enum:
    """Text held to `values` by a check constraint."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=24), nullable=False),
        sa.Column("kind", one_of(KINDS, "messagekind"), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("state", one_of(STATES, "messagestate"), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("claimed_until", models.base.UtcDateTime(), nullable=True),
        sa.Column("created_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("sent_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("last_error", sa.String(length=200), nullable=False),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_message_account_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_message_organization_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.UniqueConstraint("key", name="uq_message_key"),
    )
    op.create_index("ix_message_account_id", "message", ["account_id"])
    op.create_index("ix_message_organization_id", "message", ["organization_id"])
    op.create_index("ix_message_kind_id", "message", ["kind", "id"])
    op.create_index("ix_message_state_id", "message", ["state", "id"])
    for name, columns, condition in PARTIAL:
        op.create_index(f"ix_message_{name}", "message", columns, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    op.drop_table("message")
