"""R23: 上报 again after a withdrawal or a rejection; the fields may be changed, and history says from what to what."""

from datetime import date, timedelta

import pytest

from models import MemberStatus, clock, db
from tests.scenarios.telling import everything, refused, stands

A, B = "军门第一支部", "五龙村支部"


@pytest.fixture
def rejected(fujian):
    """林小雨's transfer, sent back to her by her branch."""
    transfer = fujian.apply("林小雨", to=B, reason="工作调动", applied_on=date(2026, 1, 5), dues_paid_until="2026-01")
    fujian.liaison_of(A).reject(transfer, reason="材料不全")
    return transfer


def changes(fujian, transfer) -> dict[str, list[str]]:
    """What the latest entry of the history says was changed."""
    return fujian.entries(transfer)[-1].details.get("changes", {})


# --- going again ---


def test_r23_after_a_rejection(fujian, rejected):
    fujian.person("林小雨").resubmit(rejected)
    assert stands(rejected) == "待军门第一支部办理"
    assert fujian.history(rejected) == ["上报", "驳回", "再次上报"]


def test_r23_after_a_withdrawal(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.person("林小雨").withdraw(transfer)
    fujian.person("林小雨").resubmit(transfer)
    assert stands(transfer) == "待军门第一支部办理"


def test_r23_it_begins_at_the_first_step_again(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="军门社区总支")
    fujian.liaison_of("军门社区总支").reject(transfer)
    fujian.liaison_of(A).reject(transfer)
    fujian.person("林小雨").resubmit(transfer)
    states = [step.state.label for step in fujian.fresh(transfer).steps]
    assert states == ["待办", "未到", "未到", "未到", "未到", "未到"]


def test_r23_the_route_is_planned_by_the_data_of_the_day(fujian, rejected):
    fujian.set_level("东街街道工委", None)
    fujian.person("林小雨").resubmit(rejected)
    assert "鼓楼区委" in fujian.route_names(fujian.fresh(rejected))


def test_r23_it_comes_to_its_end_like_any_other(fujian, rejected):
    fujian.person("林小雨").resubmit(rejected)
    fujian.complete(fujian.fresh(rejected))
    assert fujian.member("林小雨").organization.name == B


# --- who ---


@pytest.mark.parametrize("name", ["林小雨", "林志强", "东街街道工委联络员"])
def test_r23_where_a_liaison_submitted_the_whole_applicants_side_may(fujian, name):
    transfer = fujian.liaison_of("东街街道工委").apply("林小雨", to=B)
    fujian.liaison_of(A).reject(transfer)
    fujian.person(name).resubmit(transfer)
    assert stands(transfer) == "待军门第一支部办理"


@pytest.mark.parametrize("name", ["军门第一支部联络员", "陈国强", "鼓楼区委联络员", "省级管理员"])
def test_r23_where_the_member_applied_nobody_else_may(fujian, rejected, name):
    with refused("R30"):
        fujian.person(name).resubmit(rejected)


@pytest.mark.parametrize("at", [A, "古田镇党委", B])
def test_r23_not_while_it_is_on_its_way(fujian, at):
    transfer = fujian.transfer("林小雨", A, to=B, at=at)
    with refused("R30", "未能“上报”"):
        fujian.person("林小雨").resubmit(transfer)


def test_r23_the_organization_recorded_as_submitting_stays(fujian):
    transfer = fujian.liaison_of("东街街道工委").apply("林小雨", to=B)
    fujian.liaison_of(A).reject(transfer)
    fujian.person("林小雨").resubmit(transfer)
    assert fujian.fresh(transfer).submitting_organization.name == "东街街道工委"


# --- with changed fields ---


def test_r23_every_field_may_be_changed_and_history_says_from_what_to_what(fujian, rejected):
    fujian.person("林小雨").resubmit(
        rejected,
        destination_id=fujian.org("旗汛口社区支部").id,
        reason=" 住址变动 ",
        applied_on=date(2026, 1, 7),
        dues_paid_until="2025-12",
    )
    assert changes(fujian, rejected) == {
        "目的支部": [B, "旗汛口社区支部"],
        "转出原因": ["工作调动", "住址变动"],
        "申请时间": ["2026-01-05", "2026-01-07"],
        "党费缴纳至": ["2026-01", "2025-12"],
    }


def test_r23_what_was_not_changed_is_not_told(fujian, rejected):
    fujian.person("林小雨").resubmit(rejected, reason="工作调动", dues_paid_until="2025-12")
    assert changes(fujian, rejected) == {"党费缴纳至": ["2026-01", "2025-12"]}


def test_r23_without_changes_there_is_nothing_to_tell(fujian, rejected):
    fujian.person("林小雨").resubmit(rejected)
    assert fujian.entries(rejected)[-1].details == {}


def test_r23_another_destination_has_another_route(fujian, rejected):
    fujian.person("林小雨").resubmit(rejected, destination_id=fujian.org("旗汛口社区支部").id)
    fresh = fujian.fresh(rejected)
    assert fujian.route_names(fresh)[-2:] == ["旗汛口社区支部", "确认报到 旗汛口社区支部"]
    assert fresh.destination_path == fujian.org("旗汛口社区支部").path


def test_r23_a_shorter_route_leaves_no_step_behind(fujian, rejected):
    fujian.person("林小雨").resubmit(rejected, destination_id=fujian.org("旗汛口社区支部").id)
    assert [step.position for step in fujian.fresh(rejected).steps] == [1, 2, 3, 4, 5]


# --- the rules of applying hold again ---


@pytest.mark.parametrize(
    ("rule", "field", "value"),
    [
        ("R19", "reason", "  "),
        ("R19", "reason", "调" * 501),
        ("R19", "applied_on", clock.today() + timedelta(days=2)),
        ("R19", "dues_paid_until", "9999-12"),
        ("R19", "dues_paid_until", "2026-13"),
        ("R13", "destination_id", 999_999),
    ],
)
def test_r19_a_wrong_field_is_refused_and_changes_nothing(fujian, rejected, rule, field, value):
    before = everything()
    with refused(rule, field=field.removesuffix("_id")):
        fujian.person("林小雨").resubmit(rejected, **{field: value})
    assert everything() == before


@pytest.mark.parametrize("name", [A, "古田镇党委", "省外组织"])
def test_r13_a_wrong_destination_is_refused_and_changes_nothing(fujian, rejected, name):
    destination = fujian.org(name).id
    before = everything()
    with refused("R13", field="destination"):
        fujian.person("林小雨").resubmit(rejected, destination_id=destination)
    assert everything() == before


def test_r19a_nobody_goes_on_who_is_not_in_normal_standing_any_more(fujian, rejected):
    fujian.member("林小雨").status = MemberStatus.SUSPENDED
    db.session.commit()
    with refused("R19a", "停止党籍"):
        fujian.person("林小雨").resubmit(rejected)
    assert stands(rejected) == "已驳回至申请人"
