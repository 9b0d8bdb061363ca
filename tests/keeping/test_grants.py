"""R10, R11: who grants and revokes which role where, and that an organization keeps somebody who acts."""

import pytest
from sqlalchemy import select

from models import AuditEntry, AuditEvent, MemberStatus, RoleCode, RoleGrant, db
from tests.database.together import overtaken, together
from tests.scenarios.telling import everything, refused
from tests.world import fujian
from workflow import accounts, grants
from workflow.transaction import transaction

__all__ = ["fujian"]

LIAISON, SECRETARY, AUDITOR, ADMIN = RoleCode
BRANCH, STREET, COUNTY, VILLAGE = "军门第一支部", "东街街道工委", "鼓楼区委", "五龙村支部"


def grant(fujian, granter, holder, place, role=LIAISON):
    """One click on 【保存】 of whoever has this username; `place` None is no organization."""
    actor = fujian.actor_of(granter)
    with transaction():
        return grants.grant(actor, fujian.account(holder), role, fujian.org(place) if place else None)


def the_grant(fujian, holder, place, role=LIAISON):
    organization = fujian.org(place).id if place else None
    query = select(RoleGrant).where(RoleGrant.account_id == fujian.account(holder).id, RoleGrant.role_code == role)
    return db.session.scalars(query.where(RoleGrant.organization_id == organization)).one()


def revoke(fujian, revoker, holder, place, role=LIAISON):
    """One click on 【撤销】."""
    actor, granted = fujian.actor_of(revoker), the_grant(fujian, holder, place, role)
    with transaction():
        grants.revoke(actor, granted)


def holders(fujian, place, role=LIAISON):
    query = select(RoleGrant).where(RoleGrant.organization_id == fujian.org(place).id, RoleGrant.role_code == role)
    return {grant.account_id for grant in db.session.scalars(query)}


def latest():
    db.session.commit()
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    return entry.event, entry.actor_name, entry.organization_name, entry.subject, entry.details


# --- R10, R11: granting ---


@pytest.mark.parametrize("place", [BRANCH, "军门社区总支", STREET])
def test_r11_a_liaison_grants_liaisons_in_the_own_subtree(fujian, place):
    grant(fujian, f"{STREET}联络员", "林小雨", place)
    assert fujian.account("林小雨").id in holders(fujian, place)


@pytest.mark.parametrize("place", [COUNTY, "安泰街道工委", "五龙村支部"])
def test_r11_a_liaison_grants_nothing_outside_it(fujian, place):
    before = everything()
    with refused("R11", "所辖组织的联络员"):
        grant(fujian, f"{STREET}联络员", "林小雨", place)
    assert everything() == before


@pytest.mark.parametrize("role", [SECRETARY, AUDITOR, ADMIN])
def test_r11_a_liaison_grants_no_other_role(fujian, role):
    with refused("R11", "其他角色由省级管理员维护"):
        grant(fujian, f"{STREET}联络员", "林小雨", BRANCH, role)


def test_r11_nobody_makes_themself_a_provincial_admin(fujian):
    with refused("R11"):
        grant(fujian, "福建省委联络员", "福建省委联络员", None, ADMIN)


@pytest.mark.parametrize("granter", ["郑晓东", "吴建平", "林小雨", "审计员"])
def test_r11_a_secretary_a_sleeping_liaison_a_member_an_auditor_grant_nothing(fujian, granter):
    with refused("R11"):
        grant(fujian, granter, "林志强", "旗汛口社区支部")


def test_r10_the_grantee_of_a_liaison_is_a_member_of_the_granters_subtree(fujian):
    with refused("R10", "不在您的管理范围内", field="account"):
        grant(fujian, f"{STREET}联络员", "黄志明", BRANCH)


def test_r10_any_member_of_the_subtree_may_act_for_a_committee(fujian):
    grant(fujian, f"{COUNTY}联络员", "郭雅婷", STREET)
    assert fujian.org(STREET).id in fujian.actor_of("郭雅婷").liaison_paths


@pytest.mark.parametrize("granter", ["省级管理员", "鼓楼区委联络员"])
def test_r10_the_grantee_must_be_phone_activated(fujian, granter):
    with refused("R10", "尚未激活手机", field="account"):
        grant(fujian, granter, "吴建平", STREET)


def test_r10_a_virtual_admin_account_need_not_be_and_acts_for_its_own_organization(fujian):
    with transaction():
        accounts.create_account("军门第一支部二号", organization=fujian.org(BRANCH))
    grant(fujian, f"{STREET}联络员", "军门第一支部二号", BRANCH)
    assert fujian.org(BRANCH).id in fujian.actor_of("军门第一支部二号").liaison_paths


@pytest.mark.parametrize("granter", ["省级管理员", "鼓楼区委联络员"])
def test_r10_a_virtual_admin_account_acts_for_no_other(fujian, granter):
    with refused("R10", "只能在其所属组织"):
        grant(fujian, granter, "军门社区总支联络员", BRANCH)


@pytest.mark.parametrize("role", [LIAISON, SECRETARY, AUDITOR, ADMIN])
def test_r10_a_provincial_admin_grants_every_role_everywhere(fujian, role):
    grant(fujian, "省级管理员", "黄志明", BRANCH, role)
    assert fujian.account("黄志明").id in holders(fujian, BRANCH, role)


def test_r10_only_a_provincial_admin_stands_on_no_organization(fujian):
    grant(fujian, "省级管理员", "黄志明", None, ADMIN)
    assert fujian.actor_of("黄志明").is_provincial_admin
    with refused("R10", field="organization"):
        grant(fujian, "省级管理员", "黄志明", None, AUDITOR)


def test_r1_a_holding_organization_has_no_liaison(fujian):
    with refused("R1", "省外组织不设联络员"):
        grant(fujian, "省级管理员", "马海涛", "省外组织")


def test_a_closed_account_is_granted_nothing(fujian):
    fujian.account("林小雨").is_active = False
    with refused("R10", "已停用", field="account"):
        grant(fujian, "省级管理员", "林小雨", BRANCH)


def test_a_deactivated_organization_gets_no_role(fujian):
    fujian.deactivate(BRANCH)
    with refused("R12", "已停用"):
        grant(fujian, "省级管理员", "林小雨", BRANCH)


def test_a_grant_is_an_audit_entry_and_one_that_stands_is_left_as_it_is(fujian):
    grant(fujian, f"{STREET}联络员", "林小雨", BRANCH)
    expected = (AuditEvent.ROLE_GRANTED, f"{STREET}（虚拟管理员）", BRANCH, "林小雨", {"role": "liaison"})
    assert latest() == expected
    before = everything()
    grant(fujian, f"{STREET}联络员", "林小雨", BRANCH)
    assert everything() == before


def test_several_ticked_roles_are_granted_at_once_or_not_at_all(fujian):
    actor, place, key = fujian.actor_of("省级管理员"), fujian.org(STREET), fujian.member("吴建平").key
    before = everything()
    with refused("R10", "尚未激活手机"), transaction():
        grants.grant_roles(actor, place, [SECRETARY, LIAISON], holder=key, formal=True)
    assert everything() == before
    with transaction():
        made = grants.grant_roles(actor, place, [SECRETARY, AUDITOR], holder=key, formal=True)
    assert {granted.role_code for granted in made} == {SECRETARY, AUDITOR}


def test_a_member_without_an_account_is_granted_nothing_yet(fujian):
    account = fujian.account("黄志明")
    db.session.delete(account)
    db.session.commit()
    with refused("R10", "还没有登录账号", field="account"):
        actor, key = fujian.actor_of("省级管理员"), fujian.member("黄志明").key
        grants.grant_roles(actor, fujian.org(VILLAGE), [LIAISON], holder=key, formal=True)


# --- R11: revoking ---


def test_r11_a_liaison_revokes_in_the_own_subtree(fujian):
    revoke(fujian, f"{COUNTY}联络员", "林志强", STREET)
    assert fujian.account("林志强").id not in holders(fujian, STREET)
    expected = (AuditEvent.ROLE_REVOKED, f"{COUNTY}（虚拟管理员）", STREET, "林志强", {"role": "liaison"})
    assert latest() == expected


@pytest.mark.parametrize("revoker", ["安泰街道工委联络员", f"{BRANCH}联络员", "审计员", "郑晓东"])
def test_r11_nobody_else_does(fujian, revoker):
    before = everything()
    with refused("R11", "所辖组织的联络员"):
        revoke(fujian, revoker, "林志强", STREET)
    assert everything() == before


def test_r11_a_liaison_takes_no_other_role_away(fujian):
    with refused("R11"):
        revoke(fujian, f"{COUNTY}联络员", "郑晓东", STREET, SECRETARY)
    revoke(fujian, "省级管理员", "郑晓东", STREET, SECRETARY)
    assert holders(fujian, STREET, SECRETARY) == set()


def test_what_somebody_else_has_revoked_meanwhile_is_told(fujian):
    actor, granted = fujian.actor_of("省级管理员"), the_grant(fujian, "林志强", STREET)
    revoke(fujian, f"{COUNTY}联络员", "林志强", STREET)
    with refused("R30", "已被其他人撤销"), transaction():
        grants.revoke(actor, granted)


@pytest.mark.parametrize("revoker", ["省级管理员", f"{COUNTY}联络员"])
def test_r11_the_last_effective_liaison_stays_where_a_step_waits(fujian, revoker):
    fujian.transfer("林小雨", BRANCH, to=VILLAGE, at="军门社区总支")
    before = everything()
    with refused("R11", "军门社区总支（虚拟管理员）是“军门社区总支”唯一有效的联络员，该组织还有1条待办"):
        revoke(fujian, revoker, "军门社区总支联络员", "军门社区总支")
    assert everything() == before


def test_r11_what_comes_back_to_the_submitting_organization_waits_too(fujian):
    transfer = fujian.liaison_of("军门社区总支").apply("林小雨", to=VILLAGE)
    fujian.liaison_of(BRANCH).reject(transfer)
    with refused("R11", "1条待办"):
        revoke(fujian, "省级管理员", "军门社区总支联络员", "军门社区总支")


def test_r11_one_of_two_may_go_although_a_step_waits(fujian):
    fujian.transfer("林小雨", BRANCH, to=VILLAGE, at=STREET)
    revoke(fujian, "省级管理员", f"{STREET}联络员", STREET)
    with refused("R11", "林志强是“东街街道工委”唯一有效的联络员"):
        revoke(fujian, "省级管理员", "林志强", STREET)


def test_r11_a_sleeping_liaison_does_not_count_and_may_go(fujian):
    fujian.grant("吴建平", LIAISON, "军门社区总支")
    fujian.transfer("林小雨", BRANCH, to=VILLAGE, at="军门社区总支")
    with refused("R11", "唯一有效的联络员"):
        revoke(fujian, "省级管理员", "军门社区总支联络员", "军门社区总支")
    revoke(fujian, "省级管理员", "吴建平", "军门社区总支")


def test_r11_where_nothing_waits_a_committee_may_lose_its_last(fujian):
    revoke(fujian, "省级管理员", "军门社区总支联络员", "军门社区总支")
    assert holders(fujian, "军门社区总支") == set()


def test_r11_a_branch_with_other_members_keeps_one(fujian):
    revoke(fujian, "省级管理员", f"{BRANCH}联络员", BRANCH)
    with refused("R11", "陈国强是“军门第一支部”最后一名没有在办转接的联络员"):
        revoke(fujian, "省级管理员", "陈国强", BRANCH)


def test_r11_one_who_has_an_open_transfer_is_not_one_who_stays(fujian):
    fujian.apply("陈国强", to=VILLAGE)
    with refused("R11", "最后一名没有在办转接的联络员"):
        revoke(fujian, "省级管理员", f"{BRANCH}联络员", BRANCH)


def test_r11_who_leaves_may_hand_over(fujian):
    fujian.apply("陈国强", to=VILLAGE)
    revoke(fujian, "省级管理员", "陈国强", BRANCH)
    assert fujian.account("陈国强").id not in holders(fujian, BRANCH)


def test_r11_the_last_member_of_a_branch_may_give_it_up(fujian):
    fujian.without_liaison(VILLAGE)
    fujian.grant("黄志明", LIAISON, VILLAGE)
    revoke(fujian, "省级管理员", "黄志明", VILLAGE)
    assert holders(fujian, VILLAGE) == set()


def test_r19a_members_who_are_not_in_good_standing_are_no_other_members(fujian):
    fujian.member("林小雨").status = MemberStatus.DECEASED
    db.session.commit()
    revoke(fujian, "省级管理员", f"{BRANCH}联络员", BRANCH)
    revoke(fujian, "省级管理员", "陈国强", BRANCH)
    assert holders(fujian, BRANCH) == set()


def test_a_branch_with_members_keeps_its_last_virtual_admin_too(fujian):
    with refused("R11", "五龙村支部（虚拟管理员）是“五龙村支部”最后一名"):
        revoke(fujian, "省级管理员", f"{VILLAGE}联络员", VILLAGE)


def test_the_last_provincial_admin_stays(fujian):
    with refused("R11", "最后一名省级管理员"):
        revoke(fujian, "省级管理员", "省级管理员", None, ADMIN)
    grant(fujian, "省级管理员", "黄志明", None, ADMIN)
    revoke(fujian, "省级管理员", "省级管理员", None, ADMIN)
    assert not fujian.actor_of("省级管理员").is_provincial_admin


def test_a_closed_account_is_no_provincial_admin_who_stays(fujian):
    grant(fujian, "省级管理员", "黄志明", None, ADMIN)
    with transaction():
        accounts.close_account(fujian.actor_of("省级管理员"), fujian.account("黄志明"))
    with refused("R11", "最后一名省级管理员"):
        revoke(fujian, "省级管理员", "省级管理员", None, ADMIN)


# --- At the same moment ---


@pytest.fixture(params=["at the same moment", "before the first has committed"])
def both(request, make_app):
    """`both(first, second)`: what each was told, None where they succeeded."""
    ways = {
        "at the same moment": lambda first, second: together(make_app, first, second),
        "before the first has committed": lambda first, second: overtaken(
            make_app, first, second, once="DELETE FROM role_grant"
        ),
    }
    return ways[request.param]


def only_refusal(told):
    refusals = [refusal for refusal in told if refusal is not None]
    assert len(refusals) == 1, told
    return refusals[0]


def test_r11_of_two_who_revoke_the_last_two_liaisons_one_is_refused(fujian, both):
    told = both(
        lambda: revoke(fujian, "省级管理员", "陈国强", BRANCH),
        lambda: revoke(fujian, f"{STREET}联络员", f"{BRANCH}联络员", BRANCH),
    )
    assert only_refusal(told).rule == "R11"
    assert len(holders(fujian, BRANCH)) == 1


def test_r11_where_a_step_waits_too(fujian, both):
    fujian.transfer("林小雨", BRANCH, to=VILLAGE, at=STREET)
    told = both(
        lambda: revoke(fujian, "省级管理员", "林志强", STREET),
        lambda: revoke(fujian, f"{COUNTY}联络员", f"{STREET}联络员", STREET),
    )
    assert "唯一有效的联络员" in str(only_refusal(told))
    assert len(holders(fujian, STREET)) == 1


def test_of_two_who_revoke_the_same_one_is_told(fujian, both):
    granted, actors = (
        the_grant(fujian, "林志强", STREET),
        (fujian.actor_of("省级管理员"), fujian.actor_of("鼓楼区委联络员")),
    )

    def take_away(actor):
        with transaction():
            grants.revoke(actor, granted)

    refusal = only_refusal(both(lambda: take_away(actors[0]), lambda: take_away(actors[1])))
    assert refusal.rule == "R30"


def test_of_two_who_grant_the_same_none_is_refused_and_one_grant_stands(fujian, make_app):
    told = together(
        make_app,
        lambda: grant(fujian, "省级管理员", "林小雨", BRANCH),
        lambda: grant(fujian, f"{STREET}联络员", "林小雨", BRANCH),
    )
    assert told == [None, None]
    assert fujian.account("林小雨").id in holders(fujian, BRANCH)


def test_two_provincial_admins_cannot_close_each_other(fujian, make_app):
    grant(fujian, "省级管理员", "黄志明", None, ADMIN)

    first, second = fujian.actor_of("省级管理员"), fujian.actor_of("黄志明")

    def close(actor, whom):
        with transaction():
            accounts.close_account(actor, fujian.account(whom))

    told = overtaken(
        make_app,
        lambda: close(first, "黄志明"),
        lambda: close(second, "省级管理员"),
        once="UPDATE account",
    )
    assert [refusal and refusal.rule for refusal in told] == [None, "R11"]
    db.session.commit()
    assert fujian.account("省级管理员").is_active
