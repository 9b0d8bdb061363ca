"""§1, R30: who sees a record and who acts on it; a refusal tells what happened; a stale page is refused."""

import pytest

from models import RoleCode, Transfer, db
from tests.scenarios.telling import everything, refused, stands
from tests.world import ADMIN, AUDITOR, CITY_AUDITOR
from workflow import actions, actors, loading, policy

A, B = "军门第一支部", "五龙村支部"


@pytest.fixture
def at_the_street(fujian):
    return fujian.transfer("林小雨", A, to=B, at="东街街道工委")


def sees(fujian, username: str, transfer) -> bool:
    """Whether the person sees the record, in a list and by itself alike."""
    actor = fujian.actor_of(username)
    listed = db.session.query(Transfer.id).filter(policy.transfers_visible(actor)).all()
    by_itself = policy.may_view_transfer(loading.locked_transfer(transfer.key), actor)
    assert by_itself == (len(listed) == 1)
    return by_itself


# --- who acts ---


def test_r30_the_step_is_handled_by_the_liaisons_of_the_very_organization(fujian, at_the_street):
    acting = {person.username for person in fujian.people() if "approve" in person.can(at_the_street)}
    assert acting == {"林志强", "东街街道工委联络员"}


@pytest.mark.parametrize("name", ["鼓楼区委", "福州市委", "福建省委"])
def test_r30_nobody_acts_by_standing_above(fujian, at_the_street, name):
    assert fujian.liaison_of(name).can(at_the_street) == set()
    with refused("R30", "未能“通过”：该记录目前待东街街道工委办理"):
        fujian.liaison_of(name).approve(at_the_street)


def test_r30_an_organization_above_may_be_granted_there(fujian, at_the_street):
    fujian.grant("鼓楼区委联络员", RoleCode.LIAISON, "东街街道工委")
    fujian.liaison_of("鼓楼区委").approve(at_the_street)
    assert stands(at_the_street) == "待古田镇党委办理"


def test_s1_a_grant_without_an_activated_phone_sleeps(fujian):
    transfer = fujian.apply("林志强", to=B)
    assert fujian.person("吴建平").can(transfer) == set()
    with refused("R30"):
        fujian.person("吴建平").approve(transfer)


def test_r7_who_loses_the_phone_keeps_a_grant_that_sleeps(fujian, at_the_street):
    fujian.member("林志强").phone_activated_at = None
    db.session.commit()
    assert fujian.actor_of("林志强").sleeping is True
    assert fujian.person("林志强").can(at_the_street) == set()


def test_s1_a_secretary_approves_nothing(fujian, at_the_street):
    assert fujian.person("郑晓东").can(at_the_street) == set()
    with refused("R30"):
        fujian.person("郑晓东").approve(at_the_street)


@pytest.mark.parametrize("name", [ADMIN, AUDITOR])
@pytest.mark.parametrize("action", ["approve", "withdraw", "resubmit", "void", "confirm"])
def test_s1_provincial_admins_and_auditors_see_all_and_approve_nothing(fujian, at_the_street, name, action):
    assert sees(fujian, name, at_the_street)
    with refused("R30", "请按最新情况办理"):
        fujian.person(name).do(at_the_street, action)


def test_r30_the_member_acts_on_no_step(fujian, at_the_street):
    assert fujian.person("林小雨").can(at_the_street) == set()


def test_r30_a_deactivated_organization_has_nobody_who_acts(fujian, at_the_street):
    fujian.deactivate("东街街道工委")
    assert fujian.liaison_of("东街街道工委").can(at_the_street) == set()


def test_r30_a_closed_account_is_nobody(fujian):
    fujian.account("林志强").is_active = False
    db.session.commit()
    assert actors.load(fujian.account("林志强").id) is None


# --- who sees ---


@pytest.mark.parametrize(
    "name", ["林小雨", "鼓楼区委联络员", "军门第一支部联络员", "龙岩市委联络员", "五龙村支部联络员", CITY_AUDITOR]
)
def test_r33_it_is_seen_from_both_ends_and_from_above(fujian, at_the_street, name):
    assert sees(fujian, name, at_the_street)


@pytest.mark.parametrize(
    "name", ["高伟", "周文斌", "军门第二支部联络员", "安泰街道工委联络员", "漳平市委联络员", "吴建平"]
)
def test_r33_nobody_else_sees_it(fujian, at_the_street, name):
    assert not sees(fujian, name, at_the_street)


@pytest.mark.parametrize("name", ["周文斌", "安泰街道工委联络员", "漳平市委联络员"])
def test_r30_who_does_not_see_it_is_told_nothing_of_it(fujian, at_the_street, name):
    with refused("R30", "^记录不存在，或不在您的管理范围内。$"):
        fujian.person(name).approve(at_the_street)


def test_r33_what_an_organization_handled_it_goes_on_seeing(fujian, at_the_street):
    fujian.move("军门第一支部", "安泰街道工委")
    assert sees(fujian, "东街街道工委联络员", at_the_street)
    assert sees(fujian, "军门社区总支联络员", at_the_street)


# --- a refusal tells what happened ---


def test_r30_who_comes_too_late_is_told_who_was_faster(fujian, at_the_street):
    fujian.person("林志强").approve(at_the_street)
    with refused("R30", "未能“驳回”：该记录目前待古田镇党委办理（.* 由东街街道工委 林志强通过）。请按最新情况办理。"):
        fujian.liaison_of("东街街道工委").reject(at_the_street)


def test_r30_what_does_not_exist_is_refused_in_words(fujian):
    actor = fujian.actor_of("林小雨")
    with refused("R30", "记录不存在"):
        actions.perform("no-such-key", "approve", actor)


def test_r30_an_action_that_does_not_exist_is_refused_in_words(fujian, at_the_street):
    with refused("R30", "没有“delete”这个操作"):
        fujian.person("林小雨").do(at_the_street, "delete")


@pytest.mark.parametrize("inputs", [{"reason": "材料不全"}, {"state": "completed"}])
def test_r30_inputs_that_an_action_does_not_take_are_a_mistake_of_the_program(fujian, at_the_street, inputs):
    with pytest.raises(TypeError):
        fujian.liaison_of("东街街道工委").do(at_the_street, "approve", **inputs)
    assert stands(at_the_street) == "待东街街道工委办理"


# --- a stale page ---


def test_r30_a_page_from_before_the_last_action_is_refused(fujian, at_the_street):
    seen = fujian.fresh(at_the_street).version
    fujian.liaison_of("东街街道工委").reject(at_the_street)
    fujian.liaison_of("军门社区总支").approve(at_the_street)
    before = everything()
    with refused("R30", "由军门社区总支 军门社区总支（虚拟管理员）通过"):
        fujian.liaison_of("东街街道工委").do(at_the_street, "approve", expected_version=seen)
    assert everything() == before


def test_r30_the_page_of_today_is_accepted(fujian, at_the_street):
    seen = fujian.fresh(at_the_street).version
    fujian.liaison_of("东街街道工委").do(at_the_street, "approve", expected_version=seen)
    assert stands(at_the_street) == "待古田镇党委办理"


@pytest.mark.parametrize("action", ["reject", "approve", "object"])
def test_r30_every_action_makes_a_new_version(fujian, action):
    transfer = fujian.transfer("林小雨", A, to=B, at=B)
    seen = fujian.fresh(transfer).version
    inputs = {"reject": {"reason": "材料不全"}, "object": {"opinion": "不属于本支部"}}.get(action, {})
    fujian.liaison_of(B).do(transfer, action, **inputs)
    assert fujian.fresh(transfer).version > seen
