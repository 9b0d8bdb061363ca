"""R5: who sets which level where, and in which order levels stand."""

import pytest
from sqlalchemy import select

from models import AuditEntry, AuditEvent, PermissionLevel, db
from workflow import organizations
from workflow.errors import RuleError
from workflow.transaction import transaction


def refused(call, *arguments, **fields) -> RuleError:
    with pytest.raises(RuleError) as caught, transaction():
        call(*arguments, **fields)
    return caught.value


def test_r5_a_liaison_sets_the_first_level_on_an_organization_of_the_own_subtree(org, liaison):
    with transaction():
        organizations.set_level(liaison("鼓楼区委"), org("安泰街道工委"), 6)
    assert org("安泰街道工委").level_rank == 6


def test_r5_a_liaison_sets_nothing_outside_the_own_subtree(org, liaison):
    error = refused(organizations.set_level, liaison("上杭县委"), org("安泰街道工委"), 6)
    assert error.rule == "R5"


def test_r5_nobody_lifts_their_own_organization_to_a_county(org, liaison, admin):
    with transaction():
        organizations.set_level(admin, org("鼓楼区委"), None)
    error = refused(organizations.set_level, liaison("鼓楼区委"), org("鼓楼区委"), 5)
    assert error.rule == "R5"


def test_r5_a_liaison_strictly_above_sets_a_county_level(org, liaison, admin):
    with transaction():
        organizations.set_level(admin, org("鼓楼区委"), None)
    with transaction():
        organizations.set_level(liaison("福州市委"), org("鼓楼区委"), 5)
    assert org("鼓楼区委").level_rank == 5


def test_r5_a_level_must_rank_below_the_nearest_one_above(org, admin):
    error = refused(organizations.set_level, admin, org("安泰街道工委"), 5)
    assert (error.rule, error.field) == ("R5", "level_rank")
    assert "鼓楼区委" in str(error)


def test_r5_a_level_must_rank_above_those_below(org, admin):
    error = refused(organizations.set_level, admin, org("鼓楼区委"), 6)
    assert error.rule == "R5"


def test_r5_the_lowest_level_may_stand_under_itself(org, admin):
    assert org("军门社区总支").level_rank == 7
    with transaction():
        organizations.set_level(admin, org("军门第一支部"), 7)
    assert org("军门第一支部").level_rank == 7


@pytest.mark.parametrize("name", ["军门第一支部", "军门社区总支"])
def test_r5_branches_hold_only_the_lowest_level(org, admin, name):
    assert refused(organizations.set_level, admin, org(name), 6).rule == "R5"


def test_r5_holding_organizations_hold_none(org, admin):
    assert refused(organizations.set_level, admin, org("省外组织"), 7).rule == "R5"


def test_r5_every_change_of_a_level_is_an_audit_entry(org, admin, app):
    with transaction():
        organizations.set_level(admin, org("东街街道工委"), None)
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.event, entry.actor_name, entry.organization_name) == (
        AuditEvent.LEVEL_SET,
        admin.name,
        "东街街道工委",
    )
    assert entry.details == {"changes": {"level_rank": [6, None]}}


def test_r5_setting_the_same_level_again_leaves_no_entry(org, admin, audited):
    before = audited()
    with transaction():
        organizations.set_level(admin, org("东街街道工委"), 6)
    assert audited() == before


def test_r2_a_change_of_qualifications_is_an_audit_entry(admin, audited):
    with transaction():
        organizations.change_level(admin, db.session.get(PermissionLevel, 4), approves_leaving=True)
    assert audited()[-1] == AuditEvent.LEVEL_CHANGED


def test_r2_a_liaison_changes_no_qualifications(liaison):
    error = refused(
        organizations.change_level, liaison("福建省委"), db.session.get(PermissionLevel, 4), approves_leaving=True
    )
    assert "省级管理员" in str(error)


def test_r2_a_level_in_use_is_not_deleted(admin):
    error = refused(organizations.delete_level, admin, db.session.get(PermissionLevel, 6))
    assert "仍有组织使用该级别" in str(error)
    assert db.session.get(PermissionLevel, 6) is not None
