"""R28: 确认报到 ends the flow, and only then the member belongs to the other branch."""

import pytest

from models import TransferState
from tests.scenarios.telling import everything, refused, stands
from workflow import actions

A, B = "军门第一支部", "五龙村支部"


@pytest.fixture
def arrived(fujian):
    """A transfer on its last step."""
    return fujian.transfer("林小雨", A, to=B, at=B, confirming=True)


def test_r28_the_member_changes_organization_at_this_moment_and_not_before(fujian, arrived):
    assert fujian.member("林小雨").organization.name == A
    fujian.liaison_of(B).confirm(arrived)
    assert fujian.member("林小雨").organization.name == B


def test_r28_the_members_place_in_the_tree_changes_with_it(fujian, arrived):
    fujian.liaison_of(B).confirm(arrived)
    assert fujian.member("林小雨").org_path == fujian.org(B).path


def test_r28_the_flow_ends(fujian, arrived):
    fujian.liaison_of(B).confirm(arrived)
    ended = fujian.fresh(arrived)
    assert (ended.state, ended.is_open, ended.waiting_organization_id) == (TransferState.COMPLETED, False, None)
    assert ended.ended_at is not None
    assert {step.state.label for step in ended.steps} == {"已办"}


def test_r28_nothing_can_be_done_after_it(fujian, arrived):
    fujian.liaison_of(B).confirm(arrived)
    assert {action for person in fujian.people() for action in person.can(arrived)} == set()


@pytest.mark.parametrize("at", [A, "军门社区总支", "东街街道工委", "古田镇党委", B])
def test_r28_not_before_the_last_step(fujian, at):
    transfer = fujian.transfer("林小雨", A, to=B, at=at)
    with refused("R30", "未能“确认报到”"):
        fujian.liaison_of(at).confirm(transfer)


@pytest.mark.parametrize("name", [A, "古田镇党委", "上杭县委", "福建省委", "东街街道工委"])
def test_r28_by_nobody_but_the_destination_branch(fujian, arrived, name):
    with refused("R30"):
        fujian.liaison_of(name).confirm(arrived)
    assert fujian.member("林小雨").organization.name == A


def test_r28_not_by_the_member(fujian, arrived):
    with refused("R30"):
        fujian.person("林小雨").confirm(arrived)


def test_r28_nobody_confirms_for_a_destination_that_was_closed(fujian, arrived):
    fujian.deactivate(B)
    before = everything()
    with refused("R30"):
        fujian.liaison_of(B).confirm(arrived)
    assert everything() == before


def test_r28_a_destination_that_is_closed_at_the_last_moment_is_refused(fujian, arrived):
    actor = fujian.actor_of("五龙村支部联络员")  # who the liaison was when the click arrived
    fujian.deactivate(B)
    with refused("R12", "“五龙村支部”已停用，不能确认报到"):
        actions.perform(arrived.key, "confirm", actor)
    assert (stands(arrived), fujian.member("林小雨").organization.name) == ("待五龙村支部办理", A)


def test_r28_a_destination_that_moved_takes_the_member_to_where_it_stands(fujian, arrived):
    fujian.move(B, "永福镇党委")
    fujian.liaison_of(B).confirm(arrived)
    assert fujian.member("林小雨").org_path == fujian.org(B).path
    assert fujian.member("林小雨").org_path.startswith(fujian.org("永福镇党委").path)


def test_r28_the_other_members_stay_where_they_are(fujian, arrived):
    fujian.liaison_of(B).confirm(arrived)
    assert fujian.member("陈国强").organization.name == A


def test_r28_an_opinion_is_kept(fujian, arrived):
    fujian.liaison_of(B).do(arrived, "confirm", opinion="已报到")
    assert fujian.entries(arrived)[-1].opinion == "已报到"
