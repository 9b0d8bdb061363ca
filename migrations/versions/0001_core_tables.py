"""The core tables: organizations, people, accounts, transfers; history and audit log that only grow."""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0001"
down_revision = None

ROLES = ("liaison", "secretary", "auditor", "provincial_admin")
ORGANIZATION_KINDS = (
    "committee",
    "working_committee",
    "general_branch",
    "branch",
    "out_of_province",
    "special",
    "unknown",
    "temporary",
)
WALKS = ("up", "down", "stop")
ANCHORS = ("source", "destination", "last")
SIDES = ("source", "both", "destination")
QUALIFICATIONS = ("committee", "leaving")
STAGES = (
    "source_branch",
    "source_general_branch",
    "source_committee",
    "committee",
    "destination_committee",
    "destination_general_branch",
    "destination_branch",
    "leaving_approval",
    "leaving_confirmation",
    "entering_application",
    "entering_approval",
    "confirmation",
)
GENDERS = ("male", "female")
CATEGORIES = ("full", "probationary")
STATUSES = ("normal", "suspended", "removed", "expelled", "deceased", "lost_contact")
AUDIT_EVENTS = (
    "level_set",
    "level_changed",
    "organization_created",
    "organization_changed",
    "organization_moved",
    "organization_deleted",
    "member_created",
    "member_changed",
    "member_deleted",
    "member_corrected",
    "id_number_read",
    "account_created",
    "password_set",
    "seal_changed",
    "phone_bound",
    "phone_unbound",
    "phone_cleared",
    "role_granted",
    "role_revoked",
    "account_closed",
    "account_reopened",
    "sessions_ended",
    "signed_in",
    "sign_in_failed",
    "signed_out",
    "record_created",
    "record_changed",
    "record_deleted",
    "exported",
    "data_imported",
    "message_resent",
    "attachment_added",
    "attachment_removed",
    "member_looked_up",
)
STATES = ("in_progress", "withdrawn", "rejected", "completed", "voided")
ACTIONS = (
    *("submit", "resubmit", "approve", "reject", "withdraw", "void", "confirm", "object", "reassign", "replan"),
    *("edit_letter", "print_letter", "reissue_letter", "print_receipt"),
)
STEP_STATES = ("done", "current", "coming")

TABLES = (
    "permission_level",
    "role",
    "transfer_kind",
    "organization",
    "stage_rule",
    "member",
    "account",
    "phone_code",
    "audit_entry",
    "role_grant",
    "transfer",
    "history_entry",
    "step",
)
APPEND_ONLY = ("history_entry", "audit_entry")


def one_of(values: tuple[str, ...], name: str) -> sa.Enum:
    """Text held to `values` by a check constraint."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "permission_level",
        sa.Column("rank", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("approves_committee", sa.Boolean(), nullable=False),
        sa.Column("approves_leaving", sa.Boolean(), nullable=False),
        sa.Column("registers_entering", sa.Boolean(), nullable=False),
        sa.Column("set_from_above", sa.Boolean(), nullable=False),
        sa.Column("is_subordinate", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("rank BETWEEN 1 AND 99", name="rank"),
        sa.PrimaryKeyConstraint("rank", name="pk_permission_level"),
        sa.UniqueConstraint("name", name="uq_permission_level_name"),
    )
    op.create_table(
        "role",
        sa.Column("code", one_of(ROLES, "rolecode"), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_role"),
        sa.UniqueConstraint("name", name="uq_role_name"),
    )
    op.create_table(
        "transfer_kind",
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("destination_kind", sa.String(length=32), nullable=False),
        sa.Column("route_rule", sa.String(length=8), nullable=False),
        sa.Column("needs_letter", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("enters", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("step_days", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_transfer_kind"),
        sa.UniqueConstraint("name", name="uq_transfer_kind_name"),
    )
    op.create_table(
        "organization",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", models.base.ordered_text(40), nullable=False),
        sa.Column("name", models.base.ordered_text(120), nullable=False),
        sa.Column("kind", one_of(ORGANIZATION_KINDS, "organizationkind"), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("path", models.base.ordered_text(160), nullable=False),
        sa.Column("level_rank", sa.Integer(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("contact_name", sa.String(length=60), nullable=False),
        sa.Column("contact_phone", sa.String(length=40), nullable=False),
        sa.Column("sms_digest", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("updated_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind NOT IN ('out_of_province', 'special', 'temporary', 'unknown') OR (parent_id IS NULL AND level_rank IS NULL)",
            name="holding",
        ),
        sa.CheckConstraint("parent_id <> id", name="own_parent"),
        sa.ForeignKeyConstraint(["level_rank"], ["permission_level.rank"], name="fk_organization_level_rank"),
        sa.ForeignKeyConstraint(["parent_id"], ["organization.id"], name="fk_organization_parent_id"),
        sa.PrimaryKeyConstraint("id", name="pk_organization"),
        sa.UniqueConstraint("code", name="uq_organization_code"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_organization_level_rank", "organization", ["level_rank"])
    op.create_index("ix_organization_name", "organization", ["name"])
    op.create_index("ix_organization_parent_id_name", "organization", ["parent_id", "name"])
    op.create_index("ix_organization_path", "organization", ["path"])

    op.create_table(
        "stage_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind_code", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("walk", one_of(WALKS, "walk"), nullable=False),
        sa.Column("anchor", one_of(ANCHORS, "anchor"), nullable=False),
        sa.Column("side", one_of(SIDES, "side"), nullable=False),
        sa.Column("until", one_of(QUALIFICATIONS, "qualification"), nullable=True),
        sa.Column("branch_stage", one_of(STAGES, "branch_stage"), nullable=True),
        sa.Column("general_branch_stage", one_of(STAGES, "general_branch_stage"), nullable=True),
        sa.Column("committee_stage", one_of(STAGES, "committee_stage"), nullable=True),
        sa.Column("last_stage", one_of(STAGES, "last_stage"), nullable=True),
        sa.Column("shared_stage", one_of(STAGES, "shared_stage"), nullable=True),
        sa.Column("confirms", sa.Boolean(), nullable=False),
        sa.Column("objects", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(walk = 'stop') = (until IS NULL)", name="until"),
        sa.ForeignKeyConstraint(["kind_code"], ["transfer_kind.code"], name="fk_stage_rule_kind_code"),
        sa.PrimaryKeyConstraint("id", name="pk_stage_rule"),
        sa.UniqueConstraint("kind_code", "position", name="uq_stage_rule_kind_code_position"),
    )
    op.create_table(
        "member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=24), nullable=False),
        sa.Column("name", models.base.ordered_text(60), nullable=False),
        sa.Column("id_number_sealed", sa.String(length=200), nullable=False),
        sa.Column("id_number_index", sa.String(length=64), nullable=False),
        sa.Column("id_number_masked", sa.String(length=18), nullable=False),
        sa.Column("gender", one_of(GENDERS, "gender"), nullable=False),
        sa.Column("ethnicity", sa.String(length=20), nullable=False),
        sa.Column("category", one_of(CATEGORIES, "membercategory"), nullable=False),
        sa.Column("status", one_of(STATUSES, "memberstatus"), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("org_path", models.base.ordered_text(160), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("phone_activated_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column("created_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("updated_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("phone <> '' OR phone_activated_at IS NULL", name="activated_phone"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name="fk_member_organization_id"),
        sa.PrimaryKeyConstraint("id", name="pk_member"),
        sa.UniqueConstraint("id_number_index", name="uq_member_id_number_index"),
        sa.UniqueConstraint("key", name="uq_member_key"),
    )
    op.create_index("ix_member_name_id", "member", ["name", "id"])
    op.create_index("ix_member_org_path_id", "member", ["org_path", "id"])
    op.create_index("ix_member_organization_id", "member", ["organization_id"])
    op.create_index("ix_member_phone", "member", ["phone"])
    op.create_index(
        "uq_member_active_phone",
        "member",
        ["phone"],
        unique=True,
        sqlite_where=sa.text("phone_activated_at IS NOT NULL"),
        postgresql_where=sa.text("phone_activated_at IS NOT NULL"),
    )

    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=24), nullable=False),
        sa.Column("username", models.base.ordered_text(60), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("org_path", models.base.ordered_text(160), server_default="", nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("phone", sa.String(length=20), server_default="", nullable=False),
        sa.Column("phone_activated_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("password_is_initial", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("session_token", sa.String(length=32), nullable=False),
        sa.Column("last_signed_in_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("created_at", models.base.UtcDateTime(), nullable=False),
        sa.CheckConstraint("member_id IS NULL OR organization_id IS NULL", name="owner"),
        sa.CheckConstraint("member_id IS NULL OR phone = ''", name="phone"),
        sa.CheckConstraint("phone <> '' OR phone_activated_at IS NULL", name="activated_phone"),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_account_member_id"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name="fk_account_organization_id"),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("key", name="uq_account_key"),
        sa.UniqueConstraint("member_id", name="uq_account_member_id"),
        sa.UniqueConstraint("username", name="uq_account_username"),
    )
    op.create_index("ix_account_org_path_id", "account", ["org_path", "id"])
    op.create_index(
        "uq_account_active_phone",
        "account",
        ["phone"],
        unique=True,
        sqlite_where=sa.text("phone_activated_at IS NOT NULL"),
        postgresql_where=sa.text("phone_activated_at IS NOT NULL"),
    )
    op.create_index("ix_account_organization_id", "account", ["organization_id"])
    op.create_index(
        "ix_account_closed",
        "account",
        ["org_path", "id"],
        sqlite_where=sa.text("is_active = 0"),
        postgresql_where=sa.text("NOT is_active"),
    )
    op.create_index(
        "ix_account_not_formal",
        "account",
        ["username"],
        sqlite_where=sa.text("member_id IS NULL"),
        postgresql_where=sa.text("member_id IS NULL"),
    )

    op.create_table(
        "phone_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("purpose", one_of(("bind", "sign_in"), "codepurpose"), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("holder", sa.String(length=40), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_phone_code"),
        sa.UniqueConstraint("phone", "purpose", "holder", name="uq_phone_code_phone_purpose_holder"),
    )

    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", models.base.UtcDateTime(), nullable=False),
        sa.Column("event", one_of(AUDIT_EVENTS, "auditevent"), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", models.base.ordered_text(60), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("organization_name", sa.String(length=120), nullable=False),
        sa.Column("path", models.base.ordered_text(160), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["account.id"], name="fk_audit_entry_actor_id"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entry"),
    )
    op.create_index("ix_audit_entry_actor_id", "audit_entry", ["actor_id"])
    op.create_index("ix_audit_entry_actor_name_at_id", "audit_entry", ["actor_name", "at", "id"])
    op.create_index("ix_audit_entry_at_id", "audit_entry", ["at", "id"])
    op.create_index("ix_audit_entry_event_at_id", "audit_entry", ["event", "at", "id"])
    op.create_index("ix_audit_entry_organization_id", "audit_entry", ["organization_id"])
    create_place_indexes("audit_entry", range(2, 8), ["at", "id"])

    op.create_table(
        "role_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("role_code", one_of(ROLES, "rolecode"), nullable=False),
        sa.Column("granted_at", models.base.UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "organization_id IS NOT NULL OR role_code = 'provincial_admin'", name="organization"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_role_grant_account_id"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name="fk_role_grant_organization_id"),
        sa.ForeignKeyConstraint(["role_code"], ["role.code"], name="fk_role_grant_role_code"),
        sa.PrimaryKeyConstraint("id", name="pk_role_grant"),
        sa.UniqueConstraint(
            "account_id", "organization_id", "role_code", name="uq_role_grant_account_id_organization_id_role_code"
        ),
    )
    op.create_index("ix_role_grant_organization_id_role_code", "role_grant", ["organization_id", "role_code"])
    op.create_index("ix_role_grant_role_code_account_id", "role_grant", ["role_code", "account_id"])

    op.create_table(
        "transfer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=24), nullable=False),
        sa.Column("kind_code", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("state", one_of(STATES, "transferstate"), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("source_path", models.base.ordered_text(160), nullable=False),
        sa.Column("destination_id", sa.Integer(), nullable=False),
        sa.Column("destination_path", models.base.ordered_text(160), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("addressee", sa.String(length=120), server_default="", nullable=False),
        sa.Column("destination_unit", sa.String(length=200), server_default="", nullable=False),
        sa.Column("previous_area", sa.String(length=6), server_default="", nullable=False),
        sa.Column("previous_area_name", sa.String(length=60), server_default="", nullable=False),
        sa.Column("previous_branch", sa.String(length=120), server_default="", nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("dues_paid_until", sa.String(length=7), nullable=False),
        sa.Column("submitted_by_id", sa.Integer(), nullable=False),
        sa.Column("submitting_organization_id", sa.Integer(), nullable=True),
        sa.Column("current_organization_id", sa.Integer(), nullable=True),
        sa.Column("waiting_organization_id", sa.Integer(), nullable=True),
        sa.Column("last_action", one_of(ACTIONS, "historyaction"), nullable=False),
        sa.Column("last_organization_id", sa.Integer(), nullable=True),
        sa.Column("arrived_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("reminded_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("urged_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("created_at", models.base.UtcDateTime(), nullable=False),
        sa.Column("ended_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'in_progress') = (current_organization_id IS NOT NULL)", name="current"
        ),
        sa.CheckConstraint(
            "length(dues_paid_until) = 7 AND substr(dues_paid_until, 5, 1) = '-' AND substr(dues_paid_until, 6, 2) BETWEEN '01' AND '12'",
            name="dues_month",
        ),
        sa.CheckConstraint("source_id <> destination_id", name="ends"),
        sa.ForeignKeyConstraint(
            ["current_organization_id"], ["organization.id"], name="fk_transfer_current_organization_id"
        ),
        sa.ForeignKeyConstraint(["destination_id"], ["organization.id"], name="fk_transfer_destination_id"),
        sa.ForeignKeyConstraint(["kind_code"], ["transfer_kind.code"], name="fk_transfer_kind_code"),
        sa.ForeignKeyConstraint(["last_organization_id"], ["organization.id"], name="fk_transfer_last_organization_id"),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name="fk_transfer_member_id"),
        sa.ForeignKeyConstraint(["source_id"], ["organization.id"], name="fk_transfer_source_id"),
        sa.ForeignKeyConstraint(["submitted_by_id"], ["account.id"], name="fk_transfer_submitted_by_id"),
        sa.ForeignKeyConstraint(
            ["submitting_organization_id"], ["organization.id"], name="fk_transfer_submitting_organization_id"
        ),
        sa.ForeignKeyConstraint(
            ["waiting_organization_id"], ["organization.id"], name="fk_transfer_waiting_organization_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_transfer"),
        sa.UniqueConstraint("key", name="uq_transfer_key"),
    )
    op.create_index("ix_transfer_current_organization_id", "transfer", ["current_organization_id"])
    op.create_index("ix_transfer_destination_id", "transfer", ["destination_id"])
    op.create_index("ix_transfer_destination_path", "transfer", ["destination_path"])
    op.create_index("ix_transfer_kind_code_applied_on_id", "transfer", ["kind_code", "applied_on", "id"])
    op.create_index("ix_transfer_applied_on_id", "transfer", ["applied_on", "id"])
    op.create_index("ix_transfer_member_id_applied_on_id", "transfer", ["member_id", "applied_on", "id"])
    op.create_index("ix_transfer_source_id", "transfer", ["source_id"])
    op.create_index("ix_transfer_source_path", "transfer", ["source_path"])
    for end in ("source", "destination"):
        create_place_indexes("transfer", range(2, 5), ["applied_on", "id"], f"{end}_path", f"{end}_place")
    op.create_index("ix_transfer_submitting_organization_id", "transfer", ["submitting_organization_id"])
    op.create_index(
        "ix_transfer_waiting_organization_id_arrived_at", "transfer", ["waiting_organization_id", "arrived_at"]
    )
    op.create_index(
        "ix_transfer_to_remind",
        "transfer",
        ["arrived_at"],
        sqlite_where=sa.text("state = 'in_progress' AND reminded_at IS NULL"),
        postgresql_where=sa.text("state = 'in_progress' AND reminded_at IS NULL"),
    )
    op.create_index(
        "uq_transfer_open_member",
        "transfer",
        ["member_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('in_progress', 'withdrawn', 'rejected')"),
        postgresql_where=sa.text("state IN ('in_progress', 'withdrawn', 'rejected')"),
    )

    op.create_table(
        "history_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transfer_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", models.base.UtcDateTime(), nullable=False),
        sa.Column("action", one_of(ACTIONS, "historyaction"), nullable=False),
        sa.Column("rule", sa.String(length=8), nullable=False),
        sa.Column("path", models.base.ordered_text(160), nullable=False),
        sa.Column("member_name", models.base.ordered_text(60), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("actor_name", models.base.ordered_text(60), nullable=False),
        sa.Column("actor_organization_id", sa.Integer(), nullable=True),
        sa.Column("actor_organization_name", sa.String(length=120), nullable=False),
        sa.Column("from_stage", one_of(STAGES, "from_stage"), nullable=True),
        sa.Column("from_organization_id", sa.Integer(), nullable=True),
        sa.Column("from_organization_name", sa.String(length=120), nullable=False),
        sa.Column("to_stage", one_of(STAGES, "to_stage"), nullable=True),
        sa.Column("to_organization_id", sa.Integer(), nullable=True),
        sa.Column("to_organization_name", sa.String(length=120), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["account.id"], name="fk_history_entry_actor_id"),
        sa.ForeignKeyConstraint(
            ["actor_organization_id"], ["organization.id"], name="fk_history_entry_actor_organization_id"
        ),
        sa.ForeignKeyConstraint(
            ["from_organization_id"], ["organization.id"], name="fk_history_entry_from_organization_id"
        ),
        sa.ForeignKeyConstraint(
            ["to_organization_id"], ["organization.id"], name="fk_history_entry_to_organization_id"
        ),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"], name="fk_history_entry_transfer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_history_entry"),
        sa.UniqueConstraint("transfer_id", "sequence", name="uq_history_entry_transfer_id_sequence"),
    )
    op.create_index("ix_history_entry_actor_id", "history_entry", ["actor_id"])
    op.create_index("ix_history_entry_actor_organization_id", "history_entry", ["actor_organization_id"])
    op.create_index("ix_history_entry_action_at_id", "history_entry", ["action", "at", "id"])
    op.create_index("ix_history_entry_actor_name_at_id", "history_entry", ["actor_name", "at", "id"])
    op.create_index("ix_history_entry_at_id", "history_entry", ["at", "id"])
    op.create_index("ix_history_entry_member_name_at_id", "history_entry", ["member_name", "at", "id"])
    create_place_indexes("history_entry", range(2, 8), ["at", "id"])

    op.create_table(
        "step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transfer_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("stage", one_of(STAGES, "stage"), nullable=False),
        sa.Column("side", one_of(SIDES, "side"), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("level_unset", sa.Boolean(), nullable=False),
        sa.Column("confirms", sa.Boolean(), nullable=False),
        sa.Column("objects", sa.Boolean(), nullable=False),
        sa.Column("objected", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("state", one_of(STEP_STATES, "stepstate"), nullable=False),
        sa.Column("handled_at", models.base.UtcDateTime(), nullable=True),
        sa.Column("handled_by", sa.String(length=60), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name="fk_step_organization_id"),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"], name="fk_step_transfer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_step"),
        sa.UniqueConstraint("transfer_id", "position", name="uq_step_transfer_id_position"),
    )
    op.create_index("ix_step_organization_id_state", "step", ["organization_id", "state"])
    op.create_index(
        "ix_step_open",
        "step",
        ["organization_id", "state", "transfer_id"],
        sqlite_where=sa.text("is_open = 1"),
        postgresql_where=sa.text("is_open"),
    )
    op.create_index(
        "uq_step_current",
        "step",
        ["transfer_id"],
        unique=True,
        sqlite_where=sa.text("state = 'current'"),
        postgresql_where=sa.text("state = 'current'"),
    )
    forbid_changes()


def create_place_indexes(
    table: str, depths: range, order: list[str], path: str = "path", name: str = "place"
) -> None:
    """By the organization that the path passes at each depth: what lists the rows of its subtree in their order."""
    for depth in depths:
        segment = sa.text(f"substr({path}, {8 * depth - 7}, 8)")
        op.create_index(f"ix_{table}_{name}_{depth}", table, [segment, *order])


def forbid_changes() -> None:
    """Let the database itself refuse to change or delete what must only grow (R31)."""
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for change in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
