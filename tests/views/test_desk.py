"""【待办】, 超期, 已办未结, 即将到达 (R33, R47): what stands where, for which organization, and 通过所选."""

import re
from datetime import timedelta

import pytest

from models import RoleCode, clock
from tests.views.transfer_panel import copies, statements, text_of

SOURCE, GENERAL, STREET, TOWN, VILLAGE = "军门第一支部", "军门社区总支", "东街街道工委", "古田镇党委", "五龙村支部"


@pytest.fixture
def transfer(fujian):
    """林小雨's, waiting at 东街街道工委."""
    return fujian.transfer("林小雨", SOURCE, to=VILLAGE, at=STREET)


def names(page) -> list[str]:
    """The people of a list, in order."""
    return re.findall(r'<span class="who">([^<]+)</span>', page.text)


@pytest.mark.parametrize(
    ("organization", "shown"),
    [
        (SOURCE, {"todo": [], "passed": ["林小雨"], "coming": []}),
        (GENERAL, {"todo": [], "passed": ["林小雨"], "coming": []}),
        (STREET, {"todo": ["林小雨"], "passed": [], "coming": []}),
        (TOWN, {"todo": [], "passed": [], "coming": ["林小雨"]}),
        (VILLAGE, {"todo": [], "passed": [], "coming": ["林小雨"]}),
        ("鼓楼区委", {"todo": [], "passed": [], "coming": []}),
    ],
)
def test_r33_each_organization_of_the_route_has_it_in_one_list(transfer, visit, organization, shown):
    visitor = visit(f"{organization}联络员")
    assert {name: names(visitor.get(f"/desk/?list={name}")) for name in shown} == shown


def test_r33_what_has_ended_is_in_no_list(transfer, fujian, visit):
    fujian.complete(transfer)
    visitor = visit(f"{SOURCE}联络员")
    assert [names(visitor.get(f"/desk/?list={name}")) for name in ("todo", "passed", "coming")] == [[], [], []]


def test_r33_what_is_back_at_the_applicant_is_not_on_its_way(fujian, visit):
    transfer = fujian.transfer("林小雨", SOURCE, to=VILLAGE)
    fujian.liaison_of(SOURCE).reject(transfer)
    assert names(visit(f"{TOWN}联络员").get("/desk/?list=coming")) == []


def test_r33_coming_and_passed_are_read_only(transfer, visit):
    page = visit(f"{TOWN}联络员").get("/desk/?list=coming").text
    assert "/ask/" not in page and 'name="chosen"' not in page


def test_r47_overdue_is_what_waited_longer_than_the_days_of_its_kind(fujian, visit):
    with clock.at(clock.now() - timedelta(days=3, minutes=1)):
        fujian.transfer("陈国强", SOURCE, to=VILLAGE, at=STREET)
    fujian.transfer("林小雨", SOURCE, to=VILLAGE, at=STREET)
    visitor = visit(f"{STREET}联络员")
    assert names(visitor.get("/desk/?list=late")) == ["陈国强"]
    assert "超期 1" in text_of(visitor.get("/desk/"))


def test_several_organizations_have_a_switch(transfer, fujian, visit):
    fujian.grant("林志强", RoleCode.LIAISON, TOWN)
    fujian.transfer("王丽华", "军门第二支部", to=VILLAGE, at=TOWN)
    visitor = visit("林志强")
    both, town = visitor.get("/desk/"), visitor.get(f"/desk/?org={fujian.org(TOWN).id}")
    assert (sorted(names(both)), names(town)) == (["林小雨", "王丽华"], ["王丽华"])
    assert "东街街道工委" in both.text and 'aria-current="true">古田镇党委' in town.text


def test_somebody_elses_organization_is_no_switch(transfer, fujian, visit):
    assert names(visit(f"{STREET}联络员").get(f"/desk/?org={fujian.org(SOURCE).id}")) == ["林小雨"]


@pytest.mark.parametrize("username", ["林小雨", "省级管理员", "审计员", "吴建平", "郑晓东"])
def test_the_desk_is_for_effective_liaisons(transfer, visit, username):
    assert visit(username).get("/desk/").status_code == 403


def test_the_lists_cost_as_many_statements_at_200_rows_as_at_10(transfer, visit):
    visitor = visit(f"{STREET}联络员")
    copies(transfer, 9)
    with statements() as few:
        visitor.get("/desk/")
    copies(transfer, 190)
    with statements() as many:
        visitor.get("/desk/")
    assert len(many) == len(few)


# --- 通过所选 ---


@pytest.fixture
def two(transfer, fujian):
    return [transfer, fujian.transfer("王丽华", "军门第二支部", to=VILLAGE, at=STREET)]


def chosen(transfers) -> list[str]:
    return [f"{transfer.key}:{transfer.version}" for transfer in transfers]


def test_the_window_names_each_person_and_the_next_step(two, visit):
    page = visit(f"{STREET}联络员").get("/desk/approve", query_string={"chosen": chosen(two)})
    said = text_of(page)
    assert "通过所选的 2 条转接？" in said
    assert said.count("通过后送 古田镇党委。") == 2


def test_each_is_approved_with_a_line_that_says_so(two, fujian, visit):
    said = text_of(visit(f"{STREET}联络员").post("/desk/approve", chosen=chosen(two)))
    assert "已通过 2 条，共 2 条" in said
    assert [fujian.fresh(transfer).current_organization.name for transfer in two] == [TOWN, TOWN]


def test_r30_one_that_somebody_was_faster_with_does_not_hold_up_the_other(two, fujian, visit):
    visitor = visit(f"{STREET}联络员")
    asked = chosen(two)
    fujian.person("林志强").reject(two[0], reason="党费未缴清")
    said = text_of(visitor.post("/desk/approve", chosen=asked))
    assert "已通过 1 条，共 2 条" in said and "林志强驳回" in said
    assert [fujian.fresh(transfer).current_organization.name for transfer in two] == [GENERAL, TOWN]


def test_r30_what_is_not_ones_own_to_approve_is_refused(transfer, fujian, visit):
    said = text_of(visit(f"{SOURCE}联络员").post("/desk/approve", chosen=chosen([transfer])))
    assert "已通过 0 条，共 1 条" in said
    assert fujian.fresh(transfer).current_organization.name == STREET


def test_what_one_may_not_see_is_as_if_it_were_not_there(transfer, visit):
    said = text_of(visit("龙车村支部联络员").post("/desk/approve", chosen=chosen([transfer])))
    assert "没有选择转接" in said and "林小雨" not in said


@pytest.mark.parametrize("ticked", ["", "x", "nonsense:1", "a:b", ":", "²:²"])
def test_nonsense_chooses_nothing(transfer, visit, ticked):
    visitor = visit(f"{STREET}联络员")
    assert "没有选择转接" in text_of(visitor.get("/desk/approve", query_string={"chosen": ticked}))
    assert "没有选择转接" in text_of(visitor.post("/desk/approve", chosen=ticked))
