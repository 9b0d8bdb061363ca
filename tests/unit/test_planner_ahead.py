"""R16: what lies ahead of a running transfer follows the data of the day, without a database."""

import pytest

from tests.unit.trees import FUJIAN, Tree

A, B = "军门第一支部", "五龙村支部"


@pytest.fixture
def tree() -> Tree:
    return Tree(FUJIAN)


def test_r16_nothing_changed_the_way_goes_on(tree):
    stops = tree.stops(A, B)
    assert tree.ahead(stops[:3], None, A, B) == ["古田镇党委", "五龙村支部", "确认报到 五龙村支部"]


def test_r16_unsetting_a_level_that_approved_sends_it_further_up(tree):
    stops = tree.stops(A, B)
    tree.set_level("东街街道工委", None)
    assert tree.ahead(stops[:3], None, A, B)[:2] == ["鼓楼区委", "古田镇党委"]


def test_r16_mending_a_level_takes_the_county_off_the_way(tree):
    tree.set_level("东街街道工委", None)
    stops = tree.stops(A, B)
    tree.set_level("东街街道工委", 6)
    assert tree.ahead(stops[:3], stops[3], A, B) == ["古田镇党委", "五龙村支部", "确认报到 五龙村支部"]


def test_r16_an_approval_that_the_new_route_does_not_know_is_kept_without_effect(tree):
    tree.set_level("东街街道工委", None)
    stops = tree.stops(A, B)
    tree.set_level("东街街道工委", 6)
    assert tree.ahead(stops[:4], None, A, B) == ["古田镇党委", "五龙村支部", "确认报到 五龙村支部"]


def test_r16_a_new_parent_changes_what_is_ahead(tree):
    stops = tree.stops(A, B)
    tree.hang("军门社区总支", "卫健局党委")
    assert tree.ahead(stops[:2], stops[2], A, B)[0] == "卫健局党委"


def test_r16_what_came_to_the_destination_side_never_goes_back(tree):
    stops = tree.stops(A, B)
    tree.set_level("东街街道工委", None)
    assert tree.ahead(stops[:3], stops[3], A, B) == ["古田镇党委", "五龙村支部", "确认报到 五龙村支部"]


def test_r16_a_source_that_cannot_be_planned_does_not_stop_the_destination_side(tree):
    stops = tree.stops(A, B)
    tree.change("东街街道工委", is_active=False)
    assert tree.ahead(stops[:4], None, A, B) == ["五龙村支部", "确认报到 五龙村支部"]


def test_r16_on_the_destination_side_a_higher_committee_is_asked_when_the_level_goes(tree):
    stops = tree.stops(A, B)
    tree.set_level("古田镇党委", None)
    assert tree.ahead(stops[:3], stops[3], A, B) == ["上杭县委", "古田镇党委", "五龙村支部", "确认报到 五龙村支部"]


def test_r16_after_the_town_approved_the_county_is_not_asked_any_more(tree):
    stops = tree.stops(A, B)
    tree.set_level("古田镇党委", None)
    assert tree.ahead(stops[:4], stops[4], A, B) == ["五龙村支部", "确认报到 五龙村支部"]


def test_r16_a_shared_committee_counts_for_either_side(tree):
    stops = tree.stops(A, "旗汛口支部")
    tree.hang("军门社区总支", "卫健局党委")
    assert tree.ahead(stops[:3], None, A, "旗汛口支部") == ["旗汛口支部", "确认报到 旗汛口支部"]


def test_r16_an_approval_going_up_is_none_coming_down(tree):
    stops = tree.stops("朱紫坊支部", "花园弄支部")
    assert tree.ahead(stops[:3], None, "朱紫坊支部", "花园弄支部") == [
        "安泰街道工委",
        "花园弄支部",
        "确认报到 花园弄支部",
    ]


def test_r16_the_receiving_step_is_no_confirmation(tree):
    stops = tree.stops(A, B)
    assert tree.ahead(stops[:5], None, A, B) == ["确认报到 五龙村支部"]
    assert tree.ahead(stops[:5], stops[5], A, B) == ["确认报到 五龙村支部"]
