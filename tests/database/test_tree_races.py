"""R1, R12, R30: somebody changes the tree while somebody else changes it, or works in it.

Whatever comes first, nothing may stand in a circle, and every kept path must be the one that the parent links make.
"""

import pytest

from models import Gender, MemberCategory, OrganizationKind
from tests.database.together import misplaced, overtaken, together
from tests.world import ADMIN, id_number
from workflow import members, organizations
from workflow.transaction import transaction

A, B = "军门第一支部", "五龙村支部"
MOVED = "INSERT INTO audit_entry"  # the last that a data keeper's change writes
ACTED = "INSERT INTO history_entry"  # the last that an action writes


def change(fujian, name: str, *, under: str = "", **fields):
    """A deed: a data keeper saves the form of an organization, which shows it and the parent that was picked."""

    def deed() -> None:
        actor, organization = fujian.actor_of(ADMIN), fujian.org(name)
        parent = fujian.org(under) if under else None
        values = {"parent_id": parent.id, **fields} if parent else fields
        with transaction():
            organizations.change_organization(actor, organization, **values)

    return deed


def new_organization(fujian, parent: str):
    def deed() -> None:
        actor, parent_id = fujian.actor_of(ADMIN), fujian.org(parent).id
        with transaction():
            organizations.create_organization(
                actor, code="new-1", name="新支部", kind=OrganizationKind.BRANCH, parent_id=parent_id
            )

    return deed


def new_member(fujian, organization: str):
    def deed() -> None:
        actor, home = fujian.actor_of(ADMIN), fujian.org(organization).id
        with transaction():
            members.create_member(
                actor,
                name="新党员",
                id_number=id_number(Gender.MALE, 99),
                gender=Gender.MALE,
                ethnicity="汉族",
                category=MemberCategory.FULL,
                organization_id=home,
            )

    return deed


def correction(fujian, name: str, to: str):
    def deed() -> None:
        actor, member, there = fujian.actor_of(ADMIN), fujian.member(name), fujian.org(to).id
        with transaction():
            members.correct_organization(actor, member, there, "录入时选错支部")

    return deed


def refusals(told: list) -> list[str]:
    return [refusal.rule for refusal in told if refusal is not None]


# --- two data keepers ---


def under_each_other(fujian):
    """安泰街道工委 under 鼓楼区卫健局党委, and the other way round: each is right by itself."""
    return (
        change(fujian, "安泰街道工委", under="鼓楼区卫健局党委"),
        change(fujian, "鼓楼区卫健局党委", under="安泰街道工委"),
    )


def test_r1_two_who_move_organizations_under_each_other_make_no_circle(fujian, make_app):
    told = together(make_app, *under_each_other(fujian))
    assert (len(refusals(told)), misplaced()) == (1, [])


def test_r1_nor_when_the_second_comes_before_the_first_has_committed(fujian, make_app):
    told = overtaken(make_app, *under_each_other(fujian), once=MOVED)
    assert told[0] is None
    assert (len(refusals(told)), misplaced()) == (1, [])


def test_r1_what_is_moved_inside_a_subtree_that_is_being_moved_ends_where_both_say(fujian, make_app):
    outer = change(fujian, "安泰街道工委", under="鼓楼区卫健局党委")
    told = overtaken(make_app, outer, change(fujian, "朱紫坊社区支部", under="东街街道工委"), once=MOVED)
    assert (refusals(told), misplaced()) == ([], [])
    assert fujian.org("朱紫坊社区支部").parent_id == fujian.org("东街街道工委").id


def test_r1_what_is_moved_below_an_organization_that_is_being_moved_follows_it(fujian, make_app):
    outer = change(fujian, "安泰街道工委", under="鼓楼区卫健局党委")
    told = overtaken(make_app, outer, change(fujian, "旗汛口社区支部", under="安泰街道工委"), once=MOVED)
    assert (refusals(told), misplaced()) == ([], [])


def test_r1_what_is_made_below_an_organization_that_is_being_moved_follows_it(fujian, make_app):
    outer = change(fujian, "安泰街道工委", under="鼓楼区卫健局党委")
    told = overtaken(make_app, outer, new_organization(fujian, "安泰街道工委"), once=MOVED)
    assert (refusals(told), misplaced()) == ([], [])


def test_r30_of_two_who_change_one_organization_neither_loses_the_others_change(fujian, make_app):
    first = change(fujian, B, contact_name="张干事")
    told = overtaken(make_app, first, change(fujian, B, contact_phone="0597-1"), once=MOVED)
    assert told[0] is None
    assert fujian.org(B).contact_name == "张干事"


# --- a data keeper, and somebody who works in the tree ---


def test_r33_a_new_member_of_a_branch_that_is_being_moved_follows_it(fujian, make_app):
    outer = change(fujian, "安泰街道工委", under="鼓楼区卫健局党委")
    told = overtaken(make_app, outer, new_member(fujian, "朱紫坊社区支部"), once=MOVED)
    assert (refusals(told), misplaced()) == ([], [])


@pytest.mark.parametrize("moved", ["古田镇党委", "军门社区总支"], ids=["to", "from"])
def test_r32a_who_is_put_into_a_branch_that_is_being_moved_follows_it(fujian, make_app, moved):
    outer = change(fujian, moved, under="鼓楼区委")
    told = overtaken(make_app, outer, correction(fujian, "林小雨", to=B), once=MOVED)
    assert (refusals(told), misplaced()) == ([], [])


@pytest.mark.parametrize("moved", ["古田镇党委", "军门社区总支"], ids=["destination", "source"])
def test_r33_an_application_follows_an_end_that_is_being_moved(fujian, make_app, moved):
    outer = change(fujian, moved, under="鼓楼区委")
    told = overtaken(make_app, outer, lambda: fujian.apply("林小雨", to=B), once=MOVED)
    assert (refusals(told), misplaced()) == ([], [])


@pytest.mark.parametrize("moved", ["古田镇党委", "军门社区总支"], ids=["destination", "source"])
def test_r28_who_is_confirmed_follows_a_branch_that_is_being_moved(fujian, make_app, moved):
    transfer = fujian.transfer("林小雨", A, to=B, at=B, confirming=True)
    outer = change(fujian, moved, under="鼓楼区委")
    told = overtaken(make_app, outer, lambda: fujian.liaison_of(B).confirm(transfer), once=MOVED)
    assert (refusals(told), misplaced()) == ([], [])


@pytest.mark.parametrize("moved", ["古田镇党委", "军门社区总支"], ids=["destination", "source"])
def test_r28_a_branch_that_is_moved_takes_along_who_is_being_confirmed(fujian, make_app, moved):
    transfer = fujian.transfer("林小雨", A, to=B, at=B, confirming=True)
    inner = change(fujian, moved, under="鼓楼区委")
    told = overtaken(make_app, lambda: fujian.liaison_of(B).confirm(transfer), inner, once=ACTED)
    assert (refusals(told), misplaced()) == ([], [])


@pytest.mark.parametrize("moved", ["古田镇党委", "军门社区总支"], ids=["destination", "source"])
def test_r30_who_stands_in_each_others_way_is_told_so_in_words(fujian, make_app, moved):
    """The confirmation holds the record when the move comes, and needs the member when the move has them."""
    transfer = fujian.transfer("林小雨", A, to=B, at=B, confirming=True)
    inner = change(fujian, moved, under="鼓楼区委")
    told = overtaken(make_app, lambda: fujian.liaison_of(B).confirm(transfer), inner, once="UPDATE step")
    assert None in told
    assert set(refusals(told)) <= {"R30"}
    assert misplaced() == []


# --- R12: a branch that is closed, and a transfer that goes there ---


def test_r12_no_transfer_goes_to_a_branch_that_is_being_closed(fujian, make_app):
    closing = change(fujian, "花园弄社区支部", is_active=False)
    told = overtaken(make_app, closing, lambda: fujian.apply("林小雨", to="花园弄社区支部"), once=MOVED)
    assert (refusals(told), fujian.org("花园弄社区支部").is_active) == (["R13"], False)


def test_r12_no_branch_is_closed_to_which_a_transfer_is_going(fujian, make_app):
    closing = change(fujian, "花园弄社区支部", is_active=False)
    told = overtaken(make_app, lambda: fujian.apply("林小雨", to="花园弄社区支部"), closing, once=ACTED)
    assert (refusals(told), fujian.org("花园弄社区支部").is_active) == (["R12"], True)
