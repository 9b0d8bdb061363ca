"""R2, R4, R13-R15: the rows that the migrations bring, word for word."""

import sqlalchemy as sa

from models import PermissionLevel, Role, StageRule, TransferKind, db

ALL_STAGES = ("source_branch", "source_general_branch", "source_committee")
DOWN_STAGES = ("destination_branch", "destination_general_branch", "destination_committee")
# walk, anchor, side, until, stages of branch, general branch, committee, of the last and of the shared one, flags
UP = ("up", "source", "source")
LEAVING = [
    (*UP, "leaving", *ALL_STAGES, "leaving_approval", None, False, False),
    ("stop", "last", "source", None, None, None, None, "leaving_confirmation", None, True, False),
]
WITHIN = [
    (*UP, "committee", *ALL_STAGES, None, None, False, False),
    ("down", "destination", "destination", "committee", *DOWN_STAGES, None, "committee", False, True),
    ("stop", "destination", "destination", None, None, None, None, "confirmation", None, True, True),
]
ENTERING = [
    ("stop", "source", "source", None, None, None, None, "entering_application", None, False, False),
    ("down", "destination", "destination", "leaving", *DOWN_STAGES, "entering_approval", None, False, True),
    WITHIN[2],
]


def levels_where(column) -> list[int]:
    return list(db.session.scalars(sa.select(PermissionLevel.rank).where(column).order_by(PermissionLevel.rank)))


def rules_of(kind: str) -> list[tuple]:
    columns = (
        StageRule.walk,
        StageRule.anchor,
        StageRule.side,
        StageRule.until,
        StageRule.branch_stage,
        StageRule.general_branch_stage,
        StageRule.committee_stage,
        StageRule.last_stage,
        StageRule.shared_stage,
        StageRule.confirms,
        StageRule.objects,
    )
    rules = sa.select(*columns).where(StageRule.kind_code == kind).order_by(StageRule.position)
    return [tuple(row) for row in db.session.execute(rules)]


def test_r2_the_seven_levels_highest_first(empty_app):
    names = db.session.scalars(sa.select(PermissionLevel.name).order_by(PermissionLevel.rank))
    assert dict(zip(levels_where(sa.true()), names, strict=True)) == {
        1: "省级党委",
        2: "省级直属党（工）委",
        3: "市级党委",
        4: "市级直属党（工）委",
        5: "县（市、区）级党委",
        6: "一级党（工）委",
        7: "一级党（工）委以下级别",
    }


def test_r4_qualified_for_committee_approval(empty_app):
    assert levels_where(PermissionLevel.approves_committee) == [1, 2, 3, 4, 5, 6]


def test_r4_qualified_for_leaving_the_province_level_4_is_not(empty_app):
    assert levels_where(PermissionLevel.approves_leaving) == [1, 2, 3, 5]


def test_r4_qualified_to_register_a_transfer_from_another_province(empty_app):
    assert levels_where(PermissionLevel.registers_entering) == [1, 3, 5]


def test_r5_levels_that_are_set_from_above(empty_app):
    assert levels_where(PermissionLevel.set_from_above) == [1, 2, 3, 4, 5]


def test_r5_only_the_lowest_may_stand_under_itself(empty_app):
    assert levels_where(PermissionLevel.is_subordinate) == [7]


def test_s1_the_roles(empty_app):
    assert {role.code.value: role.name for role in db.session.scalars(sa.select(Role))} == {
        "liaison": "联络员",
        "secretary": "书记",
        "auditor": "审计员",
        "provincial_admin": "省级管理员",
    }


def test_r13_r14_r15_the_kinds_and_where_they_end(empty_app):
    kinds = db.session.scalars(sa.select(TransferKind))
    assert {kind.code: (kind.name, kind.destination_kind, kind.route_rule, kind.step_days) for kind in kinds} == {
        "intra": ("省内转接", "branch", "R13", 3),
        "out_of_province": ("转出省外", "out_of_province", "R14", 3),
        "to_special": ("转到特殊组织", "special", "R14", 3),
        "entering": ("跨省转入", "branch", "R15", 3),
    }


def test_r15_the_registering_organization_then_down_from_the_county_and_the_branch_confirms(empty_app):
    assert rules_of("entering") == ENTERING


def test_r13_up_to_a_committee_down_from_one_and_the_branch_confirms(empty_app):
    assert rules_of("intra") == WITHIN


def test_r14_up_to_who_may_let_them_leave_and_the_same_confirms(empty_app):
    assert rules_of("out_of_province") == LEAVING


def test_r14_to_a_special_organization_the_same_way(empty_app):
    assert rules_of("to_special") == LEAVING
