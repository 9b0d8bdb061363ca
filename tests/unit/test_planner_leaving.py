"""R14: the route out of the province or to a special organization, without a database."""

import pytest

from models import Side, Stage
from tests.unit.trees import FUJIAN, LEAVING, Tree, legs, way_out
from workflow.errors import RuleError


@pytest.fixture
def tree() -> Tree:
    return Tree(FUJIAN)


def test_r17_worked_example_out_of_the_province(tree):
    assert way_out(tree, "军门第一支部") == (
        "军门第一支部 · 军门社区总支 · 东街街道工委 · 鼓楼区委 · 确认报到 鼓楼区委"
    )


def test_r17a_the_county_has_two_stages(tree):
    assert [stop.stage for stop in tree.leaving("军门第一支部")] == [
        Stage.SOURCE_BRANCH,
        Stage.SOURCE_GENERAL_BRANCH,
        Stage.SOURCE_COMMITTEE,
        Stage.LEAVING_APPROVAL,
        Stage.LEAVING_CONFIRMATION,
    ]


def test_r14_everything_stands_on_the_source_side(tree):
    assert {stop.side for stop in tree.leaving("军门第一支部")} == {Side.SOURCE}


def test_r14_a_branch_directly_under_the_county_has_one_county_step_and_its_confirmation(tree):
    assert way_out(tree, "区委直属支部") == "区委直属支部 · 鼓楼区委 · 确认报到 鼓楼区委"


def test_r14_a_level_4_committee_does_not_end_this_chain(tree):
    assert way_out(tree, "市直第一支部") == "市直第一支部 · 市直机关工委 · 福州市委 · 确认报到 福州市委"


def test_r14_a_provincial_working_committee_does(tree):
    assert way_out(tree, "省直第一支部") == "省直第一支部 · 省直机关工委 · 确认报到 省直机关工委"


def test_r14_a_second_level_committee_is_passed(tree):
    assert way_out(tree, "医院第一支部") == ("医院第一支部 · 医院党委 · 卫健局党委 · 鼓楼区委 · 确认报到 鼓楼区委")


def test_r14_a_chain_without_levels_climbs_to_the_city(tree):
    assert way_out(tree, "龙车村支部") == "龙车村支部 · 永福镇党委 · 漳平市委 · 龙岩市委 · 确认报到 龙岩市委"


def test_r17a_committees_without_a_level_say_so(tree):
    assert tree.unset(tree.leaving("龙车村支部")) == ["永福镇党委", "漳平市委"]


def test_r17a_a_level_4_committee_that_is_passed_gets_no_warning(tree):
    assert tree.unset(tree.leaving("市直第一支部")) == []


def test_r29_nobody_objects_on_the_way_out(tree):
    assert not any(stop.objects for stop in tree.leaving("军门第一支部"))


def test_r14_a_special_organization_is_reached_by_the_same_rules():
    assert legs("to_special") == LEAVING


@pytest.mark.parametrize("name", ["军门第一支部", "东街街道工委", "鼓楼区委"])
def test_r12_a_deactivated_org_on_the_way_out_is_refused_and_named(tree, name):
    tree.change(name, is_active=False)
    with pytest.raises(RuleError, match=name):
        tree.leaving("军门第一支部")


def test_r12_nothing_qualified_is_refused_with_the_approval_that_is_missing(tree):
    for name in ("鼓楼区委", "福州市委", "福建省委"):
        tree.set_level(name, None)
    with pytest.raises(RuleError, match="县委审批"):
        tree.leaving("军门第一支部")
