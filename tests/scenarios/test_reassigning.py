"""R44: 改派, by the organization above a branch that has objected, to another branch of its own subtree."""

import pytest

from models import db
from tests.scenarios.telling import everything, refused, stands, waiting_stage

A, VILLAGE, TOWN, STREET, GENERAL = "军门第一支部", "五龙村支部", "古田镇党委", "东街街道工委", "军门社区总支"
SECOND, QIXUN = "军门第二支部", "旗汛口社区支部"


@pytest.fixture
def objected(fujian):
    """`objected(SECOND)`: 林小雨 was on her way there, and the branch does not want her."""

    def objecting(to, *, confirming=False):
        transfer = fujian.transfer("林小雨", A, to=to, at=to, confirming=confirming)
        fujian.liaison_of(to).object(transfer, opinion="不属于本支部接收")
        return transfer

    return objecting


def road(fujian, transfer):
    return [f"{step.organization.name} {step.state.label}" for step in fujian.fresh(transfer).steps]


@pytest.mark.parametrize("confirming", [False, True])
def test_r44_the_street_sends_it_to_another_of_its_branches(fujian, objected, confirming):
    transfer = objected(QIXUN, confirming=confirming)
    fujian.liaison_of(STREET).reassign(transfer, to=SECOND)
    assert (stands(transfer), waiting_stage(transfer)) == (f"待{GENERAL}办理", "转入总支审批")
    assert road(fujian, transfer) == [
        f"{A} 已办", f"{GENERAL} 已办", f"{STREET} 已办", f"{GENERAL} 待办", f"{SECOND} 未到", f"{SECOND} 未到",
    ]  # fmt: skip


def test_r44_history_says_from_where_to_where_and_why(fujian, objected):
    transfer = objected(QIXUN)
    fujian.liaison_of(STREET).reassign(transfer, to=SECOND, opinion="实际住在军门社区")
    entry = fujian.entries(transfer)[-1]
    assert (entry.action.label, entry.rule, entry.opinion) == ("改派", "R44", "实际住在军门社区")
    assert entry.details["changes"] == {"目的支部": [QIXUN, SECOND]}
    assert (entry.from_organization_name, entry.to_organization_name) == (STREET, GENERAL)


def test_r44_the_member_arrives_at_the_new_branch(fujian, objected):
    transfer = objected(QIXUN)
    fujian.liaison_of(STREET).reassign(transfer, to=SECOND)
    fujian.complete(transfer)
    assert fujian.member("林小雨").organization.name == SECOND


def test_r44_whoever_did_it_may_take_it_back_and_choose_again(fujian, objected):
    transfer = objected(QIXUN)
    street = fujian.liaison_of(STREET)
    street.reassign(transfer, to=SECOND)
    street.withdraw(transfer)
    assert stands(transfer) == f"待{STREET}办理"
    assert street.can(transfer) == {"approve", "reject", "reassign"}
    assert fujian.route_names(fujian.fresh(transfer))[-2:] == [QIXUN, f"确认报到 {QIXUN}"]
    assert fujian.entries(transfer)[-1].details["changes"] == {"目的支部": [SECOND, QIXUN]}
    street.reassign(transfer, to=SECOND)
    assert stands(transfer) == f"待{GENERAL}办理"


def test_r44_the_branch_that_objected_has_nothing_more_to_do_with_it(fujian, objected):
    transfer = objected(QIXUN)
    fujian.liaison_of(STREET).reassign(transfer, to=SECOND)
    assert fujian.liaison_of(QIXUN).can(transfer) == set()


def test_r44_planning_again_by_hand_does_not_take_it_away(fujian, objected):
    transfer = objected(QIXUN)
    fujian.move(QIXUN, GENERAL)
    assert fujian.admin.replan(transfer)
    assert "reassign" in fujian.liaison_of(STREET).can(transfer)


@pytest.mark.parametrize("place", [A, GENERAL, STREET, TOWN])
def test_r44_without_an_objection_nobody_reassigns(fujian, place):
    transfer = fujian.transfer("林小雨", A, to=VILLAGE, at=place)
    assert "reassign" not in fujian.liaison_of(place).can(transfer)
    with refused("R30", "未能“改派”"):
        fujian.liaison_of(place).reassign(transfer, to=VILLAGE)


def test_r44_a_rejection_is_no_objection(fujian):
    transfer = fujian.transfer("林小雨", A, to=QIXUN, at=QIXUN)
    fujian.liaison_of(QIXUN).reject(transfer)
    assert fujian.liaison_of(STREET).can(transfer) == {"approve", "reject"}


def test_r44_nor_is_one_after_the_objection_was_overruled(fujian, objected):
    transfer = objected(QIXUN)
    fujian.liaison_of(STREET).approve(transfer)
    fujian.liaison_of(QIXUN).reject(transfer)
    assert fujian.liaison_of(STREET).can(transfer) == {"approve", "reject"}


@pytest.mark.parametrize("who", [f"{QIXUN}联络员", "鼓楼区委联络员", f"{GENERAL}联络员", "林小雨", "省级管理员"])
def test_r44_nobody_else_reassigns(fujian, objected, who):
    transfer = objected(QIXUN)
    before = everything()
    with refused("R30"):
        fujian.person(who).reassign(transfer, to=SECOND)
    assert everything() == before


@pytest.mark.parametrize(
    ("to", "rule", "words"),
    [
        (VILLAGE, "R44", f"只能改派到“{STREET}”范围内的支部"),
        (QIXUN, "R44", "就是现在的目的支部"),
        (A, "R13", "目的支部不能与转出支部相同"),
        (GENERAL, "R13", "目的组织必须是"),
    ],
)
def test_r44_it_must_be_another_branch_of_the_own_subtree(fujian, objected, to, rule, words):
    transfer = objected(QIXUN)
    before = everything()
    with refused(rule, words, field="destination"):
        fujian.liaison_of(STREET).reassign(transfer, to=to)
    assert everything() == before


def test_r44_not_to_one_that_was_deactivated(fujian, objected):
    transfer = objected(QIXUN)
    fujian.org(SECOND).is_active = False
    db.session.commit()
    with refused("R13", "已停用", field="destination"):
        fujian.liaison_of(STREET).reassign(transfer, to=SECOND)


def test_r44_a_branch_must_be_chosen(fujian, objected):
    transfer = objected(QIXUN)
    with refused("R44", "请选择改派到的支部", field="destination"):
        fujian.liaison_of(STREET).do(transfer, "reassign")
