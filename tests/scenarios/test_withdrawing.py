"""R26: 撤回, by whoever made the last forward move, while it is the latest action."""

import pytest

from models import TransferState, db
from tests.scenarios.telling import refused, stands, waiting_stage

A, B = "军门第一支部", "五龙村支部"


def cannot_withdraw(fujian, username: str, transfer) -> None:
    """撤回 is neither offered to this person nor accepted from them."""
    assert "withdraw" not in fujian.person(username).can(transfer)
    with refused("R30"):
        fujian.person(username).withdraw(transfer)


# --- the applicant ---


def test_r26_the_applicant_takes_it_back_before_the_first_approval(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.person("林小雨").withdraw(transfer)
    assert stands(transfer) == "已撤回至申请人"
    assert fujian.fresh(transfer).state is TransferState.WITHDRAWN


def test_r26_after_the_first_approval_the_applicant_is_told_what_happened(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="军门社区总支")
    with refused("R30", "未能“撤回”：该记录目前待军门社区总支办理（.*由军门第一支部.*通过）"):
        fujian.person("林小雨").withdraw(transfer)


@pytest.mark.parametrize("name", ["林小雨", "林志强", "东街街道工委联络员"])
def test_r26_where_a_liaison_submitted_the_whole_applicants_side_may(fujian, name):
    transfer = fujian.person("林志强").apply("林小雨", to=B)
    fujian.person(name).withdraw(transfer)
    assert stands(transfer) == "已撤回至申请人"


@pytest.mark.parametrize("name", ["军门第一支部联络员", "军门社区总支联络员", "鼓楼区委联络员"])
def test_r26_no_other_liaison_may(fujian, name):
    cannot_withdraw(fujian, name, fujian.liaison_of("东街街道工委").apply("林小雨", to=B))


def test_r26_where_the_member_applied_no_liaison_may(fujian):
    cannot_withdraw(fujian, "军门第一支部联络员", fujian.apply("林小雨", to=B))


def test_r26_after_applying_again_it_may_be_taken_back_again(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.person("林小雨").withdraw(transfer)
    fujian.person("林小雨").resubmit(transfer)
    fujian.person("林小雨").withdraw(transfer)
    assert fujian.history(transfer) == ["上报", "撤回", "再次上报", "撤回"]


# --- an organization that approved ---


def test_r26_who_approved_last_takes_it_back_to_the_own_step(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    fujian.liaison_of("军门社区总支").withdraw(transfer)
    assert stands(transfer) == "待军门社区总支办理"
    assert fujian.fresh(transfer).current_step.handled_by == ""


def test_r26_another_liaison_of_the_same_organization_may_too(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.liaison_of(A).approve(transfer)
    fujian.person("陈国强").withdraw(transfer)
    assert stands(transfer) == "待军门第一支部办理"


def test_r26_it_comes_back_from_the_other_side(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="古田镇党委")
    fujian.liaison_of("东街街道工委").withdraw(transfer)
    assert stands(transfer) == "待东街街道工委办理"


def test_r26_the_branch_takes_back_its_own_receiving(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at=B, confirming=True)
    fujian.liaison_of(B).withdraw(transfer)
    assert waiting_stage(transfer) == "支部接收"


def test_r26_then_the_step_is_decided_again(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    fujian.liaison_of("军门社区总支").withdraw(transfer)
    assert fujian.liaison_of("军门社区总支").can(transfer) == {"approve", "reject"}


def test_r26_not_twice(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    fujian.liaison_of("军门社区总支").withdraw(transfer)
    cannot_withdraw(fujian, "军门社区总支联络员", transfer)
    cannot_withdraw(fujian, "军门第一支部联络员", transfer)


def test_r26_not_once_the_next_organization_has_acted(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="古田镇党委")
    cannot_withdraw(fujian, "军门社区总支联络员", transfer)


def test_r26_nor_by_who_stands_on_the_step_or_above(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    cannot_withdraw(fujian, "东街街道工委联络员", transfer)
    cannot_withdraw(fujian, "鼓楼区委联络员", transfer)


def test_r26_nor_by_a_liaison_whose_grant_sleeps_by_now(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.person("陈国强").approve(transfer)
    fujian.member("陈国强").phone_activated_at = None
    db.session.commit()
    cannot_withdraw(fujian, "陈国强", transfer)


# --- only while the forward move is the latest action ---


@pytest.mark.parametrize("name", ["军门第一支部联络员", "军门社区总支联络员", "东街街道工委联络员", "林小雨"])
def test_r26_not_after_a_rejection(fujian, name):
    transfer = fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    fujian.liaison_of("东街街道工委").reject(transfer)
    cannot_withdraw(fujian, name, transfer)


@pytest.mark.parametrize("name", ["东街街道工委联络员", "古田镇党委联络员", "五龙村支部联络员"])
def test_r26_not_after_an_objection(fujian, name):
    transfer = fujian.transfer("林小雨", A, to=B, at=B, confirming=True)
    fujian.liaison_of(B).object(transfer)
    cannot_withdraw(fujian, name, transfer)


def test_r26_not_after_the_end(fujian):
    transfer = fujian.complete(fujian.apply("林小雨", to=B))
    cannot_withdraw(fujian, "五龙村支部联络员", transfer)
    cannot_withdraw(fujian, "林小雨", transfer)


def test_r26_planning_again_is_no_action(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="军门社区总支")
    fujian.set_level("东街街道工委", None)
    assert fujian.admin.replan(transfer)
    fujian.liaison_of(A).withdraw(transfer)
    assert stands(transfer) == "待军门第一支部办理"


def test_r26_planning_again_is_none_for_the_applicant_either(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.set_level("东街街道工委", None)
    assert fujian.admin.replan(transfer)
    fujian.person("林小雨").withdraw(transfer)
    assert stands(transfer) == "已撤回至申请人"
