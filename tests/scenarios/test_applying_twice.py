"""R13, R20, R22: where a transfer may go, one open transfer a member, and a refusal that changes nothing."""

from datetime import date

import pytest

from models import Transfer, clock, db
from tests.scenarios.telling import everything, refused, stands
from workflow import applications

AGAIN = "必须先结束或作废当前流程"


# --- R13: where to ---


def test_r13_the_destination_differs_from_the_source(fujian):
    with refused("R13", "目的支部不能与转出支部相同", field="destination"):
        fujian.apply("林小雨", to="军门第一支部")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("古田镇党委", "党委"),
        ("安泰街道工委", "党工委"),
        ("军门社区总支", "党总支"),
        ("省外组织", "省外组织"),
        ("特殊组织", "特殊组织"),
    ],
)
def test_r13_the_destination_is_a_branch(fujian, name, kind):
    with refused("R13", f"“{name}”是{kind}.*必须是党支部", field="destination"):
        fujian.apply("林小雨", to=name)


def test_r13_the_destination_is_active(fujian):
    fujian.deactivate("五龙村支部")
    with refused("R13", "“五龙村支部”已停用", field="destination"):
        fujian.apply("林小雨", to="五龙村支部")


def test_r13_the_destination_exists(fujian):
    fields = {"reason": "工作调动", "applied_on": clock.today(), "dues_paid_until": clock.this_month()}
    member, actor = fujian.member("林小雨"), fujian.actor_of("林小雨")
    with refused("R13", "所选组织不存在", field="destination"):
        applications.apply(actor, kind_code="intra", member_key=member.key, destination_id=999_999, **fields)


@pytest.mark.parametrize("name", ["军门社区总支", "东街街道工委", "古田镇党委"])
def test_r12_a_deactivated_organization_on_the_way_is_named(fujian, name):
    fujian.deactivate(name)
    with refused("R12", f"“{name}”已停用"):
        fujian.apply("林小雨", to="五龙村支部")


# --- R20: one at a time ---


def test_r20_a_second_application_is_refused_while_the_first_is_on_its_way(fujian):
    fujian.apply("林小雨", to="五龙村支部")
    with refused("R20", AGAIN, field="member"):
        fujian.apply("林小雨", to="旗汛口社区支部")


def test_r20_also_when_a_liaison_submits_it(fujian):
    fujian.apply("林小雨", to="五龙村支部")
    with refused("R20", AGAIN, field="member"):
        fujian.liaison_of("鼓楼区委").apply("林小雨", to="旗汛口社区支部")


def test_r20_also_at_the_last_step(fujian):
    fujian.transfer("林小雨", "军门第一支部", to="五龙村支部", at="五龙村支部", confirming=True)
    with refused("R20", AGAIN):
        fujian.apply("林小雨", to="旗汛口社区支部")


def test_r20_also_after_a_withdrawal(fujian):
    transfer = fujian.apply("林小雨", to="五龙村支部")
    fujian.person("林小雨").withdraw(transfer)
    with refused("R20", AGAIN):
        fujian.apply("林小雨", to="旗汛口社区支部")


def test_r20_also_after_a_rejection(fujian):
    transfer = fujian.apply("林小雨", to="五龙村支部")
    fujian.liaison_of("军门第一支部").reject(transfer)
    with refused("R20", AGAIN):
        fujian.apply("林小雨", to="旗汛口社区支部")


def test_r20_a_voided_one_makes_room(fujian):
    first = fujian.apply("林小雨", to="五龙村支部")
    fujian.person("林小雨").withdraw(first)
    fujian.person("林小雨").void(first)
    assert stands(fujian.apply("林小雨", to="旗汛口社区支部")) == "待军门第一支部办理"


def test_r20_a_completed_one_makes_room(fujian):
    fujian.complete(fujian.apply("林小雨", to="五龙村支部"))
    assert stands(fujian.apply("林小雨", to="军门第一支部")) == "待五龙村支部办理"


def test_r20_two_members_have_one_each(fujian):
    fujian.apply("陈国强", to="五龙村支部")
    assert stands(fujian.apply("林小雨", to="五龙村支部")) == "待军门第一支部办理"
    assert db.session.query(Transfer).count() == 2


# --- R22: nothing is changed ---


@pytest.mark.parametrize(
    ("rule", "member", "fields"),
    [
        ("R18", "陈国强", {"to": "五龙村支部"}),
        ("R19", "林小雨", {"to": "省外组织", "kind_code": "out_of_province"}),
        ("R14", "林小雨", {"to": "特殊组织", "kind_code": "out_of_province", "addressee": "中共杭州市委组织部"}),
        ("R13", "林小雨", {"to": "军门第一支部"}),
        ("R13", "林小雨", {"to": "古田镇党委"}),
        ("R19", "林小雨", {"to": "五龙村支部", "reason": ""}),
        ("R19", "林小雨", {"to": "五龙村支部", "dues_paid_until": "9999-12"}),
        ("R19", "林小雨", {"to": "五龙村支部", "applied_on": date(9999, 1, 1)}),
    ],
)
def test_r22_a_refused_application_changes_nothing(fujian, rule, member, fields):
    before = everything()
    with refused(rule):
        fujian.person("林小雨").apply(member, **fields)
    assert everything() == before


def test_r22_nor_does_one_for_which_no_route_is_found(fujian):
    fujian.deactivate("古田镇党委")
    before = everything()
    with refused("R12"):
        fujian.apply("林小雨", to="五龙村支部")
    assert everything() == before


def test_r22_nor_does_a_second_one(fujian):
    fujian.apply("林小雨", to="五龙村支部")
    before = everything()
    with refused("R20"):
        fujian.apply("林小雨", to="旗汛口社区支部")
    assert everything() == before
