"""R1, R12: where an organization may stand, moving it with its subtree, deactivating and deleting it."""

import pytest
from sqlalchemy import select

from models import Member, OrganizationKind, db
from workflow import organizations
from workflow.errors import RuleError
from workflow.transaction import transaction


def refused(call, *arguments, **fields) -> RuleError:
    with pytest.raises(RuleError) as caught, transaction():
        call(*arguments, **fields)
    return caught.value


def new(admin, **fields):
    values = {
        "code": "new-1",
        "name": "新建组织",
        "kind": OrganizationKind.BRANCH,
        "parent_id": None,
        "level_rank": None,
    }
    return organizations.create_organization(admin, **{**values, **fields})


def test_r1_a_new_branch_stands_under_its_parent(org, admin):
    with transaction():
        branch = new(admin, parent_id=org("军门社区总支").id)
    assert branch.path.startswith(org("军门社区总支").path)


def test_r1_a_branch_has_no_children(org, admin):
    error = refused(new, admin, parent_id=org("军门第一支部").id)
    assert (error.rule, error.field) == ("R1", "parent_id")


def test_r1_no_committee_stands_under_a_general_branch(org, admin):
    error = refused(new, admin, kind=OrganizationKind.COMMITTEE, parent_id=org("军门社区总支").id)
    assert error.rule == "R1"


def test_r1_a_holding_organization_has_no_parent(org, admin):
    error = refused(new, admin, kind=OrganizationKind.SPECIAL, parent_id=org("福建省委").id)
    assert error.rule == "R1"


def test_r1_there_is_one_root(admin):
    error = refused(new, admin, kind=OrganizationKind.COMMITTEE)
    assert "福建省委" in str(error)


def test_a_code_is_used_once_and_the_refusal_names_its_holder(org, admin):
    error = refused(new, admin, code=org("古田镇党委").code, parent_id=org("军门社区总支").id)
    assert error.field == "code"
    assert "古田镇党委" in str(error)


def test_r1_nothing_stands_under_itself(org, admin):
    error = refused(organizations.change_organization, admin, org("东街街道工委"), parent_id=org("军门社区总支").id)
    assert (error.rule, error.field) == ("R1", "parent_id")


def test_moving_an_organization_takes_its_subtree_and_its_members_along(org, admin):
    with transaction():
        organizations.change_organization(admin, org("军门社区总支"), parent_id=org("古田镇党委").id)
    db.session.expire_all()
    branch = org("军门第一支部")
    assert branch.path.startswith(org("古田镇党委").path)
    members = db.session.scalars(select(Member).where(Member.organization_id == branch.id)).all()
    assert {member.org_path for member in members} == {branch.path}


def test_r5_moving_is_checked_like_setting_a_level(org, admin):
    error = refused(organizations.change_organization, admin, org("鼓楼区委"), parent_id=org("古田镇党委").id)
    assert error.rule == "R5"


def test_r12_an_organization_with_children_stays_active_and_the_message_lists_them(org, admin):
    error = refused(organizations.change_organization, admin, org("军门社区总支"), is_active=False)
    assert (error.rule, error.field) == ("R12", "is_active")
    assert "下级组织2个" in str(error)


def test_r12_a_branch_with_members_stays_active(org, admin):
    error = refused(organizations.change_organization, admin, org("军门第一支部"), is_active=False)
    assert "党员" in str(error)


def test_an_organization_with_members_and_grants_is_not_deleted(org, admin):
    error = refused(organizations.delete_organization, admin, org("军门第一支部"))
    assert "党员" in str(error)
    assert "角色赋权" in str(error)


def test_an_organization_that_nothing_refers_to_is_deleted(org, admin):
    with transaction():
        branch = new(admin, parent_id=org("军门社区总支").id)
    with transaction():
        organizations.delete_organization(admin, branch)
    assert db.session.scalar(select(type(branch)).where(type(branch).code == "new-1")) is None


def test_only_a_provincial_admin_keeps_organizations(org, liaison):
    error = refused(new, liaison("福建省委"), parent_id=org("军门社区总支").id)
    assert "省级管理员" in str(error)
