"""R45: before 上报 the applicant sees the planned route, who decides there, and every warning."""

import pytest

from models import RoleCode, db
from tests.scenarios.telling import everything, refused
from workflow import applications

UNSET = "未设置权限级别，因此继续往上流转。"
NOBODY = "无有效联络员：送到该组织的记录暂时无人办理。"


def preview(fujian, source: str, destination: str, kind: str = "intra"):
    return applications.preview(kind, fujian.org(source).id, fujian.org(destination).id)


def warnings(stops) -> dict[str, tuple[str, ...]]:
    """What is warned of, by organization."""
    return {stop.organization_name: stop.warnings for stop in stops if stop.warnings}


def liaisons(stops, name: str) -> tuple[str, ...]:
    return next(stop.liaisons for stop in stops if stop.organization_name == name)


# --- the route ---


def test_r45_the_route_is_shown_with_its_stages(fujian):
    stops = preview(fujian, "军门第一支部", "五龙村支部")
    assert [(stop.label, stop.organization_name) for stop in stops] == [
        ("转出支部审批", "军门第一支部"),
        ("转出总支审批", "军门社区总支"),
        ("转出党（工）委审批", "东街街道工委"),
        ("转入党（工）委审批", "古田镇党委"),
        ("支部接收", "五龙村支部"),
        ("支部确认报到", "五龙村支部"),
    ]


def test_r45_the_route_out_of_the_province_is_shown(fujian):
    stops = preview(fujian, "军门第一支部", "省外组织", kind="out_of_province")
    assert [stop.organization_name for stop in stops][-3:] == ["东街街道工委", "鼓楼区委", "鼓楼区委"]
    assert stops[-1].label == "确认党员报到"


def test_r14_a_transfer_to_a_special_organization_ends_in_one(fujian):
    with refused("R14", "目的组织必须是特殊组织", field="destination"):
        preview(fujian, "军门第一支部", "省外组织", kind="to_special")


def test_r45_the_preview_is_the_route_that_is_then_taken(fujian):
    stops = preview(fujian, "朱紫坊社区支部", "龙车村支部")
    transfer = fujian.apply("郭雅婷", to="龙车村支部")
    assert [(stop.stage, stop.organization_id) for stop in stops] == [
        (step.stage, step.organization_id) for step in transfer.steps
    ]


def test_r45_a_preview_changes_nothing(fujian):
    before = everything()
    preview(fujian, "军门第一支部", "五龙村支部")
    assert everything() == before


# --- who decides there ---


def test_r45_every_effective_liaison_is_named(fujian):
    stops = preview(fujian, "军门第一支部", "五龙村支部")
    assert liaisons(stops, "军门第一支部") == ("虚拟管理员", "陈国强")
    assert liaisons(stops, "古田镇党委") == ("虚拟管理员",)


def test_r45_a_liaison_without_an_activated_phone_is_not_named(fujian):
    assert liaisons(preview(fujian, "旗汛口社区支部", "五龙村支部"), "旗汛口社区支部") == ("虚拟管理员",)


def test_r45_a_secretary_is_not_named(fujian):
    assert "郑晓东" not in liaisons(preview(fujian, "军门第一支部", "五龙村支部"), "东街街道工委")


def test_r45_a_liaison_whose_account_is_closed_is_not_named(fujian):
    fujian.account("陈国强").is_active = False
    db.session.commit()
    assert liaisons(preview(fujian, "军门第一支部", "五龙村支部"), "军门第一支部") == ("虚拟管理员",)


# --- warnings ---


def test_r45_where_all_is_well_nothing_is_warned_of(fujian):
    assert warnings(preview(fujian, "军门第一支部", "五龙村支部")) == {}


def test_r45_a_committee_without_a_level_is_warned_of_on_both_sides(fujian):
    stops = preview(fujian, "朱紫坊社区支部", "龙车村支部")
    assert warnings(stops) == {"安泰街道工委": (UNSET,), "漳平市委": (UNSET,), "永福镇党委": (UNSET,)}


@pytest.mark.parametrize("source", ["鼓楼区医院第一支部", "市直机关第一支部"])
def test_r17a_a_passed_committee_with_a_level_is_not(fujian, source):
    """A second-level committee, and a level-4 one on the way out of the province."""
    assert warnings(preview(fujian, source, "省外组织", kind="out_of_province")) == {}


def test_r45_an_organization_without_a_liaison_is_warned_of(fujian):
    fujian.without_liaison("古田镇党委")
    assert warnings(preview(fujian, "军门第一支部", "五龙村支部")) == {"古田镇党委": (NOBODY,)}


def test_r45_a_liaison_who_sleeps_is_none(fujian):
    fujian.without_liaison("旗汛口社区支部", but="吴建平")
    assert warnings(preview(fujian, "旗汛口社区支部", "五龙村支部")) == {"旗汛口社区支部": (NOBODY,)}


def test_r45_a_secretary_is_none(fujian):
    fujian.without_liaison("军门社区总支")
    fujian.grant("郑晓东", RoleCode.SECRETARY, "军门社区总支")
    assert warnings(preview(fujian, "军门第一支部", "五龙村支部")) == {"军门社区总支": (NOBODY,)}


def test_r45_both_warnings_stand_together(fujian):
    fujian.without_liaison("安泰街道工委")
    assert warnings(preview(fujian, "朱紫坊社区支部", "五龙村支部")) == {"安泰街道工委": (UNSET, NOBODY)}


# --- no route ---


def test_r45_where_nothing_qualifies_the_preview_says_so(fujian):
    fujian.set_level("龙岩市委", None)
    fujian.set_level("福建省委", None)
    with refused("R12", "从“龙车村支部”逐级往上，没有任何组织设置了“党（工）委审批”"):
        preview(fujian, "龙车村支部", "五龙村支部")


def test_r45_a_deactivated_organization_is_named(fujian):
    fujian.deactivate("东街街道工委")
    with refused("R12", "“东街街道工委”已停用"):
        preview(fujian, "军门第一支部", "五龙村支部")


def test_r13_the_ends_are_checked_like_on_上报(fujian):
    with refused("R13", "相同", field="destination"):
        preview(fujian, "军门第一支部", "军门第一支部")
