"""R25: 驳回, one step back, across the two sides, and from the first step to the applicant."""

import pytest

from models import TransferState
from tests.scenarios.telling import everything, refused, stands, waiting_stage

A, B = "军门第一支部", "五龙村支部"


def reject_at(fujian, organization: str, source: str = A, member: str = "林小雨", to: str = B):
    """A transfer that the organization has sent back."""
    transfer = fujian.transfer(member, source, to=to, at=organization)
    fujian.liaison_of(organization).reject(transfer, reason="党费未缴清")
    return transfer


# --- where it goes ---


def test_r25_a_rejected_transfer_goes_back_one_step(fujian):
    transfer = fujian.transfer("林小雨", "军门第一支部", to="五龙村支部", at="东街街道工委")
    fujian.liaison_of("东街街道工委").reject(transfer, reason="党费未缴清")
    assert stands(transfer) == "待军门社区总支办理"


def test_r25_it_goes_back_across_the_two_sides(fujian):
    assert stands(reject_at(fujian, "古田镇党委")) == "待东街街道工委办理"


def test_r25_the_receiving_branch_sends_it_back_to_its_committee(fujian):
    assert stands(reject_at(fujian, B)) == "待古田镇党委办理"


def test_r25_the_committee_of_both_sides_gets_it_back_once(fujian):
    transfer = reject_at(fujian, "旗汛口社区支部", to="旗汛口社区支部")
    assert stands(transfer) == "待东街街道工委办理"
    fujian.liaison_of("东街街道工委").reject(transfer)
    assert stands(transfer) == "待军门社区总支办理"


def test_r25_a_general_branch_above_both_gets_it_back_on_the_side_where_it_was(fujian):
    transfer = reject_at(fujian, "军门第二支部", to="军门第二支部")
    assert (stands(transfer), waiting_stage(transfer)) == ("待军门社区总支办理", "转入总支审批")


def test_r25_from_the_first_step_it_goes_back_to_the_applicant(fujian):
    transfer = reject_at(fujian, A)
    assert stands(transfer) == "已驳回至申请人"
    assert fujian.fresh(transfer).state is TransferState.REJECTED


# --- what then ---


def test_r25_the_step_before_decides_again(fujian):
    transfer = reject_at(fujian, "东街街道工委")
    fujian.liaison_of("军门社区总支").approve(transfer)
    assert stands(transfer) == "待东街街道工委办理"


def test_r25_the_step_before_may_send_it_back_further(fujian):
    transfer = reject_at(fujian, "东街街道工委")
    fujian.liaison_of("军门社区总支").reject(transfer)
    assert stands(transfer) == "待军门第一支部办理"


def test_r25_the_approval_that_was_taken_back_is_in_force_no_more(fujian):
    transfer = fujian.fresh(reject_at(fujian, "东街街道工委"))
    assert [(step.organization.name, step.state.label, step.handled_by) for step in transfer.steps[:3]] == [
        (A, "已办", "军门第一支部（虚拟管理员）"),
        ("军门社区总支", "待办", ""),
        ("东街街道工委", "未到", ""),
    ]


def test_r25_who_rejected_does_not_act_again(fujian):
    transfer = reject_at(fujian, "东街街道工委")
    assert fujian.liaison_of("东街街道工委").can(transfer) == set()


# --- an organization that was closed meanwhile ---


def test_r25_a_deactivated_organization_is_skipped(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    fujian.deactivate("军门社区总支")
    fujian.liaison_of("东街街道工委").reject(transfer)
    assert stands(transfer) == "待军门第一支部办理"


def test_r25_where_all_before_are_deactivated_it_goes_to_the_applicant(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    fujian.deactivate("军门社区总支")
    fujian.deactivate(A)
    fujian.liaison_of("东街街道工委").reject(transfer)
    assert stands(transfer) == "已驳回至申请人"


# --- the reason ---


@pytest.mark.parametrize("inputs", [{}, {"reason": ""}, {"reason": " \n "}])
def test_r25_a_reason_is_needed(fujian, inputs):
    transfer = fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    before = everything()
    with refused("R25", "请填写驳回理由", field="reason"):
        fujian.liaison_of("东街街道工委").do(transfer, "reject", **inputs)
    assert everything() == before


def test_r25_a_reason_has_an_end(fujian):
    transfer = fujian.apply("林小雨", to=B)
    with refused("R25", "500字", field="reason"):
        fujian.liaison_of(A).reject(transfer, reason="缺" * 501)


def test_r25_the_reason_is_kept(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.liaison_of(A).reject(transfer, reason=" " + "缺" * 500)
    assert fujian.entries(transfer)[-1].opinion == "缺" * 500


# --- where there is none ---


def test_r25_the_confirming_step_has_none(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at=B, confirming=True)
    with refused("R30", "未能“驳回”：该记录目前待五龙村支部办理"):
        fujian.liaison_of(B).reject(transfer)


@pytest.mark.parametrize("name", [A, "军门社区总支", "鼓楼区委", "古田镇党委"])
def test_r25_only_the_organization_on_the_step_rejects(fujian, name):
    transfer = fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    with refused("R30"):
        fujian.liaison_of(name).reject(transfer)
    assert stands(transfer) == "待东街街道工委办理"
