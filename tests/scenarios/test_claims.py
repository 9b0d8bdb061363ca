"""R40, R41, R49: who registers who comes from another province, the look-up, the claim."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models import (
    AuditEntry,
    AuditEvent,
    Member,
    MemberStatus,
    clock,
    db,
)
from tests.scenarios.newcomers import CITY, COUNTY, GENERAL, PROVINCE, SECOND, STREET, TEMPORARY, A
from tests.scenarios.telling import everything, refused, stands
from tests.world import MALE, NEW_NUMBER, NEWCOMER, id_number
from workflow import claims
from workflow.claims import Answer

# --- R40: who registers ---


@pytest.mark.parametrize("place", [PROVINCE, CITY, COUNTY])
def test_r40_province_cities_and_counties_register(fujian, number_of, place):
    liaison = fujian.liaison_of(place)
    assert [found.name for found in claims.registering_organizations(liaison.actor)] == [place]
    assert liaison.look_up(number_of("马海涛"), place).answer is Answer.CLAIMABLE


@pytest.mark.parametrize("place", [STREET, GENERAL, A, "福建省委省直机关工委", "福州市委市直机关工委", "漳平市委"])
def test_r40_nobody_else_does_not_by_a_request_made_by_hand_either(fujian, county, number_of, place):
    liaison, mark = fujian.liaison_of(place), number_of("马海涛")
    ticket = county.look_up(mark, COUNTY).ticket
    photo = county.hold_photo()
    before = everything()
    assert claims.registering_organizations(liaison.actor) == []
    for registering in (place, COUNTY):
        with refused("R40", field="registering"):
            liaison.look_up(mark, registering)
        with refused("R40", field="registering"):
            liaison.register(ticket, registering, A, photos=[photo])
    assert everything() == before


def test_r40_a_provincial_admin_registers_nobody(fujian, number_of):
    with refused("R40"):
        fujian.admin.look_up(number_of("马海涛"), PROVINCE)


def test_r40_a_level_that_loses_the_qualification_registers_no_more(fujian, county, number_of):
    ticket = county.look_up(number_of("马海涛"), COUNTY).ticket
    photo = county.hold_photo()
    fujian.set_level(COUNTY, 6)
    with refused("R40"):
        county.register(ticket, COUNTY, A, photos=[photo])


# --- R41: looking up ---


@pytest.mark.parametrize("name", ["马海涛", "孙丽娜"])
def test_r41_out_of_the_province_and_unknown_can_be_claimed(county, number_of, name):
    found = county.look_up(number_of(name), COUNTY)
    assert (found.answer, found.member.name, found.refusal) == (Answer.CLAIMABLE, name, None)
    assert found.identity.birth_date.isoformat().replace("-", "") == number_of(name)[6:14]


@pytest.mark.parametrize("home", ["特殊组织", TEMPORARY])
def test_r41_special_and_temporary_too_while_no_transfer_is_open(fujian, county, number_of, home):
    member, place = fujian.member("马海涛"), fujian.org(home)
    member.organization_id, member.org_path = place.id, place.path
    db.session.commit()
    assert county.look_up(number_of("马海涛"), COUNTY).answer is Answer.CLAIMABLE


@pytest.mark.parametrize(
    ("name", "city"),
    [("林小雨", "福州市委"), ("黄志明", "龙岩市委"), ("何俊杰", "福州市委"), ("高伟", "福建省委省直机关工委")],
)
def test_r41_who_belongs_to_the_province_is_sent_the_other_way_and_no_more_than_the_city_is_said(
    county, number_of, name, city
):
    found = county.look_up(number_of(name), COUNTY)
    assert (found.answer, found.member, found.refusal.rule) == (Answer.BELONGS, None, "R41")
    assert str(found.refusal) == (
        f"该党员的组织关系已在省内（{city}），不能从省外转入。请按省内转接办理："
        "由党员本人或其所在支部的联络员在【转出记录】中申请。"
    )
    photo = county.hold_photo()
    before = everything()
    with refused("R41", city):
        county.register(found.ticket, COUNTY, A, photos=[photo])
    assert everything() == before


def test_r41_not_found(county):
    found = county.look_up(NEW_NUMBER, COUNTY)
    assert (found.answer, found.member, found.masked) == (Answer.NOT_FOUND, None, "990102********" + NEW_NUMBER[-4:])


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("990102900307601", "15位的旧身份证号.*第6位后加上“19”"),
        (NEW_NUMBER[:-1] + "0", "校验码不对"),
        ("", "请填写身份证号"),
    ],
)
def test_r41_what_cannot_be_an_id_number_is_not_looked_up(county, typed, words):
    assert NEW_NUMBER[-1] != "0"
    before = everything()
    with refused("R41", words, "id_number"):
        county.look_up(typed, COUNTY)
    assert everything() == before


def test_r19a_only_who_is_in_good_standing_can_be_claimed(fujian, county, number_of):
    fujian.member("孙丽娜").status = MemberStatus.LOST_CONTACT
    db.session.commit()
    found = county.look_up(number_of("孙丽娜"), COUNTY)
    assert (found.member, found.refusal.rule) == (None, "R19a")
    with refused("R19a", "失联"):
        county.register(found.ticket, COUNTY, A)


def test_r49_each_look_up_is_an_audit_entry_without_the_number(county, number_of):
    for mark in (number_of("马海涛"), number_of("林小雨"), NEW_NUMBER):
        county.look_up(mark, COUNTY)
    entries = db.session.scalars(
        select(AuditEntry).where(AuditEntry.event == AuditEvent.MEMBER_LOOKED_UP).order_by(AuditEntry.id)
    ).all()
    assert [(entry.details, entry.organization_name) for entry in entries] == [
        ({"result": result}, COUNTY) for result in ("claimable", "belongs", "not_found")
    ]
    assert entries[0].subject == f"{number_of('马海涛')[:6]}********{number_of('马海涛')[-4:]}"


def test_r41_a_look_up_serves_nobody_else_and_not_for_ever(fujian, county, number_of):
    ticket = county.look_up(number_of("马海涛"), COUNTY).ticket
    photo = county.hold_photo()
    with refused("R41", "已过期"):
        fujian.liaison_of(CITY).register(ticket, CITY, A, photos=[fujian.liaison_of(CITY).hold_photo()])
    fujian.grant("鼓楼区委联络员", "liaison", CITY)
    with refused("R41", "已过期"):
        county.register(ticket, CITY, A, photos=[photo])
    for nonsense in ("", "x", ticket[:-6] + "AAAAAA", "test:AAAA"):
        with refused("R41", "已过期"):
            county.register(nonsense, COUNTY, A, photos=[photo])
    with clock.at(clock.now() + timedelta(hours=9)), refused("R41", "已过期"):
        county.register(ticket, COUNTY, A, photos=[photo])
    assert county.register(ticket, COUNTY, A, photos=[photo]).member.name == "马海涛"


# --- R41: claim ---


def test_r41_a_claim_moves_nobody_until_the_end(fujian, claimed):
    assert fujian.member("马海涛").organization.name == "省外组织"
    fujian.complete(claimed)
    assert (stands(claimed), fujian.member("马海涛").organization.name) == ("已办结", A)


def test_r41_who_is_claimed_is_reserved_for_this_one_transfer(fujian, claimed, number_of):
    city = fujian.liaison_of(CITY)
    found = city.look_up(number_of("马海涛"), CITY)
    assert (found.answer, found.refusal.rule, found.running) == (Answer.RESERVED, "R20", None)
    with refused("R20"):
        city.register(found.ticket, CITY, A)
    own = fujian.liaison_of(COUNTY).look_up(number_of("马海涛"), COUNTY)
    assert (own.answer, own.running.id) == (Answer.RESERVED, claimed.id)


def test_r41_a_claim_is_kept_over_rejection_and_withdrawal_and_released_when_voided(fujian, county, claimed, number_of):
    county.withdraw(claimed)
    assert county.look_up(number_of("马海涛"), COUNTY).answer is Answer.RESERVED
    county.resubmit(claimed)
    county.reject(claimed)
    assert county.look_up(number_of("马海涛"), COUNTY).answer is Answer.RESERVED
    county.void(claimed)
    assert fujian.liaison_of(CITY).enter(number_of("马海涛"), CITY, A).state.value == "in_progress"


def test_r41_who_was_entered_by_others_since_the_look_up_is_claimed_by_nobody_who_has_not_looked_at_them(
    fujian, county
):
    ticket = county.look_up(NEW_NUMBER, COUNTY).ticket
    city, photo = fujian.liaison_of(CITY), county.hold_photo()
    transfer = city.enter(NEW_NUMBER, CITY, A, person={**NEWCOMER, "name": "韦晓宝"})
    with refused("R20"):
        county.register(ticket, COUNTY, A, photos=[photo], person=NEWCOMER)
    city.void(city.withdraw(transfer))
    for person in (NEWCOMER, {}):
        with refused("R41", "刚刚已被登记", "id_number"):
            county.register(ticket, COUNTY, A, photos=[photo], person=person)
    assert claims.looked_up(county.actor, ticket).member is None
    assert county.enter(NEW_NUMBER, COUNTY, A).member.name == "韦晓宝"


def test_r41_who_may_not_be_transferred_is_no_claim_and_the_audit_log_says_so(fujian, county, number_of):
    fujian.member("马海涛").status = MemberStatus.LOST_CONTACT
    db.session.commit()
    found = county.look_up(number_of("马海涛"), COUNTY)
    assert (found.answer, found.member, found.refusal.rule) == (Answer.BARRED, None, "R19a")
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert entry.details["result"] == "barred"


def test_r41_the_same_number_is_never_two_members(fujian, created, county):
    with refused("R20"):
        county.register(county.look_up(NEW_NUMBER, COUNTY).ticket, COUNTY, SECOND, person=NEWCOMER)
    other = id_number(MALE, 301)
    county.enter(other, COUNTY, SECOND, person={**NEWCOMER, "name": "韦大宝"})
    assert db.session.scalar(select(func.count()).select_from(Member).where(Member.name.like("韦%"))) == 2
