"""R18, R19, R19a: who applies for whom, and what an application may say."""

from datetime import UTC, date, datetime, timedelta

import pytest

from models import MemberStatus, RoleCode, TransferKind, clock, db
from tests.scenarios.telling import refused, stands
from tests.world import ADMIN, AUDITOR
from workflow import applications


def submitted_by(transfer) -> str | None:
    """The organization recorded as submitting."""
    return transfer.submitting_organization and transfer.submitting_organization.name


# --- R18: for whom ---


def test_r18_a_member_applies_for_themself(fujian):
    transfer = fujian.apply("林小雨", to="五龙村支部")
    assert stands(transfer) == "待军门第一支部办理"
    assert (transfer.member.name, transfer.source.name) == ("林小雨", "军门第一支部")
    assert submitted_by(transfer) is None


@pytest.mark.parametrize("name", ["军门第一支部", "军门社区总支", "东街街道工委", "鼓楼区委", "福州市委", "福建省委"])
def test_r18_a_liaison_applies_for_a_member_of_the_own_subtree(fujian, name):
    transfer = fujian.liaison_of(name).apply("林小雨", to="五龙村支部")
    assert stands(transfer) == "待军门第一支部办理"
    assert submitted_by(transfer) == name


def test_r18_the_lowest_organization_of_the_submitter_is_recorded(fujian):
    fujian.grant("鼓楼区委联络员", RoleCode.LIAISON, "东街街道工委")
    transfer = fujian.liaison_of("鼓楼区委").apply("林小雨", to="五龙村支部")
    assert submitted_by(transfer) == "东街街道工委"


def test_r18_an_organization_beside_the_branch_is_not_recorded(fujian):
    fujian.grant("鼓楼区委联络员", RoleCode.LIAISON, "军门第二支部")
    transfer = fujian.liaison_of("鼓楼区委").apply("林小雨", to="五龙村支部")
    assert submitted_by(transfer) == "鼓楼区委"


def test_r18_a_lower_organization_where_the_grant_sleeps_is_not_recorded(fujian):
    fujian.grant("鼓楼区委联络员", RoleCode.LIAISON, "军门社区总支")
    fujian.deactivate("军门社区总支")
    fujian.move("军门第一支部", "东街街道工委")
    fujian.grant("鼓楼区委联络员", RoleCode.LIAISON, "东街街道工委")
    transfer = fujian.liaison_of("鼓楼区委").apply("林小雨", to="五龙村支部")
    assert submitted_by(transfer) == "东街街道工委"


def test_r18_a_liaison_applies_for_themself_as_a_member(fujian):
    assert submitted_by(fujian.apply("陈国强", to="五龙村支部")) is None


@pytest.mark.parametrize("name", ["古田镇党委", "军门第二支部", "旗汛口社区支部", "五龙村支部"])
def test_r18_no_liaison_applies_outside_the_own_subtree(fujian, name):
    with refused("R18", "只能为自己或本组织范围内的党员申请", field="member"):
        fujian.liaison_of(name).apply("林小雨", to="五龙村支部")


@pytest.mark.parametrize("name", ["林小雨", "吴建平", "郑晓东", ADMIN, AUDITOR])
def test_r18_nobody_else_applies_for_another(fujian, name):
    """A member, a liaison whose grant sleeps, a secretary, a provincial admin, an auditor."""
    with refused("R18", field="member"):
        fujian.person(name).apply("林志强", to="五龙村支部")


@pytest.mark.parametrize("name", ["马海涛", "孙丽娜"])
def test_r1_members_of_a_holding_organization_cannot_apply(fujian, name):
    with refused("R13", "不是党支部", field="member"):
        fujian.apply(name, to="五龙村支部")


def test_r1_a_holding_organization_lies_in_no_liaisons_subtree(fujian):
    with refused("R18", field="member"):
        fujian.liaison_of("福建省委").apply("马海涛", to="五龙村支部")


def test_r18_a_kind_without_a_form_is_not_applied_for(fujian):
    db.session.add(TransferKind(code="later", name="以后", destination_kind="unknown", route_rule="R14"))
    db.session.commit()
    with refused("R18", "不能在这里申请", field="kind"):
        fujian.apply("林小雨", to="未知党组织", kind_code="later")


def test_r18_the_kinds_within_the_province_and_out_of_it_are_offered(fujian):
    assert [kind.name for kind in applications.application_kinds()] == ["省内转接", "转出省外", "转到特殊组织"]


def test_r18_an_unknown_kind_is_refused(fujian):
    with refused("R13", "没有这种转接类型", field="kind"):
        fujian.apply("林小雨", to="五龙村支部", kind_code="nonsense")


# --- R19: the fields ---


def test_r19_the_fields_are_kept(fujian):
    earlier = clock.today() - timedelta(days=40)
    transfer = fujian.apply(
        "林小雨", to="五龙村支部", reason=" 工作调动 ", applied_on=earlier, dues_paid_until="2020-02"
    )
    kept = fujian.fresh(transfer)
    assert (kept.reason, kept.applied_on, kept.dues_paid_until) == ("工作调动", earlier, "2020-02")


def test_r19_a_date_after_today_is_refused(fujian):
    with refused("R19", "申请时间不得晚于今天", field="applied_on"):
        fujian.apply("林小雨", to="五龙村支部", applied_on=clock.today() + timedelta(days=1))


def test_r19_dues_paid_beyond_the_current_month_are_refused(fujian):
    after = (clock.today().replace(day=1) + timedelta(days=32)).strftime("%Y-%m")
    with refused("R19", "党费缴纳至不允许超过当前月份", field="dues_paid_until"):
        fujian.apply("林小雨", to="五龙村支部", dues_paid_until=after)


@pytest.mark.parametrize(
    "month", ["", "2026", "2026-1", "2026-13", "2026-00", "2026-11-01", "202611", "去年", "0000-01"]
)
def test_r19_dues_are_a_month(month):
    with refused("R19", "请按“年-月”填写党费缴纳至", field="dues_paid_until"):
        applications.check_dates(clock.today(), month)


def test_r19_after_midnight_in_shanghai_it_is_the_next_day_and_month(fujian):
    with clock.at(datetime(2026, 11, 30, 16, 30, tzinfo=UTC)):
        transfer = fujian.apply("林小雨", to="五龙村支部", applied_on=date(2026, 12, 1), dues_paid_until="2026-12")
    assert transfer.applied_on == date(2026, 12, 1)


@pytest.mark.parametrize(
    "fields", [{"applied_on": date(2026, 12, 1)}, {"dues_paid_until": "2026-12"}], ids=["day", "month"]
)
def test_r19_before_midnight_in_shanghai_it_is_not(fujian, fields):
    with clock.at(datetime(2026, 11, 30, 15, 30, tzinfo=UTC)), refused("R19", field=next(iter(fields))):
        fujian.apply("林小雨", to="五龙村支部", **fields)


@pytest.mark.parametrize(
    ("reason", "words"), [("", "请填写转出原因"), (" \n ", "请填写转出原因"), ("调" * 501, "500字")]
)
def test_r19_a_reason_is_needed_and_has_an_end(fujian, reason, words):
    with refused("R19", words, field="reason"):
        fujian.apply("林小雨", to="五龙村支部", reason=reason)


def test_r19_a_reason_of_500_characters_is_not_too_long(fujian):
    assert len(fujian.apply("林小雨", to="五龙村支部", reason="调" * 500).reason) == 500


# --- R19a: in what standing ---


@pytest.mark.parametrize("status", [status for status in MemberStatus if status is not MemberStatus.NORMAL])
def test_r19a_only_members_in_normal_standing_apply(fujian, status):
    fujian.member("林小雨").status = status
    db.session.commit()
    with refused("R19a", f"林小雨的党员状态为“{status.label}”", field="member"):
        fujian.apply("林小雨", to="五龙村支部")


@pytest.mark.parametrize("name", ["周文斌", "许美玲"])
def test_r19a_nor_does_a_liaison_apply_for_them(fujian, name):
    with refused("R19a", field="member"):
        fujian.liaison_of("军门第一支部").apply(name, to="五龙村支部")


def test_r19a_a_probationary_member_applies(fujian):
    assert stands(fujian.apply("王丽华", to="五龙村支部")) == "待军门第二支部办理"
