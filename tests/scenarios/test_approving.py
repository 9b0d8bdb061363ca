"""R24: 通过, from step to step; R16: what lies ahead is planned afresh at each of them."""

from datetime import timedelta

from models import PermissionLevel, db
from tests.scenarios.telling import everything, refused, stands, waiting_stage

A, B = "军门第一支部", "五龙村支部"


def ahead(fujian, transfer) -> list[str]:
    """The organizations of the waiting step and all after it."""
    return [step.organization.name for step in fujian.fresh(transfer).steps if step.state != "done"]


def test_r17_the_whole_way(fujian):
    transfer = fujian.transfer("林小雨", "军门第一支部", to="五龙村支部", at="古田镇党委")
    assert fujian.route_names(transfer) == [
        "军门第一支部",
        "军门社区总支",
        "东街街道工委",
        "古田镇党委",
        "五龙村支部",
        "确认报到 五龙村支部",
    ]
    fujian.complete(transfer)
    assert fujian.member("林小雨").organization.name == "五龙村支部"


# --- R24 ---


def test_r24_it_goes_on_to_the_next_step(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="军门社区总支")
    fujian.liaison_of("军门社区总支").approve(transfer)
    assert stands(transfer) == "待东街街道工委办理"


def test_r24_who_handled_the_step_is_kept(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.person("陈国强").approve(transfer)
    first, second = fujian.fresh(transfer).steps[:2]
    assert (first.state, first.handled_by, second.handled_by) == ("done", "陈国强", "")
    assert first.handled_at - transfer.created_at < timedelta(minutes=5)


def test_r24_an_opinion_is_kept(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.liaison_of(A).approve(transfer, opinion=" 同意转出 ")
    assert fujian.entries(transfer)[-1].opinion == "同意转出"


def test_r24_an_opinion_is_optional(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.liaison_of(A).do(transfer, "approve")
    assert fujian.entries(transfer)[-1].opinion == ""


def test_r24_an_opinion_has_an_end(fujian):
    transfer = fujian.apply("林小雨", to=B)
    with refused("R24", "500字", field="opinion"):
        fujian.liaison_of(A).approve(transfer, opinion="好" * 501)


def test_r13_the_committee_of_both_sides_decides_once(fujian):
    transfer = fujian.transfer("林小雨", A, to="旗汛口社区支部", at="东街街道工委")
    assert waiting_stage(transfer) == "党（工）委审批"
    fujian.liaison_of("东街街道工委").approve(transfer)
    assert stands(transfer) == "待旗汛口社区支部办理"


def test_r24_the_confirming_step_is_not_passed_by_approving(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at=B, confirming=True)
    with refused("R30", "未能“通过”"):
        fujian.liaison_of(B).approve(transfer)


# --- R16: planned by the data of the day ---


def test_r16_unsetting_a_level_ahead_leads_further_up(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="军门社区总支")
    fujian.set_level("东街街道工委", None)
    fujian.liaison_of("军门社区总支").approve(transfer)
    assert ahead(fujian, transfer) == ["东街街道工委", "鼓楼区委", "古田镇党委", B, B]


def test_r16_also_when_it_already_waits_there(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    fujian.set_level("东街街道工委", None)
    fujian.liaison_of("东街街道工委").approve(transfer)
    assert stands(transfer) == "待鼓楼区委办理"


def test_r16_mending_a_level_mends_the_flow(fujian):
    transfer = fujian.transfer("郭雅婷", "朱紫坊社区支部", to=B)
    assert "鼓楼区委" in ahead(fujian, transfer)
    fujian.set_level("安泰街道工委", 6)
    fujian.liaison_of("朱紫坊社区支部").approve(transfer)
    assert ahead(fujian, transfer) == ["安泰街道工委", "古田镇党委", B, B]


def test_r17a_a_mended_level_takes_its_warning_away(fujian):
    transfer = fujian.transfer("郭雅婷", "朱紫坊社区支部", to=B)
    fujian.set_level("安泰街道工委", 6)
    fujian.liaison_of("朱紫坊社区支部").approve(transfer)
    assert [step.organization.name for step in fujian.fresh(transfer).steps if step.level_unset] == []


def test_r2_what_a_level_is_qualified_for_is_a_row(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    db.session.get(PermissionLevel, 6).approves_committee = False
    db.session.commit()
    fujian.liaison_of("东街街道工委").approve(transfer)
    assert ahead(fujian, transfer) == ["鼓楼区委", "上杭县委", "古田镇党委", B, B]


def test_r16_an_organization_that_moved_takes_the_way_along(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="军门社区总支")
    fujian.move("军门社区总支", "鼓楼区卫健局党委")
    fujian.liaison_of("军门社区总支").approve(transfer)
    assert ahead(fujian, transfer) == ["鼓楼区卫健局党委", "古田镇党委", B, B]


def test_r16_a_destination_that_moved_is_reached_where_it_now_stands(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    fujian.move(B, "永福镇党委")
    fujian.liaison_of("东街街道工委").approve(transfer)
    assert ahead(fujian, transfer) == ["龙岩市委", "漳平市委", "永福镇党委", B, B]


def test_r16_what_was_handled_stays_as_it_was(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    fujian.move("军门第一支部", "鼓楼区委")
    fujian.liaison_of("东街街道工委").approve(transfer)
    done = [step.organization.name for step in fujian.fresh(transfer).steps if step.state == "done"]
    assert done == [A, "军门社区总支", "东街街道工委"]


def test_r16_on_the_destination_side_the_source_is_not_asked_again(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="古田镇党委")
    fujian.set_level("东街街道工委", None)
    fujian.liaison_of("古田镇党委").approve(transfer)
    assert ahead(fujian, transfer) == [B, B]


# --- R16: where planning fails ---


def test_r16_a_forward_move_that_cannot_be_planned_is_refused_with_the_reason(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="军门社区总支")
    fujian.deactivate("古田镇党委")
    before = everything()
    with refused("R12", "途经的组织“古田镇党委”已停用"):
        fujian.liaison_of("军门社区总支").approve(transfer)
    assert everything() == before


def test_r16_nor_is_it_sent_to_a_branch_that_was_closed(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    fujian.deactivate(B)
    with refused("R13", "“五龙村支部”已停用"):
        fujian.liaison_of("东街街道工委").approve(transfer)
    assert stands(transfer) == "待东街街道工委办理"
