"""Introduction letters, return receipts and their numbers (R35-R36, R42)."""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0006"
down_revision = "0005"

CURRENT, FROZEN = "state <> 'voided'", "state = 'frozen'"


def upgrade() -> None:
    op.create_table(
        "letter_number",
        sa.Column(
            "series",
            sa.Enum("letter", "receipt", name="series", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("month", sa.String(length=6), nullable=False),
        sa.Column("latest", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", "month", name="pk_letter_number"),
    )
    op.create_table(
        "seal",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", models.base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name="fk_seal_organization_id"),
        sa.PrimaryKeyConstraint("organization_id", name="pk_seal"),
    )
    op.create_table(
        "letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=24), nullable=False),
        sa.Column("number", sa.String(length=11), nullable=False),
        sa.Column("transfer_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft", "frozen", "voided", name="letterstate", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("issuer_id", sa.Integer(), nullable=False),
        sa.Column("county_id", sa.Integer(), nullable=False),
        sa.Column("addressee", sa.String(length=120), nullable=False),
        sa.Column("source_words", sa.String(length=200), nullable=False),
        sa.Column("destination_words", sa.String(length=200), nullable=False),
        sa.Column("receipt_addressee", sa.String(length=120), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("valid_days", sa.Integer(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("member_phone", sa.String(length=40), nullable=False),
        sa.Column("committee_address", sa.String(length=200), nullable=False),
        sa.Column("committee_phone", sa.String(length=40), nullable=False),
        sa.Column("committee_fax", sa.String(length=40), nullable=False),
        sa.Column("committee_postcode", sa.String(length=10), nullable=False),
        sa.Column("created_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("frozen_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("voided_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=False),
        sa.Column("reminded_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(number) = 11", name="number"),
        sa.CheckConstraint("valid_days BETWEEN 1 AND 180", name="valid_days"),
        sa.CheckConstraint("(state = 'draft') = (frozen_at IS NULL AND voided_at IS NULL)", name="frozen"),
        sa.CheckConstraint("(state = 'voided') = (voided_at IS NOT NULL)", name="voided"),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"], name="fk_letter_transfer_id"),
        sa.ForeignKeyConstraint(["replaces_id"], ["letter.id"], name="fk_letter_replaces_id"),
        sa.ForeignKeyConstraint(["issuer_id"], ["organization.id"], name="fk_letter_issuer_id"),
        sa.ForeignKeyConstraint(["county_id"], ["organization.id"], name="fk_letter_county_id"),
        sa.PrimaryKeyConstraint("id", name="pk_letter"),
        sa.UniqueConstraint("key", name="uq_letter_key"),
        sa.UniqueConstraint("number", name="uq_letter_number"),
    )
    op.create_index(
        "uq_letter_current",
        "letter",
        ["transfer_id"],
        unique=True,
        sqlite_where=sa.text(CURRENT),
        postgresql_where=sa.text(CURRENT),
    )
    op.create_index("ix_letter_transfer_id", "letter", ["transfer_id"])
    op.create_index(
        "ix_letter_ends_on",
        "letter",
        ["ends_on"],
        sqlite_where=sa.text(FROZEN),
        postgresql_where=sa.text(FROZEN),
    )
    op.create_table(
        "return_receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=11), nullable=False),
        sa.Column("transfer_id", sa.Integer(), nullable=False),
        sa.Column("issuer_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("addressee", sa.String(length=120), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("clerk", sa.String(length=60), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.CheckConstraint("length(number) = 11", name="number"),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"], name="fk_return_receipt_transfer_id"),
        sa.ForeignKeyConstraint(["issuer_id"], ["organization.id"], name="fk_return_receipt_issuer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_return_receipt"),
        sa.UniqueConstraint("number", name="uq_return_receipt_number"),
        sa.UniqueConstraint("transfer_id", name="uq_return_receipt_transfer_id"),
    )


def downgrade() -> None:
    op.drop_table("return_receipt")
    op.drop_table("letter")
    op.drop_table("seal")
    op.drop_table("letter_number")
