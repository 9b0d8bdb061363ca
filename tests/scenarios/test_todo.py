"""待办 (R33): what waits for whom, what has waited longest first, and a count that stops at a limit."""

import pytest

from models import db
from tests.world import ADMIN, AUDITOR
from workflow import desk

A, B = "军门第一支部", "五龙村支部"


def todo(fujian, username: str) -> list[str]:
    """Whose transfers wait for this person, what has waited longest first; the count must say as many."""
    actor = fujian.actor_of(username)
    waiting = [fujian.fresh(transfer).member.name for transfer in db.session.scalars(desk.todo(actor))]
    assert desk.todo_count(actor) == len(waiting)
    return waiting


def test_r33_what_waits_at_the_own_organization(fujian):
    fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    assert todo(fujian, "东街街道工委联络员") == ["林小雨"]
    assert todo(fujian, "林志强") == ["林小雨"]


@pytest.mark.parametrize("name", ["军门第一支部联络员", "军门社区总支联络员", "鼓楼区委联络员", "古田镇党委联络员"])
def test_r33_what_waits_elsewhere_waits_for_nobody_else(fujian, name):
    fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    assert todo(fujian, name) == []


@pytest.mark.parametrize("name", ["林小雨", "郑晓东", ADMIN, AUDITOR])
def test_s1_nothing_waits_for_who_is_no_liaison(fujian, name):
    fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    assert todo(fujian, name) == []


def test_s1_nothing_waits_for_a_grant_that_sleeps(fujian):
    fujian.apply("林志强", to=B)
    assert todo(fujian, "吴建平") == []
    assert todo(fujian, "旗汛口社区支部联络员") == ["林志强"]


def test_r33_nothing_waits_for_a_deactivated_organization(fujian):
    fujian.apply("林小雨", to=B)
    fujian.deactivate(A)
    assert todo(fujian, "军门第一支部联络员") == []


def test_r33_what_waits_for_confirmation(fujian):
    fujian.transfer("林小雨", A, to=B, at=B, confirming=True)
    assert todo(fujian, "五龙村支部联络员") == ["林小雨"]


def test_r33_what_came_back_waits_for_the_organization_that_submitted(fujian):
    transfer = fujian.liaison_of("东街街道工委").apply("林小雨", to=B)
    fujian.liaison_of(A).reject(transfer)
    assert todo(fujian, "东街街道工委联络员") == ["林小雨"]
    assert todo(fujian, "军门第一支部联络员") == []


def test_r33_what_came_back_to_the_member_waits_for_no_liaison(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.liaison_of(A).reject(transfer)
    assert [person.username for person in fujian.people() if todo(fujian, person.username)] == []


def test_r33_what_ended_waits_for_nobody(fujian):
    fujian.complete(fujian.apply("林小雨", to=B))
    voided = fujian.apply("陈国强", to=B)
    fujian.person("陈国强").withdraw(voided)
    fujian.person("陈国强").void(voided)
    assert [person.username for person in fujian.people() if todo(fujian, person.username)] == []


def test_r33_several_organizations_of_one_liaison_come_together(fujian):
    fujian.grant("陈国强", "liaison", "军门第二支部")
    fujian.apply("林小雨", to=B)
    fujian.apply("王丽华", to=B)
    assert todo(fujian, "陈国强") == ["林小雨", "王丽华"]


def test_r33_what_has_waited_longest_comes_first(fujian):
    first = fujian.apply("陈国强", to=B)
    fujian.apply("林小雨", to=B)
    fujian.liaison_of(A).approve(first)
    fujian.liaison_of(A).withdraw(first)
    assert todo(fujian, "军门第一支部联络员") == ["林小雨", "陈国强"]


# --- the own transfer ---


def test_s6_the_own_transfer_waits_for_another_liaison(fujian):
    fujian.apply("陈国强", to=B)
    assert todo(fujian, "陈国强") == []
    assert todo(fujian, "军门第一支部联络员") == ["陈国强"]


def test_s6_it_waits_for_themself_where_nobody_else_could(fujian):
    fujian.apply("陈国强", to=B)
    fujian.without_liaison(A, but="陈国强")
    assert todo(fujian, "陈国强") == ["陈国强"]


def test_r33_what_waits_is_what_can_be_acted_upon(fujian):
    """Everybody's 待办 holds exactly the records that offer them more than taking back their own move."""
    transfers = [fujian.transfer("陈国强", A, to=B, at="东街街道工委"), fujian.apply("林小雨", to=B)]
    fujian.without_liaison("东街街道工委", but="林志强")
    offered = {
        person.username: [t.member.name for t in transfers if person.can(t) - {"withdraw"}]
        for person in fujian.people()
    }
    assert {name: todo(fujian, name) for name in offered} == offered


# --- the count ---


def test_r33_the_count_stops_at_its_limit(fujian):
    for name in ("陈国强", "林小雨"):
        fujian.apply(name, to=B)
    actor = fujian.actor_of("军门第一支部联络员")
    assert [desk.todo_count(actor, limit) for limit in (1, 2, 3)] == [1, 2, 2]


def test_r33_the_count_of_who_is_no_liaison_is_zero(fujian):
    fujian.apply("林小雨", to=B)
    assert desk.todo_count(fujian.actor_of("林小雨")) == 0
