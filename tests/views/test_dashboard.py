"""【工作台】: the count, the to-do list, the own application, what needs attention, nothing for whom it is not."""

from datetime import timedelta

import pytest

from models import clock
from tests.views.transfer_panel import copies, statements, text_of

SOURCE, STREET, VILLAGE = "军门第一支部", "东街街道工委", "五龙村支部"


@pytest.fixture
def waiting(fujian):
    """林小雨 waiting at 军门第一支部."""
    return fujian.apply("林小雨", VILLAGE)


def at_days_ago(days):
    return clock.at(clock.now() - timedelta(days=days))


def test_the_tile_counts_what_waits_and_what_waits_long(fujian, visit):
    with at_days_ago(4):
        fujian.apply("陈国强", VILLAGE)
    fujian.apply("林小雨", VILLAGE)
    said = text_of(visit(f"{SOURCE}联络员").get("/"))
    assert "2 待办 其中 1 条超期" in said


def test_the_oldest_comes_first_with_its_buttons(fujian, visit):
    with at_days_ago(4):
        older = fujian.apply("陈国强", VILLAGE)
    waiting = fujian.apply("林小雨", VILLAGE)
    page = visit(f"{SOURCE}联络员").get("/")
    assert page.text.index(f"/transfers/{older.key}/ask/approve") < page.text.index(
        f"/transfers/{waiting.key}/ask/approve"
    )
    assert "late" in page.text.split(older.key)[0].rsplit("<tr>", 1)[1]


def test_buttons_lead_back_to_the_desk(waiting, visit):
    visitor = visit(f"{SOURCE}联络员")
    assert f"/transfers/{waiting.key}/ask/approve?back=/" in visitor.get("/").text
    assert visitor.act(waiting, "approve", back="/").location == "/"


def test_what_waits_for_others_is_not_there(waiting, visit):
    said = text_of(visit(f"{STREET}联络员").get("/"))
    assert "没有待办" in said and "林小雨" not in said


def test_the_own_transfer_is_no_to_do_of_a_liaison(fujian, visit):
    fujian.apply("陈国强", VILLAGE)
    assert "没有待办" in text_of(visit("陈国强").get("/"))


def test_it_shows_what_has_waited_longest_and_leads_to_the_rest(waiting, visit):
    copies(waiting, 24)
    page = visit(f"{SOURCE}联络员").get("/").text
    assert page.count("/ask/approve") == 10
    assert 'href="/desk/"' in page


def test_the_desk_costs_as_many_statements_at_200_rows_as_at_10(waiting, visit):
    visitor = visit(f"{SOURCE}联络员")
    copies(waiting, 9)
    with statements() as few:
        visitor.get("/")
    copies(waiting, 190)
    with statements() as many:
        assert "99+" in text_of(visitor.get("/"))
    assert len(many) == len(few)


def test_a_committee_without_level_needs_attention(visit):
    assert "安泰街道工委 未设置权限级别" in text_of(visit("鼓楼区委联络员").get("/"))
    assert "需要留意" not in text_of(visit(f"{STREET}联络员").get("/"))


def test_a_member_sees_their_open_application(waiting, visit):
    said = text_of(visit("林小雨").get("/"))
    assert f"待{SOURCE}审批" in said and "撤回" in said
    assert "没有待办" not in said


def test_a_member_without_application_is_told_how(visit):
    page = visit("王丽华").get("/")
    assert "您没有正在办理的转接" in text_of(page)
    assert 'href="/transfers/apply' in page.text


def test_who_keeps_the_data_finds_the_desks(waiting, visit):
    page = visit("省级管理员").get("/")
    assert 'href="/organizations/"' in page.text and 'href="/members/"' in page.text
    assert "林小雨" not in text_of(page)


def test_a_liaison_without_activated_phone_is_told(visit):
    assert "尚未生效的联络员授权" in text_of(visit("吴建平").get("/"))


def test_an_auditor_is_greeted(visit):
    response = visit("审计员").get("/")
    assert response.status_code == 200
    assert "审计员" in text_of(response)
