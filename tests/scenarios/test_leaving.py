"""R21: what a liaison must leave in order before applying, whoever submits, and what ends once they have moved."""

import pytest
from sqlalchemy import select

from models import AuditEntry, AuditEvent, MemberStatus, RoleGrant, clock, db
from tests.database.together import overtaken, together
from tests.scenarios.telling import everything, refused
from workflow import desk, grants
from workflow.transaction import transaction

A, B, STREET = "军门第一支部", "五龙村支部", "东街街道工委"
MANUAL = "^管理员您好，您还有未办理的事项，请先办理完才能申请转出$"


def alone(fujian, name="陈国强", organization=A):
    """Nobody but this person is liaison of the organization."""
    fujian.without_liaison(organization, but=name)


def leave_only(fujian, *names):
    """Of 军门第一支部's members only these are in good standing."""
    for name in {"林小雨", "陈国强"} - set(names):
        fujian.member(name).status = MemberStatus.LOST_CONTACT
    db.session.commit()


def asleep(fujian, name):
    fujian.member(name).phone_activated_at = None
    db.session.commit()


def liaison_of(fujian, name):
    held = select(RoleGrant).where(RoleGrant.account_id == fujian.account(name).id)
    return {grant.organization_id for grant in db.session.scalars(held)}


# --- (a) ---


@pytest.mark.parametrize("submitter", ["陈国强", f"{A}联络员", f"{STREET}联络员"])
def test_r21a_who_has_steps_waiting_is_refused_in_the_manual_s_words(fujian, submitter):
    fujian.apply("林小雨", to=B)
    before = everything()
    with refused("R21", MANUAL, "member"):
        fujian.person(submitter).apply("陈国强", to=B)
    assert everything() == before


def test_r21a_counts_what_waits_at_a_committee(fujian):
    fujian.transfer("林小雨", A, to=B, at=STREET)
    with refused("R21", MANUAL):
        fujian.apply("林志强", to=B)


def test_r21a_once_it_is_handled_the_liaison_may_go(fujian):
    transfer = fujian.apply("林小雨", to=B)
    fujian.person("陈国强").approve(transfer)
    assert fujian.apply("陈国强", to=B).is_open


def test_r21a_counts_what_came_back_to_the_organization_as_applicant(fujian):
    transfer = fujian.liaison_of(A).apply("林小雨", to=B)
    fujian.liaison_of(A).withdraw(transfer)
    assert desk.todo_count(fujian.actor_of("陈国强")) == 1
    with refused("R21", MANUAL):
        fujian.apply("陈国强", to=B)


def test_r21a_comes_before_b(fujian):
    fujian.apply("林小雨", to=B)
    alone(fujian)
    with refused("R21", MANUAL):
        fujian.apply("陈国强", to=B)


def test_r21_a_grant_that_sleeps_has_nothing_waiting_and_keeps_nobody(fujian):
    fujian.apply("林小雨", to=B)
    asleep(fujian, "陈国强")
    assert fujian.liaison_of(A).apply("陈国强", to=B).is_open


def test_r21_who_is_secretary_only_is_no_liaison(fujian):
    fujian.transfer("林小雨", A, to=B, at=STREET)
    assert fujian.apply("郑晓东", to=B).is_open


# --- (b) ---


@pytest.mark.parametrize("submitter", ["陈国强", f"{STREET}联络员"])
def test_r21b_the_only_liaison_of_a_branch_with_other_members_is_refused(fujian, submitter):
    alone(fujian)
    before = everything()
    with refused("R21", f"陈国强是“{A}”唯一的联络员，而该组织还有其他党员", "member"):
        fujian.person(submitter).apply("陈国强", to=B)
    assert everything() == before


def test_r21b_another_liaison_who_sleeps_is_none(fujian):
    alone(fujian)
    fujian.grant("林小雨", "liaison", A)
    asleep(fujian, "林小雨")
    with refused("R21", "唯一的联络员"):
        fujian.apply("陈国强", to=B)


def test_r21b_a_new_liaison_and_the_own_grant_taken_away_let_them_go(fujian):
    alone(fujian)
    fujian.grant("林小雨", "liaison", A)
    fujian.without_liaison(A, but="林小雨")
    assert fujian.apply("陈国强", to=B).is_open


def test_r21b_holds_for_a_committee_too(fujian):
    alone(fujian, "林志强", STREET)
    with refused("R21", f"林志强是“{STREET}”唯一的联络员"):
        fujian.apply("林志强", to=B)


def test_r21b_holds_for_every_organization_not_the_branch_alone(fujian):
    fujian.grant("陈国强", "liaison", "军门第二支部")
    alone(fujian, "陈国强", "军门第二支部")
    with refused("R21", "“军门第二支部”唯一的联络员"):
        fujian.apply("陈国强", to=B)


# --- (c) ---


def test_r21c_one_of_several_liaisons_must_stay(fujian):
    alone(fujian)
    fujian.grant("林小雨", "liaison", A)
    transfer = fujian.apply("林小雨", to=B)
    fujian.person("陈国强").approve(transfer)
    with refused("R21", "其他联络员都已有在办的转接，至少要留有一名联络员办理流程", "member"):
        fujian.apply("陈国强", to=B)


@pytest.mark.parametrize("ending", ["void", "complete"])
def test_r21c_a_transfer_that_has_ended_no_longer_counts(fujian, ending):
    alone(fujian)
    fujian.grant("林小雨", "liaison", A)
    fujian.grant("吴建平", "liaison", A)
    fujian.member("吴建平").phone_activated_at = clock.now()
    db.session.commit()
    transfer = fujian.apply("吴建平", to=B)
    endings = {"void": lambda transfer: voided(fujian, transfer), "complete": fujian.complete}
    endings[ending](transfer)
    assert fujian.apply("陈国强", to=B).is_open


def voided(fujian, transfer):
    fujian.person("吴建平").withdraw(transfer)
    fujian.person("吴建平").void(transfer)


def test_r21c_a_virtual_admin_account_stays(fujian):
    assert fujian.apply("陈国强", to=B).is_open


def test_r21c_a_member_who_stays_lets_the_other_go(fujian):
    alone(fujian)
    fujian.grant("林小雨", "liaison", A)
    assert fujian.apply("陈国强", to=B).is_open


# --- (d) ---


def test_r21d_the_last_member_of_a_branch_may_go(fujian):
    alone(fujian)
    leave_only(fujian, "陈国强")
    assert fujian.apply("陈国强", to=B).is_open


def test_r21d_who_is_not_in_good_standing_does_not_count_as_a_member(fujian):
    alone(fujian)
    leave_only(fujian, "陈国强", "林小雨")
    with refused("R21", "还有其他党员"):
        fujian.apply("陈国强", to=B)


# --- Applying again ---


def test_r21_holds_when_applying_again(fujian):
    own = fujian.apply("陈国强", to=B)
    fujian.person("陈国强").withdraw(own)
    fujian.apply("林小雨", to=B)
    with refused("R21", MANUAL):
        fujian.person("陈国强").resubmit(own)


def test_r21_the_own_transfer_that_came_back_is_no_to_do_of_one_s_own(fujian):
    own = fujian.liaison_of(A).apply("陈国强", to=B)
    fujian.liaison_of(A).withdraw(own)
    assert fujian.liaison_of(A).resubmit(own).is_open


# --- At the same moment ---


@pytest.fixture(params=["at the same moment", "before the first has committed"])
def both(request, make_app):
    """`both(first, second)`: what each was told, None where they succeeded."""
    ways = {
        "at the same moment": lambda first, second: together(make_app, first, second),
        "before the first has committed": lambda first, second: overtaken(
            make_app, first, second, once="INSERT INTO transfer"
        ),
    }
    return ways[request.param]


@pytest.fixture
def two(fujian):
    """陈国强 and 林小雨 are the only liaisons of 军门第一支部, where 何俊杰 is a member too."""
    alone(fujian)
    fujian.grant("林小雨", "liaison", A)
    member, branch = fujian.member("何俊杰"), fujian.org(A)
    member.organization_id, member.org_path = branch.id, branch.path
    db.session.commit()


def test_r21c_of_two_liaisons_who_apply_at_once_one_is_refused(fujian, two, both):
    told = both(lambda: fujian.apply("陈国强", to=B), lambda: fujian.apply("林小雨", to=B))
    refusals = [refusal for refusal in told if refusal is not None]
    assert [refusal.rule for refusal in refusals] == ["R21"]


def test_r21_r11_applying_and_losing_the_other_liaison_at_once_never_leaves_nobody(fujian, two, both):
    def revoke():
        actor = fujian.actor_of("省级管理员")
        held = select(RoleGrant).where(RoleGrant.account_id == fujian.account("林小雨").id)
        with transaction():
            grants.revoke(actor, db.session.scalars(held).one())

    told = both(lambda: fujian.apply("陈国强", to=B), revoke)
    assert sorted(refusal.rule for refusal in told if refusal is not None) in (["R11"], ["R21"])


# --- Once they have moved ---


def test_r21_on_completion_the_grants_end_outside_the_new_branch_and_above_it(fujian):
    for place in (B, "龙岩市委", "军门第二支部"):
        fujian.grant("陈国强", "liaison", place)
    transfer = fujian.apply("陈国强", to=B)
    fujian.complete(transfer)
    assert liaison_of(fujian, "陈国强") == {fujian.org(B).id, fujian.org("龙岩市委").id}
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.event == AuditEvent.ROLE_REVOKED)).all()
    told = [(entry.organization_name, entry.subject, entry.details["reason"]) for entry in entries]
    assert told == [(A, "陈国强", "组织关系已转走"), ("军门第二支部", "陈国强", "组织关系已转走")]
    assert fujian.entries(transfer)[-1].details["ended_grants"] == [A, "军门第二支部"]


def test_r21_until_then_nothing_ends(fujian):
    transfer = fujian.transfer("陈国强", A, to=B, at=B, confirming=True)
    assert liaison_of(fujian, "陈国强") == {fujian.org(A).id}
    assert transfer.is_open


def test_r21_a_secretary_s_grant_is_a_record_and_stays(fujian):
    transfer = fujian.apply("郑晓东", to=B)
    fujian.complete(transfer)
    assert liaison_of(fujian, "郑晓东") == {fujian.org(STREET).id}
    assert "ended_grants" not in fujian.entries(transfer)[-1].details
