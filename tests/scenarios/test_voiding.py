"""R27: 作废, by the applicant's side, only while the record is at the applicant."""

import pytest

from models import TransferState
from tests.scenarios.telling import refused, stands

A, B = "军门第一支部", "五龙村支部"


@pytest.fixture
def withdrawn(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.person("林小雨").withdraw(transfer)
    return transfer


def test_r27_a_withdrawn_one_is_voided(fujian, withdrawn):
    fujian.person("林小雨").void(withdrawn)
    assert stands(withdrawn) == "已作废"


def test_r27_a_rejected_one_is_voided(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.liaison_of(A).reject(transfer)
    fujian.person("林小雨").void(transfer)
    assert stands(transfer) == "已作废"


@pytest.mark.parametrize("at", [A, "东街街道工委", B])
def test_r27_one_on_its_way_is_not(fujian, at):
    transfer = fujian.transfer("林小雨", A, to=B, at=at)
    assert "void" not in fujian.person("林小雨").can(transfer)
    with refused("R30", "未能“作废”"):
        fujian.person("林小雨").void(transfer)


@pytest.mark.parametrize("name", ["林小雨", "林志强", "东街街道工委联络员"])
def test_r27_where_a_liaison_submitted_the_whole_applicants_side_may(fujian, name):
    transfer = fujian.liaison_of("东街街道工委").apply("林小雨", to=B)
    fujian.liaison_of(A).reject(transfer)
    fujian.person(name).void(transfer)
    assert stands(transfer) == "已作废"


@pytest.mark.parametrize("name", ["军门第一支部联络员", "陈国强", "鼓楼区委联络员", "省级管理员"])
def test_r27_where_the_member_applied_nobody_else_may(fujian, withdrawn, name):
    with refused("R30"):
        fujian.person(name).void(withdrawn)
    assert fujian.fresh(withdrawn).state is TransferState.WITHDRAWN


def test_r27_it_becomes_history(fujian, withdrawn):
    fujian.person("林小雨").void(withdrawn)
    ended = fujian.fresh(withdrawn)
    assert (ended.is_open, ended.waiting_organization_id, ended.current_organization_id) == (False, None, None)
    assert ended.ended_at is not None
    assert {action for person in fujian.people() for action in person.can(withdrawn)} == set()


def test_r27_it_is_not_taken_up_again(fujian, withdrawn):
    fujian.person("林小雨").void(withdrawn)
    with refused("R30", "未能“上报”：该记录目前已作废（.*作废）"):
        fujian.person("林小雨").resubmit(withdrawn)


def test_r27_the_member_stays_where_they_are(fujian, withdrawn):
    fujian.person("林小雨").void(withdrawn)
    assert fujian.member("林小雨").organization.name == A


def test_r27_a_new_application_is_possible_then(fujian, withdrawn):
    fujian.person("林小雨").void(withdrawn)
    assert stands(fujian.apply("林小雨", to=B)) == "待军门第一支部办理"
    assert stands(withdrawn) == "已作废"
