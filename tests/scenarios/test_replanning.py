"""R16: 重新规划流程 by hand: who may, what it changes, what history says, and what works where planning fails."""

import pytest

from tests.scenarios.telling import everything, refused, stands
from workflow import actions
from workflow.errors import RuleError

A, B = "军门第一支部", "五龙村支部"
WITHOUT_LEVEL = ("东街街道工委", "鼓楼区委", "福州市委", "龙岩市委", "上杭县委", "古田镇党委", "福建省委")


@pytest.fixture
def at_the_street(fujian):
    """A transfer that waits at 东街街道工委, whose level has been unset since."""
    transfer = fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    fujian.set_level("东街街道工委", None)
    return transfer


def nothing_qualifies(fujian) -> None:
    for name in WITHOUT_LEVEL:
        fujian.set_level(name, None)


def accepted(person, transfer) -> bool:
    try:
        person.replan(transfer)
    except RuleError as refusal:
        return refusal.rule != "R30"
    return True


# --- what it does ---


def test_r16_mending_a_level_mends_the_flow_at_once(fujian):
    transfer = fujian.transfer("郭雅婷", "朱紫坊社区支部", to=B, at="鼓楼区委")
    fujian.set_level("安泰街道工委", 6)
    assert fujian.admin.replan(transfer) is True
    assert stands(transfer) == "待古田镇党委办理"


def test_r16_the_waiting_step_and_all_after_it_are_replaced(fujian, at_the_street):
    fujian.admin.replan(at_the_street)
    names = [A, "军门社区总支", "东街街道工委", "鼓楼区委", "古田镇党委", B, f"确认报到 {B}"]
    assert fujian.route_names(fujian.fresh(at_the_street)) == names
    assert stands(at_the_street) == "待东街街道工委办理"


def test_r16_approvals_in_force_are_kept(fujian, at_the_street):
    before = [(step.organization_id, step.handled_at) for step in fujian.fresh(at_the_street).steps[:2]]
    fujian.admin.replan(at_the_street)
    steps = fujian.fresh(at_the_street).steps
    assert [(step.organization_id, step.handled_at) for step in steps if step.state == "done"] == before


def test_r16_a_moved_organization_leads_another_way(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    fujian.move("军门社区总支", "鼓楼区卫健局党委")
    fujian.admin.replan(transfer)
    assert stands(transfer) == "待鼓楼区卫健局党委办理"


def test_r16_history_says_from_which_route_to_which(fujian, at_the_street):
    fujian.admin.replan(at_the_street)
    entry = fujian.entries(at_the_street)[-1]
    before, after = entry.details["route"]
    assert (entry.action.label, entry.rule, entry.actor_name) == ("重新规划流程", "R16", "省级管理员")
    assert set(after) - set(before) == {"转出党（工）委审批 鼓楼区委"}


def test_r16_where_nothing_changes_history_says_nothing(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    before = everything()
    assert fujian.admin.replan(transfer) is False
    assert everything() == before


def test_r17a_the_level_of_an_organization_that_is_only_passed_makes_no_other_way(fujian):
    transfer = fujian.transfer("罗永福", "鼓楼区医院第一支部", to=B)

    def warned() -> list[str]:
        return [step.organization.name for step in fujian.fresh(transfer).steps if step.lacks_level]

    assert warned() == []
    fujian.set_level("鼓楼区医院党委", None)
    assert fujian.admin.replan(transfer) is False
    assert warned() == ["鼓楼区医院党委"]
    fujian.set_level("鼓楼区医院党委", 7)
    assert (warned(), fujian.history(transfer)) == ([], ["上报"])


def test_r17a_a_level_that_is_mended_while_it_waits_there_is_no_warning_afterwards(fujian):
    fujian.set_level("鼓楼区医院党委", None)
    transfer = fujian.transfer("罗永福", "鼓楼区医院第一支部", to=B, at="鼓楼区医院党委")
    fujian.set_level("鼓楼区医院党委", 7)
    fujian.liaison_of("鼓楼区医院党委").approve(transfer)
    fujian.set_level("鼓楼区医院党委", None)
    assert [step.organization.name for step in fujian.fresh(transfer).steps if step.lacks_level] == []


def test_r17a_what_is_past_stays_as_it_was_handled(fujian):
    transfer = fujian.transfer("郭雅婷", "朱紫坊社区支部", to=B, at="鼓楼区委")
    fujian.set_level("安泰街道工委", 6)
    fujian.liaison_of("鼓楼区委").approve(transfer)
    assert [step.organization.name for step in fujian.fresh(transfer).steps if step.lacks_level] == ["安泰街道工委"]


def test_r16_what_waits_goes_on_waiting_since_when_it_did(fujian, at_the_street):
    since = fujian.fresh(at_the_street).arrived_at
    fujian.admin.replan(at_the_street)
    assert fujian.fresh(at_the_street).arrived_at == since


def test_r30_a_page_from_before_the_new_plan_is_stale(fujian, at_the_street):
    seen = fujian.fresh(at_the_street).version
    fujian.admin.replan(at_the_street)
    with refused("R30", "重新规划流程"):
        fujian.liaison_of("东街街道工委").do(at_the_street, "approve", expected_version=seen)


# --- the two sides ---


@pytest.mark.parametrize("at", ["古田镇党委", B])
def test_r16_what_came_to_the_destination_side_never_goes_back(fujian, at):
    transfer = fujian.transfer("林小雨", A, to=B, at=at)
    fujian.set_level("东街街道工委", None)
    fujian.move("军门社区总支", "安泰街道工委")
    assert fujian.admin.replan(transfer) is False
    assert stands(transfer) == f"待{at}办理"


def test_r16_on_the_destination_side_its_own_chain_is_planned(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="古田镇党委")
    fujian.set_level("古田镇党委", None)
    assert fujian.admin.replan(transfer) is True
    assert stands(transfer) == "待上杭县委办理"


# --- who may ---


@pytest.mark.parametrize(
    "name", [A, "军门社区总支", "东街街道工委", "鼓楼区委", "福建省委", "古田镇党委", "龙岩市委", B]
)
def test_r16_a_liaison_who_may_mend_an_organization_of_the_route(fujian, at_the_street, name):
    assert fujian.liaison_of(name).replan(at_the_street) is True
    assert fujian.entries(at_the_street)[-1].actor_organization_name == name


@pytest.mark.parametrize("name", ["林小雨", "审计员", "郑晓东"])
def test_r16_nobody_else_who_sees_it(fujian, at_the_street, name):
    with refused("R30"):
        fujian.person(name).replan(at_the_street)
    assert fujian.history(at_the_street)[-1] == "通过"


@pytest.mark.parametrize("name", ["安泰街道工委", "鼓楼区卫健局党委", "军门第二支部", "漳平市委", "古田镇机关支部"])
def test_r16_no_liaison_beside_the_route(fujian, at_the_street, name):
    with refused("R30", "不在您的管理范围内"):
        fujian.liaison_of(name).replan(at_the_street)


def test_r30_it_is_offered_to_exactly_those_from_whom_it_is_accepted(fujian, at_the_street):
    """鼓楼区委 stands above the step that waits, and above neither end any more."""
    fujian.move("军门社区总支", "古田镇党委")
    county = fujian.liaison_of("鼓楼区委")
    offered = actions.may_replan(fujian.fresh(at_the_street), county.actor)
    assert offered is accepted(county, at_the_street)


def test_r16_not_at_the_applicant(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.person("林小雨").withdraw(transfer)
    with refused("R30", "未能“重新规划流程”：该记录目前已撤回至申请人"):
        fujian.admin.replan(transfer)


def test_r16_not_after_the_end(fujian):
    transfer = fujian.complete(fujian.apply("林小雨", to=B))
    with refused("R30", "该记录目前已办结"):
        fujian.admin.replan(transfer)


# --- where planning fails ---


def test_r16_planning_that_fails_is_refused_with_the_reason(fujian, at_the_street):
    nothing_qualifies(fujian)
    before = everything()
    with refused("R12", "没有任何组织设置了"):
        fujian.admin.replan(at_the_street)
    assert everything() == before


def test_r16_approving_is_refused_with_the_reason_then(fujian, at_the_street):
    nothing_qualifies(fujian)
    with refused("R12", "没有任何组织设置了"):
        fujian.liaison_of("东街街道工委").approve(at_the_street)


def test_r16_applying_again_is_refused_with_the_reason_then(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.person("林小雨").withdraw(transfer)
    nothing_qualifies(fujian)
    with refused("R12", "没有任何组织设置了"):
        fujian.person("林小雨").resubmit(transfer)


def test_r16_rejecting_still_works(fujian, at_the_street):
    nothing_qualifies(fujian)
    fujian.liaison_of("东街街道工委").reject(at_the_street)
    assert stands(at_the_street) == "待军门社区总支办理"


def test_r16_withdrawing_still_works(fujian, at_the_street):
    nothing_qualifies(fujian)
    fujian.liaison_of("军门社区总支").withdraw(at_the_street)
    assert stands(at_the_street) == "待军门社区总支办理"


@pytest.mark.parametrize("confirming", [False, True])
def test_r16_objecting_still_works(fujian, confirming):
    transfer = fujian.transfer("林小雨", A, to=B, at=B, confirming=confirming)
    nothing_qualifies(fujian)
    fujian.liaison_of(B).object(transfer)
    assert stands(transfer) == "待古田镇党委办理"


def test_r16_mended_it_goes_on(fujian, at_the_street):
    nothing_qualifies(fujian)
    fujian.set_level("福建省委", 1)
    fujian.liaison_of("东街街道工委").approve(at_the_street)
    assert stands(at_the_street) == "待鼓楼区委办理"
