"""R29: 异议反馈, by the destination branch, back to the organization above it on the route."""

import pytest

from tests.scenarios.telling import everything, refused, stands, waiting_stage

A, B = "军门第一支部", "五龙村支部"


def objected(fujian, *, confirming: bool):
    """A transfer that the branch does not want, from its receiving or from its confirming step."""
    transfer = fujian.transfer("林小雨", A, to=B, at=B, confirming=confirming)
    fujian.liaison_of(B).object(transfer, opinion="不属于本支部接收")
    return transfer


def test_r29_from_the_receiving_step_it_goes_to_the_organization_above(fujian):
    assert stands(objected(fujian, confirming=False)) == "待古田镇党委办理"


def test_r29_from_the_confirming_step_it_goes_past_the_branchs_own_receiving(fujian):
    assert stands(objected(fujian, confirming=True)) == "待古田镇党委办理"


def test_r29_the_receiving_is_in_force_no_more(fujian):
    transfer = fujian.fresh(objected(fujian, confirming=True))
    assert [step.state.label for step in transfer.steps] == ["已办", "已办", "已办", "待办", "未到", "未到"]


@pytest.mark.parametrize("confirming", [False, True])
def test_r29_which_decides_again(fujian, confirming):
    transfer = objected(fujian, confirming=confirming)
    assert fujian.liaison_of("古田镇党委").can(transfer) == {"approve", "reject", "reassign"}
    fujian.liaison_of("古田镇党委").approve(transfer)
    assert (stands(transfer), waiting_stage(transfer)) == ("待五龙村支部办理", "支部接收")


def test_r29_or_sends_it_back_to_the_other_side(fujian):
    transfer = objected(fujian, confirming=True)
    fujian.liaison_of("古田镇党委").reject(transfer, reason="支部不接收")
    assert stands(transfer) == "待东街街道工委办理"


def test_r29_to_the_committee_of_both_sides(fujian):
    transfer = fujian.transfer("林小雨", A, to="旗汛口社区支部", at="旗汛口社区支部", confirming=True)
    fujian.liaison_of("旗汛口社区支部").object(transfer)
    assert (stands(transfer), waiting_stage(transfer)) == ("待东街街道工委办理", "党（工）委审批")


def test_r29_to_the_general_branch_on_the_way_down(fujian):
    transfer = fujian.transfer("林小雨", A, to="军门第二支部", at="军门第二支部", confirming=True)
    fujian.liaison_of("军门第二支部").object(transfer)
    assert (stands(transfer), waiting_stage(transfer)) == ("待军门社区总支办理", "转入总支审批")


def test_r29_the_member_stays_where_they_are(fujian):
    objected(fujian, confirming=True)
    assert fujian.member("林小雨").organization.name == A


def test_r29_the_opinion_is_kept(fujian):
    entry = fujian.entries(objected(fujian, confirming=True))[-1]
    assert (entry.action.label, entry.opinion) == ("异议反馈", "不属于本支部接收")


@pytest.mark.parametrize("opinion", ["", "  "])
def test_r29_an_opinion_is_needed(fujian, opinion):
    transfer = fujian.transfer("林小雨", A, to=B, at=B)
    before = everything()
    with refused("R29", "请填写反馈意见", field="opinion"):
        fujian.liaison_of(B).object(transfer, opinion=opinion)
    assert everything() == before


def test_r29_an_opinion_has_an_end(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at=B)
    with refused("R29", "500字", field="opinion"):
        fujian.liaison_of(B).object(transfer, opinion="不" * 501)


@pytest.mark.parametrize("name", [A, "军门社区总支", "东街街道工委", "古田镇党委"])
def test_r29_no_other_organization_objects_on_its_step(fujian, name):
    transfer = fujian.transfer("林小雨", A, to=B, at=name)
    assert "object" not in fujian.liaison_of(name).can(transfer)
    with refused("R30", "未能“异议反馈”"):
        fujian.liaison_of(name).object(transfer)


@pytest.mark.parametrize("name", ["古田镇党委联络员", "上杭县委联络员", "军门第一支部联络员", "林小雨"])
def test_r29_nobody_objects_for_the_branch(fujian, name):
    transfer = fujian.transfer("林小雨", A, to=B, at=B, confirming=True)
    with refused("R30"):
        fujian.person(name).object(transfer)


def test_r29_the_receiving_step_offers_all_three(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at=B)
    assert fujian.liaison_of(B).can(transfer) == {"approve", "reject", "object"}


def test_r29_the_confirming_step_offers_it_beside_confirming(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at=B, confirming=True)
    assert fujian.liaison_of(B).can(transfer) == {"confirm", "object", "withdraw"}
