"""What is attached to a transfer: stubs and receipts, photos of letters."""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0005"
down_revision = "0004"

KINDS = ("stub", "receipt", "letter")
MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp", "application/pdf")


def one_of(values: tuple[str, ...], name: str) -> sa.Enum:
    """Text held to `values` by a check constraint."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=24), nullable=False),
        sa.Column("transfer_id", sa.Integer(), nullable=True),
        sa.Column("kind", one_of(KINDS, "attachmentkind"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", one_of(MEDIA_TYPES, "mediatype"), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("stored_as", sa.String(length=40), nullable=False),
        sa.Column("thumbnail_stored_as", sa.String(length=40), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("uploaded_by_id", sa.Integer(), nullable=False),
        sa.Column("uploader_name", sa.String(length=60), nullable=False),
        sa.Column("uploader_organization_name", sa.String(length=120), nullable=False),
        sa.Column("created_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("removed_at", models.base.UtcDateTime(), nullable=True),
        sa.CheckConstraint("size > 0", name="size"),
        sa.CheckConstraint("(width IS NULL) = (height IS NULL)", name="measures"),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"], name="fk_attachment_transfer_id"),
        sa.ForeignKeyConstraint(["uploaded_by_id"], ["account.id"], name="fk_attachment_uploaded_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_attachment"),
        sa.UniqueConstraint("key", name="uq_attachment_key"),
        sa.UniqueConstraint("stored_as", name="uq_attachment_stored_as"),
        sa.UniqueConstraint("thumbnail_stored_as", name="uq_attachment_thumbnail_stored_as"),
    )
    op.create_index("ix_attachment_transfer_id_id", "attachment", ["transfer_id", "id"])
    op.create_index("ix_attachment_uploaded_by_id", "attachment", ["uploaded_by_id"])


def downgrade() -> None:
    op.drop_table("attachment")
