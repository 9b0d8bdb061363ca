"""Failures to sign in under one username: what the growing delay is counted by."""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "sign_in_failures",
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("latest_at", models.base.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("mark", name="pk_sign_in_failures"),
    )
    op.create_index("ix_sign_in_failures_latest_at", "sign_in_failures", ["latest_at"])


def downgrade() -> None:
    op.drop_table("sign_in_failures")
