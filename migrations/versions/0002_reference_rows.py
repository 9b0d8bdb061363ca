"""The rows that the rules need: permission levels (R2, R4), roles, transfer kinds with their stage rules (R13-R15)."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

LEVELS = [
    # rank, name, committee, leaving, entering, set from above, subordinate
    (1, "省级党委", True, True, True, True, False),
    (2, "省级直属党（工）委", True, True, False, True, False),
    (3, "市级党委", True, True, True, True, False),
    (4, "市级直属党（工）委", True, False, False, True, False),
    (5, "县（市、区）级党委", True, True, True, True, False),
    (6, "一级党（工）委", True, False, False, False, False),
    (7, "一级党（工）委以下级别", False, False, False, False, True),
]
LEVEL_COLUMNS = (
    "rank",
    "name",
    "approves_committee",
    "approves_leaving",
    "registers_entering",
    "set_from_above",
    "is_subordinate",
)
ROLES = [("liaison", "联络员"), ("secretary", "书记"), ("auditor", "审计员"), ("provincial_admin", "省级管理员")]
KINDS = [
    ("intra", "省内转接", "branch", "R13"),
    ("out_of_province", "转出省外", "out_of_province", "R14"),
    ("to_special", "转到特殊组织", "special", "R14"),
    ("entering", "跨省转入", "branch", "R15"),
]
INTRA = [
    {
        "walk": "up",
        "anchor": "source",
        "side": "source",
        "until": "committee",
        "branch_stage": "source_branch",
        "general_branch_stage": "source_general_branch",
        "committee_stage": "source_committee",
    },
    {
        "walk": "down",
        "anchor": "destination",
        "side": "destination",
        "until": "committee",
        "branch_stage": "destination_branch",
        "general_branch_stage": "destination_general_branch",
        "committee_stage": "destination_committee",
        "shared_stage": "committee",
        "objects": True,
    },
    {
        "walk": "stop",
        "anchor": "destination",
        "side": "destination",
        "last_stage": "confirmation",
        "confirms": True,
        "objects": True,
    },
]
LEAVING = [
    {**INTRA[0], "until": "leaving", "last_stage": "leaving_approval"},
    {"walk": "stop", "anchor": "last", "side": "source", "last_stage": "leaving_confirmation", "confirms": True},
]
ENTERING = [
    {"walk": "stop", "anchor": "source", "side": "source", "last_stage": "entering_application"},
    {**INTRA[1], "until": "leaving", "last_stage": "entering_approval", "shared_stage": None},
    INTRA[2],
]
RULES = {"intra": INTRA, "out_of_province": LEAVING, "to_special": LEAVING, "entering": ENTERING}
RULE_COLUMNS = (
    "kind_code",
    "position",
    "walk",
    "anchor",
    "side",
    "until",
    "branch_stage",
    "general_branch_stage",
    "committee_stage",
    "last_stage",
    "shared_stage",
    "confirms",
    "objects",
)
FLAGS = {"confirms": False, "objects": False}


def table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns))


def upgrade() -> None:
    op.bulk_insert(
        table("permission_level", *LEVEL_COLUMNS, "version"),
        [dict(zip(LEVEL_COLUMNS, level, strict=True), version=1) for level in LEVELS],
    )
    op.bulk_insert(table("role", "code", "name"), [{"code": code, "name": name} for code, name in ROLES])
    op.bulk_insert(
        table("transfer_kind", "code", "name", "destination_kind", "route_rule", "needs_letter", "enters", "step_days"),
        [
            {
                "code": code,
                "name": name,
                "destination_kind": ends_in,
                "route_rule": rule,
                "needs_letter": rule == "R14",
                "enters": rule == "R15",
                "step_days": 3,
            }
            for code, name, ends_in, rule in KINDS
        ],
    )
    empty = dict.fromkeys(RULE_COLUMNS) | FLAGS
    op.bulk_insert(
        table("stage_rule", *RULE_COLUMNS),
        [
            {**empty, "kind_code": kind, "position": position, **rule}
            for kind, rules in RULES.items()
            for position, rule in enumerate(rules, start=1)
        ],
    )


def downgrade() -> None:
    for name in ("stage_rule", "transfer_kind", "role", "permission_level"):
        op.execute(sa.delete(table(name)))
