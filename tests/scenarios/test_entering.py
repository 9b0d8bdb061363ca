"""R15, R40-R43: from another province, by a county, city or the province, claimed or new, down to a branch."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models import (
    Account,
    Attachment,
    AuditEntry,
    AuditEvent,
    HistoryEntry,
    Member,
    MemberStatus,
    OrganizationKind,
    ReturnReceipt,
    Transfer,
    clock,
    db,
)
from tests.scenarios.telling import everything, refused, stands, waiting_stage
from tests.world import MALE, NEW_NUMBER, NEWCOMER, id_number
from workflow import actions, claims, history, receipts
from workflow.claims import Answer

COUNTY, CITY, PROVINCE, STREET, GENERAL = "鼓楼区委", "福州市委", "福建省委", "东街街道工委", "军门社区总支"
A, SECOND, QIXUN, DIRECT = "军门第一支部", "军门第二支部", "旗汛口社区支部", "鼓楼区委直属支部"
TEMPORARY = "临时党组织"


@pytest.fixture
def number_of(fujian):
    """`number_of("马海涛")`: a member's ID number."""
    return lambda name: fujian.member(name).id_number


@pytest.fixture
def county(fujian):
    return fujian.liaison_of(COUNTY)


@pytest.fixture
def claimed(fujian, county, number_of):
    """马海涛, who is kept as gone out of the province, comes back to 军门第一支部."""
    return county.enter(number_of("马海涛"), COUNTY, A)


@pytest.fixture
def created(county):
    """韦小宝, whom nobody here knows, comes to 军门第一支部."""
    return county.enter(NEW_NUMBER, COUNTY, A, person=NEWCOMER)


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


# --- R15: the route ---


def test_r15_the_county_registers_approves_and_down_it_goes_to_the_branch(fujian, claimed):
    assert [(step.stage.value, step.organization.name) for step in fujian.fresh(claimed).steps] == [
        ("entering_application", COUNTY),
        ("entering_approval", COUNTY),
        ("destination_committee", STREET),
        ("destination_general_branch", GENERAL),
        ("destination_branch", A),
        ("confirmation", A),
    ]
    assert (stands(claimed), waiting_stage(claimed)) == (f"待{COUNTY}办理", "转入审批")


@pytest.mark.parametrize(
    ("registering", "to", "route"),
    [
        (CITY, DIRECT, [CITY, COUNTY, DIRECT, f"确认报到 {DIRECT}"]),
        (
            PROVINCE,
            "省直机关第一支部",
            [PROVINCE, "福建省委省直机关工委", "省直机关第一支部", "确认报到 省直机关第一支部"],
        ),
        (
            CITY,
            "市直机关第一支部",
            [CITY, CITY, "福州市委市直机关工委", "市直机关第一支部", "确认报到 市直机关第一支部"],
        ),
    ],
)
def test_r15_labels_follow_the_organization_that_approves(fujian, number_of, registering, to, route):
    transfer = fujian.liaison_of(registering).enter(number_of("马海涛"), registering, to)
    assert fujian.route_names(fujian.fresh(transfer)) == route


def test_r15_the_branch_must_lie_in_the_registering_organizations_subtree(fujian, county, number_of):
    mark, photo = number_of("马海涛"), county.hold_photo()
    found = county.look_up(mark, COUNTY)
    before = everything()
    for place in ("五龙村支部", "市直机关第一支部"):
        with refused("R15", f"“{place}”不在“{COUNTY}”范围内", "destination"):
            county.register(found.ticket, COUNTY, place, photos=[photo])
    for place, words in ((STREET, "必须是党支部"), (GENERAL, "必须是党支部")):
        with refused("R15", words, "destination"):
            county.register(found.ticket, COUNTY, place, photos=[photo])
    assert everything() == before


def test_r12_without_a_qualified_organization_above_the_branch_there_is_no_route(fujian, number_of):
    longyan = fujian.liaison_of("龙岩市委")
    transfer = longyan.enter(number_of("马海涛"), "龙岩市委", "龙车村支部")
    assert fujian.route_names(fujian.fresh(transfer)) == [
        "龙岩市委", "龙岩市委", "漳平市委", "永福镇党委", "龙车村支部", "确认报到 龙车村支部",
    ]  # fmt: skip
    assert [step.level_unset for step in fujian.fresh(transfer).steps] == [False, False, True, True, False, False]


# --- R42: 上报 ---


def test_r42_the_transfer_says_where_the_member_comes_from(fujian, claimed, number_of):
    transfer = fujian.fresh(claimed)
    assert transfer.comes_from == "广东省深圳市南山区粤海街道科技园社区第一支部"
    assert (transfer.previous_area, transfer.addressee) == ("440305", "中共深圳市南山区委组织部")
    assert (transfer.kind.name, transfer.source.name) == ("跨省转入", "省外组织")


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"area": ""}, "area", "请选择原所属组织所在的省"),
        ({"area": "350102"}, "area", "请选择原所属组织所在的省"),
        ({"area": "44"}, "area", "请选择“广东省”的市"),
        ({"area": "4403"}, "area", "请选择“深圳市”的县"),
        ({"area": "11"}, "area", "请选择“北京市”的县"),
        ({"branch": " "}, "branch", "请填写原所属党支部"),
        ({"branch": "部" * 121}, "branch", "120字以内"),
        ({"branch": "一\n二"}, "branch", "换行"),
        ({"addressee": ""}, "addressee", "请填写回执联抬头"),
        ({"addressee": "𠮷县组织部"}, "addressee", "没有可打印的字形"),
        ({"reason": " "}, "reason", "请填写转接理由"),
        ({"dues_paid_until": "2026-13"}, "dues_paid_until", "请按“年-月”填写党费缴交至"),
        ({"dues_paid_until": "2099-01"}, "dues_paid_until", "党费缴交至不允许超过当前月份"),
        ({"applied_on": clock.today() + timedelta(days=2)}, "applied_on", "转入时间不得晚于今天"),
        ({"photos": []}, "files", "请上传介绍信照片，至少一张"),
        ({"photos": ["nobodys"]}, "files", "照片已过期"),
    ],
)
def test_r42_what_is_missing_or_wrong_is_named_and_nothing_is_changed(county, number_of, fields, field, words):
    ticket = county.look_up(number_of("马海涛"), COUNTY).ticket
    photos = [county.hold_photo()]
    before = everything()
    with refused("R42", words, field):
        county.register(ticket, COUNTY, A, **{"photos": photos, **fields})
    assert everything() == before


@pytest.mark.parametrize("area", ["110101", "4419", "469030", "659012", "71", "81"])
def test_r42_municipalities_and_cities_without_counties(fujian, county, number_of, area):
    transfer = county.enter(number_of("马海涛"), COUNTY, A, area=area)
    assert fujian.fresh(transfer).previous_area == area


def test_r42_several_photos_come_along_and_history_keeps_their_hashes(fujian, county, number_of):
    photos = [county.hold_photo("一.jpg"), county.hold_photo("二.jpg")]
    transfer = county.enter(number_of("马海涛"), COUNTY, A, photos=photos)
    attached = db.session.scalars(select(Attachment).order_by(Attachment.id)).all()
    assert [(photo.name, photo.transfer_id, photo.uploader_organization_name) for photo in attached] == [
        ("一.jpg", transfer.id, COUNTY),
        ("二.jpg", transfer.id, COUNTY),
    ]
    assert fujian.entries(transfer)[0].details["attachments"] == [f"letter:{photo.sha256}" for photo in attached]


def test_r42_nobody_takes_a_photo_that_another_holds_or_one_that_is_used(fujian, county, number_of):
    others = fujian.liaison_of(CITY).hold_photo()
    with refused("R42", "照片已过期", "files"):
        county.enter(number_of("马海涛"), COUNTY, A, photos=[others])
    own = county.hold_photo()
    county.enter(number_of("马海涛"), COUNTY, A, photos=[own])
    with refused("R42", "照片已过期", "files"):
        county.enter(number_of("孙丽娜"), COUNTY, A, photos=[own])


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


# --- R41: create ---


def test_r41_a_new_member_stands_in_the_temporary_organization(fujian, created):
    member = fujian.member("韦小宝")
    assert member.organization.kind is OrganizationKind.TEMPORARY
    assert (member.ethnicity, member.category.label, member.gender, member.phone) == ("壮族", "正式", MALE, "")
    assert member.id_number == NEW_NUMBER
    assert db.session.scalar(select(Account.id).where(Account.member_id == member.id)) is None


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"name": " "}, "name", "请填写姓名"),
        ({"gender": ""}, "gender", "请选择性别"),
        ({"gender": "female"}, "gender", "性别与身份证号第17位不符"),
        ({"birth_date": clock.today()}, "birth_date", "出生日期与身份证号不符"),
        ({"ethnicity": "壮"}, "ethnicity", "民族应为规范全称"),
        ({"category": ""}, "category", "请选择党员类别"),
    ],
)
def test_r41_what_is_typed_of_a_new_member_is_checked(county, typed, field, words):
    ticket, photos = county.look_up(NEW_NUMBER, COUNTY).ticket, [county.hold_photo()]
    before = everything()
    with refused("R41", words, field):
        county.register(ticket, COUNTY, A, photos=photos, person={**NEWCOMER, **typed})
    assert everything() == before


def test_r43_on_confirmation_the_member_moves_and_gets_an_account_that_waits_for_activation(fujian, created):
    fujian.complete(created)
    member = fujian.member("韦小宝")
    account = db.session.scalars(select(Account).where(Account.member_id == member.id)).one()
    assert (member.organization.name, member.phone_activated_at) == (A, None)
    assert (account.username, account.password_hash, account.org_path) == (
        f"dy{member.id:08d}", None, fujian.org(A).path,
    )  # fmt: skip
    assert fujian.entries(created)[-1].details["account"] == account.username


def test_r43_who_has_an_account_keeps_it(fujian, claimed):
    before = fujian.account("马海涛").id
    fujian.complete(claimed)
    assert db.session.scalars(select(Account.id).where(Account.member_id == claimed.member_id)).all() == [before]


def test_r43_voided_a_new_member_stays_in_the_temporary_organization_and_can_be_claimed(fujian, county, created):
    county.withdraw(created)
    county.void(created)
    assert fujian.member("韦小宝").organization.name == TEMPORARY
    again = county.enter(NEW_NUMBER, COUNTY, SECOND)
    assert again.member_id == created.member_id
    assert db.session.scalar(select(func.count()).select_from(Member).where(Member.name == "韦小宝")) == 1


# --- R15: there and back ---


def test_r25_the_county_rejects_to_the_applicant_that_it_is_itself(fujian, county, claimed):
    county.reject(claimed, reason="介绍信抬头不对")
    assert stands(claimed) == "已驳回至申请人"
    assert county.can(claimed) == {"resubmit", "void"}


def test_r25_further_down_it_goes_back_step_by_step(fujian, county, claimed):
    fujian.bring(claimed, GENERAL)
    fujian.liaison_of(GENERAL).reject(claimed)
    assert stands(claimed) == f"待{STREET}办理"
    fujian.liaison_of(STREET).reject(claimed)
    assert (stands(claimed), waiting_stage(claimed)) == (f"待{COUNTY}办理", "转入审批")
    county.reject(claimed)
    assert stands(claimed) == "已驳回至申请人"


def test_r26_the_registering_organization_withdraws_until_it_has_been_approved(fujian, county, claimed):
    assert county.can(claimed) == {"approve", "reject", "withdraw"}
    county.withdraw(claimed)
    assert stands(claimed) == "已撤回至申请人"
    county.resubmit(claimed)
    county.approve(claimed)
    county.withdraw(claimed)
    assert (stands(claimed), waiting_stage(claimed)) == (f"待{COUNTY}办理", "转入审批")


def test_r26_a_city_that_registered_withdraws_and_the_county_decides(fujian, number_of):
    transfer = fujian.liaison_of(CITY).enter(number_of("马海涛"), CITY, A)
    assert fujian.liaison_of(CITY).can(transfer) == {"withdraw"}
    assert fujian.liaison_of(COUNTY).can(transfer) == {"approve", "reject"}
    fujian.liaison_of(COUNTY).reject(transfer)
    assert fujian.liaison_of(CITY).can(transfer) == {"resubmit", "void"}
    assert fujian.liaison_of(COUNTY).can(transfer) == set()


def test_r29_the_branch_objects_and_r44_the_general_branch_sends_it_to_another(fujian, claimed):
    fujian.bring(claimed, A)
    fujian.liaison_of(A).object(claimed)
    assert stands(claimed) == f"待{GENERAL}办理"
    fujian.liaison_of(GENERAL).reassign(claimed, SECOND)
    assert stands(claimed) == f"待{SECOND}办理"
    fujian.complete(fujian.fresh(claimed))
    assert fujian.member("马海涛").organization.name == SECOND


def test_r44_a_branch_directly_under_the_county_objects_and_the_county_reassigns_down_another_way(fujian, number_of):
    county = fujian.liaison_of(COUNTY)
    transfer = county.enter(number_of("马海涛"), COUNTY, DIRECT)
    county.approve(transfer)
    fujian.liaison_of(DIRECT).object(transfer)
    assert stands(transfer) == f"待{COUNTY}办理"
    county.reassign(transfer, QIXUN)
    assert fujian.route_names(fujian.fresh(transfer)) == [COUNTY, COUNTY, STREET, QIXUN, f"确认报到 {QIXUN}"]
    assert stands(transfer) == f"待{STREET}办理"


def test_r16_a_mended_level_mends_the_way_ahead_and_what_registered_it_is_not_asked_again(fujian, claimed):
    fujian.set_level(COUNTY, 6)  # neither qualified to register nor to approve any more
    assert fujian.admin.replan(claimed)
    assert fujian.route_names(fujian.fresh(claimed)) == [
        COUNTY, CITY, COUNTY, STREET, GENERAL, A, f"确认报到 {A}",
    ]  # fmt: skip
    fujian.complete(fujian.fresh(claimed))
    assert fujian.member("马海涛").organization.name == A


# --- R23: again ---


def test_r23_what_was_typed_can_be_changed_and_history_says_so(fujian, county, created):
    county.reject(created, reason="姓名有误")
    done = county.resubmit(
        created,
        name="韦小玉",
        ethnicity="汉族",
        category="probationary",
        destination_id=fujian.org(SECOND).id,
        area="110101",
        branch="东华门街道韶九社区支部",
        addressee="中共北京市东城区委组织部",
        reason="随迁",
        photos=[county.hold_photo("补.jpg")],
    )
    assert stands(done) == f"待{COUNTY}办理"
    assert fujian.member("韦小玉").category.label == "预备"
    changes = fujian.entries(done)[-1].details["changes"]
    assert changes["姓名"] == ["韦小宝", "韦小玉"]
    assert changes["原所属组织"] == [
        "广东省深圳市南山区粤海街道科技园社区第一支部", "北京市东城区东华门街道韶九社区支部",
    ]  # fmt: skip
    assert changes["拟转入支部"] == [A, SECOND]
    assert len(fujian.entries(done)[-1].details["attachments"]) == 1
    assert fujian.route_names(fujian.fresh(done))[-1] == f"确认报到 {SECOND}"


def test_r23_of_who_was_claimed_nothing_but_the_transfer_is_changed(fujian, county, claimed):
    county.reject(claimed)
    county.resubmit(claimed, name="别人", reason="随迁")
    assert (fujian.member("马海涛").name, fujian.fresh(claimed).reason) == ("马海涛", "随迁")


def test_r9_a_member_whose_account_was_there_before_changes_nothing_of_their_own_by_it(fujian, county, number_of):
    member, place = fujian.member("马海涛"), fujian.org(TEMPORARY)
    member.organization_id, member.org_path = place.id, place.path
    db.session.commit()
    transfer = county.reject(county.enter(number_of("马海涛"), COUNTY, A))
    fujian.person("马海涛").resubmit(transfer, name="别人", category="probationary")
    assert (fujian.member("马海涛").name, fujian.member("马海涛").category.label) == ("马海涛", "正式")
    county.reject(transfer)
    county.resubmit(transfer, name="马海滔")
    assert fujian.member("马海滔").id == member.id


def test_r42_without_a_photo_it_is_not_sent_again(fujian, county, claimed):
    county.reject(claimed)
    for photo in db.session.scalars(select(Attachment).where(Attachment.transfer_id == claimed.id)):
        photo.removed_at = clock.now()
    db.session.commit()
    with refused("R42", "至少一张", "files"):
        county.resubmit(claimed)
    assert stands(claimed) == "已驳回至申请人"


# --- R42: the receipt ---


def test_r42_the_receiving_committee_prints_the_receipt_under_a_number_of_its_own_series(fujian, created):
    street = fujian.liaison_of(STREET)
    fujian.complete(created)
    receipt, _content = receipts.issue(created.key, street.actor)
    month = clock.this_month().replace("-", "")
    assert (receipt.number, receipt.addressee) == (f"{month}00001", "中共深圳市南山区委组织部")
    assert receipts.issue(created.key, street.actor)[0].number == receipt.number
    entry = fujian.entries(created)[-1]
    assert (entry.action.label, entry.details, entry.rule) == ("出具回执", {"receipt": receipt.number}, "R42")
    assert list(history.verify(created.id)) == []
    assert stands(created) == "已办结"


def test_r42_nobody_else_prints_it_and_not_before_the_end(fujian, created):
    street = fujian.liaison_of(STREET)
    with refused("R42", "确认报到之后"):
        receipts.issue(created.key, street.actor)
    fujian.complete(created)
    before = everything()
    for name in (COUNTY, GENERAL, A, CITY):
        with refused("R42"):
            receipts.issue(created.key, fujian.liaison_of(name).actor)
    with refused("R42"):
        receipts.issue(created.key, fujian.admin.actor)
    with refused("R30"):
        receipts.issue(created.key, fujian.liaison_of("五龙村支部").actor)
    assert everything() == before


def test_r42_a_branch_directly_under_the_county_has_the_county_for_its_committee(fujian, county, number_of):
    transfer = county.enter(number_of("马海涛"), COUNTY, DIRECT)
    fujian.complete(transfer)
    assert receipts.issue(transfer.key, county.actor)[0].issuer_id == fujian.org(COUNTY).id


def test_r42_a_name_that_cannot_be_printed_leaves_its_place_open(fujian, county):
    transfer = fujian.complete(county.enter(NEW_NUMBER, COUNTY, QIXUN, person={**NEWCOMER, "name": "韦𠮷"}))
    receipt, content = receipts.issue(transfer.key, fujian.liaison_of(STREET).actor)
    assert (receipt.name, receipts.data_of(receipt).name) == ("韦𠮷", "")
    assert content.startswith(b"%PDF")


def test_r42_receipts_count_by_themselves_and_letters_too(fujian, county, number_of):
    fujian.bring(fujian.apply("林小雨", "省外组织", kind_code="out_of_province", addressee="某部"), STREET)
    numbers = []
    for name in ("马海涛", "孙丽娜"):
        transfer = fujian.complete(county.enter(number_of(name), COUNTY, QIXUN))
        numbers.append(receipts.issue(transfer.key, fujian.liaison_of(STREET).actor)[0].number[-5:])
    assert numbers == ["00001", "00002"]
    assert db.session.scalar(select(func.count()).select_from(ReturnReceipt)) == 2


# --- R31 ---


def test_r31_each_action_leaves_one_entry_and_the_chain_holds(fujian, county, claimed):
    fujian.complete(claimed)
    assert fujian.history(claimed) == ["上报", "通过", "通过", "通过", "通过", "确认报到"]
    first = fujian.entries(claimed)[0]
    assert (first.rule, first.actor_organization_name, first.to_stage.label) == ("R42", COUNTY, "转入审批")
    assert list(history.verify(claimed.id)) == []
    assert db.session.scalar(select(func.count()).select_from(HistoryEntry)) == 6


def test_r30_another_county_sees_nothing_of_it(fujian, claimed):
    with refused("R30"):
        actions.perform(claimed.key, "approve", fujian.liaison_of("上杭县委").actor)
    assert fujian.liaison_of("上杭县委").can(claimed) == set()
    assert db.session.scalar(select(func.count()).select_from(Transfer)) == 1


def test_r41_the_same_number_is_never_two_members(fujian, created, county):
    with refused("R20"):
        county.register(county.look_up(NEW_NUMBER, COUNTY).ticket, COUNTY, SECOND, person=NEWCOMER)
    other = id_number(MALE, 301)
    county.enter(other, COUNTY, SECOND, person={**NEWCOMER, "name": "韦大宝"})
    assert db.session.scalar(select(func.count()).select_from(Member).where(Member.name.like("韦%"))) == 2
