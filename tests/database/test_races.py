"""R30, R20: two people act at the same moment. One succeeds, the other is told what happened.

Each pair of deeds runs twice: begun at the same moment, and the second begun while the first has not committed yet.
"""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from models import HistoryEntry, Member, ReturnReceipt, Transfer, db
from tests.database.together import overtaken, together
from tests.world import ADMIN, NEW_NUMBER, NEWCOMER
from workflow import applications, history, members, receipts
from workflow.transaction import transaction

A, B = "军门第一支部", "五龙村支部"
MADE = {name: value for name, value in NEWCOMER.items() if name != "birth_date"}


@pytest.fixture(params=["at the same moment", "before the first has committed"])
def both(request, make_app) -> Callable:
    """`both(first, second)`: what each was told, None where they succeeded."""
    ways = {
        "at the same moment": lambda first, second: together(make_app, first, second),
        "before the first has committed": lambda first, second: overtaken(
            make_app, first, second, once="INSERT INTO history_entry"
        ),
    }
    return ways[request.param]


def entries() -> int:
    return db.session.scalar(select(func.count()).select_from(HistoryEntry))


def only_refusal(told: list) -> Exception:
    """One was refused and one was not."""
    refusals = [refusal for refusal in told if refusal is not None]
    assert len(refusals) == 1, told
    return refusals[0]


# --- two deeds of which only one can be done: transfer, first, second ---


def two_approve(fujian):
    transfer = fujian.apply("林小雨", to=B)
    return lambda: fujian.liaison_of(A).approve(transfer), lambda: fujian.person("陈国强").approve(transfer)


def one_approves_one_rejects(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="东街街道工委")
    street = fujian.liaison_of("东街街道工委")
    return lambda: street.approve(transfer), lambda: fujian.person("林志强").reject(transfer)


def one_approves_what_the_other_withdraws(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at="军门社区总支")
    return lambda: fujian.liaison_of("军门社区总支").approve(transfer), lambda: fujian.liaison_of(A).withdraw(transfer)


def the_applicant_withdraws_what_the_branch_approves(fujian):
    transfer = fujian.apply("林小雨", to=B)
    return lambda: fujian.person("林小雨").withdraw(transfer), lambda: fujian.liaison_of(A).approve(transfer)


def one_resubmits_what_the_other_voids(fujian):
    transfer = fujian.liaison_of("东街街道工委").apply("林小雨", to=B)
    fujian.liaison_of(A).reject(transfer)
    return lambda: fujian.person("林小雨").resubmit(transfer), lambda: fujian.person("林志强").void(transfer)


def two_confirm(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at=B, confirming=True)
    fujian.grant("古田镇党委联络员", "liaison", B)
    return lambda: fujian.liaison_of(B).confirm(transfer), lambda: fujian.liaison_of("古田镇党委").confirm(transfer)


def one_confirms_what_the_other_objects_to(fujian):
    transfer = fujian.transfer("林小雨", A, to=B, at=B, confirming=True)
    fujian.grant("古田镇党委联络员", "liaison", B)
    return lambda: fujian.liaison_of("古田镇党委").object(transfer), lambda: fujian.liaison_of(B).confirm(transfer)


@pytest.mark.parametrize(
    "pair",
    [
        two_approve,
        one_approves_one_rejects,
        one_approves_what_the_other_withdraws,
        the_applicant_withdraws_what_the_branch_approves,
        one_resubmits_what_the_other_voids,
        two_confirm,
        one_confirms_what_the_other_objects_to,
    ],
    ids=lambda pair: pair.__name__,
)
def test_r30_one_succeeds_and_the_other_is_told_what_happened(fujian, both, pair):
    first, second = pair(fujian)
    before = entries()
    refusal = only_refusal(both(first, second))
    assert (refusal.rule, refusal.template[:2]) == ("R30", "未能")
    assert "该记录目前" in str(refusal)
    assert entries() == before + 1
    assert list(history.verify()) == []


def test_r30_who_came_second_is_told_who_came_first_and_where_it_stands_now(fujian, make_app):
    first, second = two_approve(fujian)
    told = overtaken(make_app, first, second, once="INSERT INTO history_entry")
    assert told[0] is None
    assert "由军门第一支部 军门第一支部（虚拟管理员）通过" in str(told[1])
    assert "该记录目前待军门社区总支办理" in str(told[1])


def test_r28_of_two_who_confirm_one_moves_the_member(fujian, both):
    both(*two_confirm(fujian))
    assert fujian.member("林小雨").organization.name == B
    assert fujian.member("林小雨").org_path == fujian.org(B).path


def test_r30_two_records_do_not_hinder_each_other(fujian, both):
    one, other = fujian.apply("林小雨", to=B), fujian.apply("王丽华", to=B)
    told = both(lambda: fujian.liaison_of(A).approve(one), lambda: fujian.liaison_of("军门第二支部").approve(other))
    assert told == [None, None]
    assert list(history.verify()) == []


# --- R20 ---


def apply_twice(fujian):
    return lambda: fujian.apply("林小雨", to=B), lambda: fujian.liaison_of(A).apply("林小雨", to="旗汛口社区支部")


def test_r20_of_two_applications_for_one_member_one_is_refused(fujian, both):
    refusal = only_refusal(both(*apply_twice(fujian)))
    assert (refusal.rule, refusal.field) == ("R20", "member")
    assert "不允许重复提交" in str(refusal)
    assert (db.session.scalar(select(func.count()).select_from(Transfer)), entries()) == (1, 1)
    assert list(history.verify()) == []


def test_r20_the_database_itself_holds_it(fujian, both, monkeypatch):
    monkeypatch.setattr(applications, "check_no_open_transfer", lambda member: None)
    refusal = only_refusal(both(*apply_twice(fujian)))
    assert refusal.rule == "R20"
    assert (db.session.scalar(select(func.count()).select_from(Transfer)), entries()) == (1, 1)


# --- R41 ---


def claim_twice(fujian, **fields):
    """A county and the city above it want the same person, whom both have looked up."""
    mark = fields.pop("mark", None) or fujian.member("马海涛").id_number
    county, city = fujian.liaison_of("鼓楼区委"), fujian.liaison_of("福州市委")
    tickets = county.look_up(mark, "鼓楼区委").ticket, city.look_up(mark, "福州市委").ticket
    photos = county.hold_photo(), city.hold_photo()
    return (
        lambda: county.register(tickets[0], "鼓楼区委", A, photos=[photos[0]], **fields),
        lambda: city.register(tickets[1], "福州市委", "军门第二支部", photos=[photos[1]], **fields),
    )


def test_r41_of_two_claims_of_one_member_one_is_refused(fujian, both):
    refusal = only_refusal(both(*claim_twice(fujian)))
    assert (refusal.rule, refusal.field) == ("R20", "member")
    assert (db.session.scalar(select(func.count()).select_from(Transfer)), entries()) == (1, 1)


def test_r41_of_two_who_enter_one_new_member_one_is_refused(fujian, both):
    refusal = only_refusal(both(*claim_twice(fujian, mark=NEW_NUMBER, person=NEWCOMER)))
    # Whoever comes after the commit finds the member reserved; whoever came before it, the number taken.
    assert (refusal.rule, refusal.field) in (("R20", "member"), ("R41", "id_number"))
    assert db.session.scalar(select(func.count()).select_from(Member).where(Member.name == NEWCOMER["name"])) == 1
    assert (db.session.scalar(select(func.count()).select_from(Transfer)), entries()) == (1, 1)


def test_r41_a_provincial_admin_who_enters_the_same_person_meanwhile(fujian, both):
    register, _other = claim_twice(fujian, mark=NEW_NUMBER, person=NEWCOMER)

    def create():
        actor, home = fujian.actor_of(ADMIN), fujian.org(A).id
        with transaction():
            members.create_member(actor, id_number=NEW_NUMBER, organization_id=home, **MADE)

    assert only_refusal(both(register, create)).rule == "R41"
    assert db.session.scalar(select(func.count()).select_from(Member).where(Member.name == NEWCOMER["name"])) == 1


def test_r42_two_who_print_the_first_receipt_print_one_number(fujian, both):
    transfer = fujian.complete(fujian.liaison_of("鼓楼区委").enter(fujian.member("马海涛").id_number, "鼓楼区委", A))
    street, same = fujian.liaison_of("东街街道工委"), fujian.person("林志强")
    told = both(lambda: receipts.issue(transfer.key, street.actor), lambda: receipts.issue(transfer.key, same.actor))
    assert told == [None, None]
    assert len(db.session.scalars(select(ReturnReceipt.number)).all()) == 1
    assert list(history.verify()) == []


# --- R32a ---


def correct_her(fujian):
    """A provincial admin puts 林小雨 into another branch."""

    def deed() -> None:
        actor, member, there = fujian.actor_of(ADMIN), fujian.member("林小雨"), fujian.org("军门第二支部").id
        with transaction():
            members.correct_organization(actor, member, there, "录入时选错支部")

    return deed


def test_r32a_nobody_is_corrected_whose_application_came_first(fujian, make_app):
    told = overtaken(
        make_app, lambda: fujian.apply("林小雨", to=B), correct_her(fujian), once="INSERT INTO history_entry"
    )
    assert told[0] is None
    assert told[1].rule == "R32a"
    assert fujian.member("林小雨").organization.name == A


def test_r32a_who_applies_while_being_corrected_applies_from_where_they_were_put(fujian, make_app):
    told = overtaken(
        make_app, correct_her(fujian), lambda: fujian.apply("林小雨", to=B), once="INSERT INTO audit_entry"
    )
    assert told == [None, None]
    transfer = db.session.scalars(select(Transfer).options(joinedload(Transfer.source))).one()
    assert (transfer.source.name, transfer.source_path) == ("军门第二支部", fujian.org("军门第二支部").path)
