"""R12, R13, R17: the route within the province, without a database."""

import pytest

from models import Side, Stage
from tests.unit.trees import FUJIAN, Tree, route
from workflow.errors import RuleError


@pytest.fixture
def tree() -> Tree:
    return Tree(FUJIAN)


def stages(tree: Tree, source: str, destination: str) -> list[Stage]:
    return [stop.stage for stop in tree.stops(source, destination)]


def refusal(tree: Tree, source: str, destination: str) -> RuleError:
    with pytest.raises(RuleError) as caught:
        tree.stops(source, destination)
    return caught.value


# --- R17, word for word ---


def test_r17_worked_example(tree):
    assert route(tree, "军门第一支部", "五龙村支部") == (
        "军门第一支部 · 军门社区总支 · 东街街道工委 · 古田镇党委 · 五龙村支部 · 确认报到 五龙村支部"
    )


def test_r17_the_same_without_the_level_of_the_street(tree):
    tree.set_level("东街街道工委", None)
    assert route(tree, "军门第一支部", "五龙村支部") == (
        "军门第一支部 · 军门社区总支 · 东街街道工委 · 鼓楼区委 · 古田镇党委 · 五龙村支部 · 确认报到 五龙村支部"
    )


def test_r17a_each_stop_has_its_stage(tree):
    assert stages(tree, "军门第一支部", "五龙村支部") == [
        Stage.SOURCE_BRANCH,
        Stage.SOURCE_GENERAL_BRANCH,
        Stage.SOURCE_COMMITTEE,
        Stage.DESTINATION_COMMITTEE,
        Stage.DESTINATION_BRANCH,
        Stage.CONFIRMATION,
    ]


def test_r17a_the_way_back_has_the_stages_of_the_other_side(tree):
    assert stages(tree, "五龙村支部", "军门第一支部") == [
        Stage.SOURCE_BRANCH,
        Stage.SOURCE_COMMITTEE,
        Stage.DESTINATION_COMMITTEE,
        Stage.DESTINATION_GENERAL_BRANCH,
        Stage.DESTINATION_BRANCH,
        Stage.CONFIRMATION,
    ]


# --- R13: odd trees ---


def test_r13_no_general_branch_no_step_for_one(tree):
    assert route(tree, "旗汛口支部", "五龙村支部") == (
        "旗汛口支部 · 东街街道工委 · 古田镇党委 · 五龙村支部 · 确认报到 五龙村支部"
    )


def test_r12_a_second_level_committee_in_between_is_passed(tree):
    assert route(tree, "医院第一支部", "五龙村支部") == (
        "医院第一支部 · 医院党委 · 卫健局党委 · 古田镇党委 · 五龙村支部 · 确认报到 五龙村支部"
    )


def test_r13_a_branch_directly_under_a_county(tree):
    assert route(tree, "区委直属支部", "五龙村支部") == (
        "区委直属支部 · 鼓楼区委 · 古田镇党委 · 五龙村支部 · 确认报到 五龙村支部"
    )


def test_r13_both_branches_under_one_committee_which_stands_once(tree):
    assert route(tree, "军门第一支部", "旗汛口支部") == (
        "军门第一支部 · 军门社区总支 · 东街街道工委 · 旗汛口支部 · 确认报到 旗汛口支部"
    )


def test_r13_the_committee_of_both_sides_has_its_own_stage_and_side(tree):
    shared = tree.stops("军门第一支部", "旗汛口支部")[2]
    assert (shared.stage, shared.side) == (Stage.COMMITTEE, Side.BOTH)


def test_r13_both_branches_under_one_general_branch_which_stands_up_and_down(tree):
    assert route(tree, "军门第一支部", "军门第二支部") == (
        "军门第一支部 · 军门社区总支 · 东街街道工委 · 军门社区总支 · 军门第二支部 · 确认报到 军门第二支部"
    )


def test_r13_both_branches_under_one_unset_street_which_stands_up_and_down(tree):
    assert route(tree, "朱紫坊支部", "花园弄支部") == (
        "朱紫坊支部 · 安泰街道工委 · 鼓楼区委 · 安泰街道工委 · 花园弄支部 · 确认报到 花园弄支部"
    )


def test_r13_a_under_the_county_and_b_under_its_town_keep_both_chains_whole(tree):
    assert route(tree, "区委直属支部", "旗汛口支部") == (
        "区委直属支部 · 鼓楼区委 · 东街街道工委 · 旗汛口支部 · 确认报到 旗汛口支部"
    )


def test_r13_and_the_other_way_round(tree):
    assert route(tree, "旗汛口支部", "区委直属支部") == (
        "旗汛口支部 · 东街街道工委 · 鼓楼区委 · 区委直属支部 · 确认报到 区委直属支部"
    )


def test_r12_a_committee_without_a_level_is_passed(tree):
    assert route(tree, "朱紫坊支部", "五龙村支部") == (
        "朱紫坊支部 · 安泰街道工委 · 鼓楼区委 · 古田镇党委 · 五龙村支部 · 确认报到 五龙村支部"
    )


def test_r12_a_committee_without_a_level_is_passed_coming_down_too(tree):
    assert route(tree, "五龙村支部", "朱紫坊支部") == (
        "五龙村支部 · 古田镇党委 · 鼓楼区委 · 安泰街道工委 · 朱紫坊支部 · 确认报到 朱紫坊支部"
    )


def test_r12_a_whole_chain_without_levels_climbs_to_the_city(tree):
    assert route(tree, "龙车村支部", "五龙村支部") == (
        "龙车村支部 · 永福镇党委 · 漳平市委 · 龙岩市委 · 古田镇党委 · 五龙村支部 · 确认报到 五龙村支部"
    )


def test_r4_a_provincial_working_committee_ends_a_committee_chain(tree):
    assert route(tree, "省直第一支部", "五龙村支部") == (
        "省直第一支部 · 省直机关工委 · 古田镇党委 · 五龙村支部 · 确认报到 五龙村支部"
    )


def test_r4_a_municipal_working_committee_ends_a_committee_chain(tree):
    assert route(tree, "市直第一支部", "省直第一支部") == (
        "市直第一支部 · 市直机关工委 · 省直机关工委 · 省直第一支部 · 确认报到 省直第一支部"
    )


# --- R17a: 未设置权限级别 ---


def test_r17a_a_passed_committee_without_a_level_says_so(tree):
    assert tree.unset(tree.stops("龙车村支部", "朱紫坊支部")) == ["永福镇党委", "漳平市委", "安泰街道工委"]


def test_r17a_a_second_level_committee_has_a_level_and_no_warning(tree):
    assert tree.unset(tree.stops("医院第一支部", "五龙村支部")) == []


def test_r17a_a_general_branch_without_a_level_gets_no_warning(tree):
    tree.set_level("军门社区总支", None)
    assert tree.unset(tree.stops("军门第一支部", "五龙村支部")) == []


# --- R29: who may object ---


def test_r29_only_the_destination_branch_may_object(tree):
    stops = tree.stops("军门第一支部", "军门第二支部")
    assert tree.words(stop for stop in stops if stop.objects) == ["军门第二支部", "确认报到 军门第二支部"]


# --- R12: no route ---


def test_r12_nothing_qualified_up_to_the_root_is_refused(tree):
    tree.set_level("龙岩市委", None)
    tree.set_level("福建省委", None)
    error = refusal(tree, "龙车村支部", "五龙村支部")
    assert error.rule == "R12"
    assert "龙车村支部" in str(error)


def test_r12_nothing_qualified_on_the_destination_side_is_refused(tree):
    tree.set_level("龙岩市委", None)
    tree.set_level("福建省委", None)
    assert "龙车村支部" in str(refusal(tree, "五龙村支部", "龙车村支部"))


@pytest.mark.parametrize("name", ["东街街道工委", "古田镇党委", "军门第一支部", "五龙村支部"])
def test_r12_a_deactivated_org_on_the_way_is_refused_and_named(tree, name):
    tree.change(name, is_active=False)
    error = refusal(tree, "军门第一支部", "五龙村支部")
    assert error.rule == "R12"
    assert name in str(error)


def test_r12_a_deactivated_org_beyond_the_last_stop_does_not_matter(tree):
    tree.change("鼓楼区委", is_active=False)
    assert "东街街道工委" in route(tree, "军门第一支部", "五龙村支部")


def test_r12_a_cycle_in_the_data_is_survived_and_named(tree):
    tree.set_level("东街街道工委", None)
    tree.hang("东街街道工委", "军门社区总支")
    error = refusal(tree, "军门第一支部", "五龙村支部")
    assert error.rule == "R12"
    assert "成环" in str(error)


def test_r12_a_cycle_above_the_qualified_org_is_never_met(tree):
    tree.hang("鼓楼区委", "军门社区总支")
    assert route(tree, "军门第一支部", "军门第二支部").count("东街街道工委") == 1
