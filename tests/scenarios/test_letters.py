"""R14, R19, R35-R36: leaving the province, the letter's number, what freezes it, what makes it void, editing."""

import io
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select

from models import AttachmentKind, Letter, LetterState, Message, MessageKind, clock, db
from tests.database.together import together
from tests.scenarios.telling import everything, refused, stands
from workflow import attachments, history, letter_deadlines, letters, notices, verification
from workflow.people_data import normal_mobile
from workflow.storage import storage

A, STREET, COUNTY, OUT = "军门第一支部", "东街街道工委", "鼓楼区委", "省外组织"
ADDRESSEE, UNIT = "中共杭州市西湖区委组织部", "浙江省杭州市西湖区北山街道"
TO = {"kind_code": "out_of_province", "addressee": ADDRESSEE, "destination_unit": UNIT}


@pytest.fixture
def leave(fujian):
    """`leave("林小雨", at=STREET)`: she leaves the province, and her transfer has come to an organization."""

    def leaving(member, at=None, **fields):
        transfer = fujian.apply(member, OUT, **{**TO, **fields})
        fujian.bring(transfer, at or fujian.member(member).organization.name)
        return fujian.fresh(transfer)

    return leaving


def letter_of(transfer):
    db.session.commit()
    return letters.in_force(transfer)


def numbers():
    db.session.commit()
    return list(db.session.scalars(select(Letter.number).order_by(Letter.id)))


def month():
    return clock.this_month().replace("-", "")


# --- R14, R19: applying ---


def test_r14_the_route_goes_up_to_the_county_which_confirms_too(fujian, leave):
    transfer = leave("林小雨")
    assert fujian.route_names(transfer) == [A, "军门社区总支", STREET, COUNTY, f"确认报到 {COUNTY}"]


@pytest.mark.parametrize(
    ("member", "ends"),
    [("高伟", "福建省委省直机关工委"), ("谢婉清", "福州市委"), ("何俊杰", COUNTY)],
)
def test_r14_the_committees_directly_under_province_and_city(fujian, leave, member, ends):
    """省直三工委 let members leave themselves, 市直三工委 leave it to the city."""
    transfer = leave(member)
    assert fujian.route_names(transfer)[-2:] == [ends, f"确认报到 {ends}"]


@pytest.mark.parametrize("addressee", ["", "  "])
def test_r19_the_addressee_is_needed_to_leave(fujian, addressee):
    before = everything()
    with refused("R19", "请填写介绍信抬头", "addressee"):
        fujian.apply("林小雨", OUT, **{**TO, "addressee": addressee})
    assert everything() == before


@pytest.mark.parametrize(("field", "length"), [("addressee", 121), ("destination_unit", 201)])
def test_r19_what_is_too_long_or_no_line_is_told_at_its_field(fujian, field, length):
    with refused("R19", "过长", field):
        fujian.apply("林小雨", OUT, **{**TO, field: "长" * length})
    with refused("R19", "换行", field):
        fujian.apply("林小雨", OUT, **{**TO, field: "一行\n又一行"})


def test_r19_within_the_province_nothing_is_asked_and_nothing_kept(fujian):
    transfer = fujian.apply("林小雨", "五龙村支部", addressee=ADDRESSEE, destination_unit=UNIT)
    assert (transfer.addressee, transfer.destination_unit, numbers()) == ("", "", [])


def test_r23_when_applying_again_the_addressee_may_be_changed(fujian, leave):
    transfer = leave("林小雨")
    fujian.liaison_of(A).reject(transfer)
    fujian.person("林小雨").resubmit(transfer, addressee="中共宁波市委组织部")
    assert fujian.fresh(transfer).addressee == "中共宁波市委组织部"
    changes = fujian.entries(transfer)[-1].details["changes"]
    assert changes == {"介绍信抬头": [ADDRESSEE, "中共宁波市委组织部"]}


# --- R35: the number ---


def test_r35b_the_number_is_drawn_at_the_first_committee_qualified_step(fujian, leave):
    transfer = leave("林小雨", at="军门社区总支")
    assert numbers() == []
    fujian.liaison_of("军门社区总支").approve(transfer)
    letter = letter_of(transfer)
    assert (letter.number, letter.state) == (f"{month()}00001", LetterState.DRAFT)
    assert (letter.addressee, letter.destination_words) == (ADDRESSEE, UNIT)
    assert (letter.source_words, letter.receipt_addressee) == (f"{STREET}{A}", STREET)
    assert fujian.entries(transfer)[-1].details["letter"] == letter.number


def test_r35_numbers_count_on_within_the_month_and_begin_again_in_the_next(fujian, leave):
    leave("何俊杰", at=COUNTY)
    leave("林小雨", at=STREET)
    assert numbers() == [f"{month()}00001", f"{month()}00002"]
    first = clock.now()
    with clock.at(first + timedelta(days=40)):
        later = month()
        leave("王丽华", at=STREET)
    assert numbers()[2:] == [f"{later}00001"] and later != month()


def test_r35_a_refused_step_uses_no_number_up(fujian, leave):
    transfer = leave("林小雨", at=COUNTY, destination_unit="")
    before = everything()
    with refused("R19", "介绍信还缺少“去（转往单位）”", "destination_words"):
        fujian.liaison_of(COUNTY).approve(transfer)
    assert everything() == before
    leave("何俊杰", at=COUNTY)
    assert numbers() == [f"{month()}00001", f"{month()}00002"]


def test_r35_a_member_of_a_special_organization_s_kind_goes_to_itself(fujian, leave):
    transfer = fujian.apply("林小雨", "特殊组织", **{**TO, "kind_code": "to_special", "destination_unit": ""})
    fujian.bring(transfer, STREET)
    assert letter_of(transfer).destination_words == "特殊组织"


@pytest.mark.parametrize("count", [4])
def test_r35_those_who_draw_at_once_draw_different_numbers(fujian, make_app, count):
    members = ["林小雨", "王丽华", "何俊杰", "郑晓东"][:count]
    waiting = [fujian.apply(member, OUT, **TO) for member in members]
    for transfer in waiting:
        first = letters.sends_off(fujian.fresh(transfer)).organization.name
        names = fujian.route_names(transfer)
        if names.index(first) > 1:
            fujian.bring(transfer, names[names.index(first) - 1])

    def approve(transfer):
        return lambda: fujian.liaison_of(fujian.fresh(transfer).current_organization.name).approve(transfer)

    assert together(make_app, *(approve(transfer) for transfer in waiting)) == [None] * count
    assert sorted(numbers()) == [f"{month()}{number:05d}" for number in range(1, count + 1)]


# --- R35b: frozen, void, made again ---


def test_r35b_the_county_s_approval_freezes_it(fujian, leave):
    transfer = leave("林小雨", at=COUNTY)
    fujian.liaison_of(COUNTY).approve(transfer)
    letter = letter_of(transfer)
    assert letter.state is LetterState.FROZEN
    assert letter.ends_on == clock.today() + timedelta(days=90)


def test_r35b_so_does_the_first_print_at_the_county_and_no_other(fujian, leave):
    transfer = leave("林小雨", at=STREET)
    with refused("R37"):
        letters.freeze(transfer.key, fujian.actor_of(f"{STREET}联络员"))
    fujian.liaison_of(STREET).approve(transfer)
    letter = letters.freeze(transfer.key, fujian.actor_of(f"{COUNTY}联络员"))
    assert letter.state is LetterState.FROZEN
    assert fujian.history(transfer)[-1] == "介绍信定稿"
    letters.freeze(transfer.key, fujian.actor_of(f"{COUNTY}联络员"))
    assert fujian.history(transfer).count("介绍信定稿") == 1


def test_r35b_a_rejection_makes_a_frozen_number_void_and_the_next_letter_names_it(fujian, leave):
    transfer = leave("林小雨", at=COUNTY)
    letters.freeze(transfer.key, fujian.actor_of(f"{COUNTY}联络员"))
    fujian.liaison_of(COUNTY).reject(transfer)
    void, new = letters.all_of(transfer)[::-1]
    assert (void.state, void.void_reason, new.replaces_id) == (LetterState.VOIDED, "驳回后重新开具", void.id)
    assert (new.number, new.state) == (f"{month()}00002", LetterState.DRAFT)
    assert fujian.entries(transfer)[-1].details["letter_voided"] == void.number


def test_r35b_a_withdrawn_approval_does_so_too(fujian, leave):
    transfer = leave("林小雨", at=COUNTY)
    fujian.liaison_of(COUNTY).approve(transfer)
    fujian.liaison_of(COUNTY).withdraw(transfer)
    assert [letter.state.value for letter in letters.all_of(transfer)] == ["draft", "voided"]


def test_r35b_a_draft_is_kept_over_a_rejection(fujian, leave):
    transfer = leave("林小雨", at=COUNTY)
    fujian.liaison_of(COUNTY).reject(transfer)
    fujian.liaison_of(STREET).approve(transfer)
    assert numbers() == [f"{month()}00001"]


def test_r35_the_number_of_a_voided_transfer_is_void_and_explained(fujian, leave):
    transfer = leave("林小雨", at=STREET)
    for name in (STREET, "军门社区总支", A):
        fujian.liaison_of(name).reject(transfer)
    fujian.person("林小雨").void(transfer)
    (letter,) = letters.all_of(transfer)
    assert (letter.state, letter.void_reason) == (LetterState.VOIDED, "转接已作废")


def test_r35b_a_lost_letter_is_made_again_with_a_reason(fujian, leave):
    transfer = leave("林小雨", at=COUNTY)
    fujian.liaison_of(COUNTY).approve(transfer)
    actor = fujian.actor_of(f"{COUNTY}联络员")
    with refused("R35b", "请填写重新开具的原因", "reason"):
        letters.reissue(transfer.key, actor, " ")
    made = letters.reissue(transfer.key, actor, "邮寄途中遗失")
    assert (made.number, made.state) == (f"{month()}00002", LetterState.DRAFT)
    assert letters.all_of(transfer)[1].void_reason == "邮寄途中遗失"
    assert letters.freeze(transfer.key, actor).state is LetterState.FROZEN
    assert fujian.history(transfer)[-2:] == ["重新开具介绍信", "介绍信定稿"]
    assert list(history.verify()) == []
    assert stands(transfer) == f"待{COUNTY}办理"


@pytest.mark.parametrize("who", [f"{STREET}联络员", f"{A}联络员", "林小雨", "福州市委联络员", "省级管理员", "审计员"])
def test_r35b_nobody_else_prints_or_makes_it_again(fujian, leave, who):
    transfer = leave("林小雨", at=COUNTY)
    fujian.liaison_of(COUNTY).approve(transfer)
    before = everything()
    with refused("R37"):
        letters.freeze(transfer.key, fujian.actor_of(who))
    with refused("R35b"):
        letters.reissue(transfer.key, fujian.actor_of(who), "遗失")
    assert everything() == before


# --- R36: editing ---


def test_r36_each_step_from_the_first_committee_on_edits_and_history_says_what(fujian, leave):
    transfer = leave("林小雨", at=STREET)
    letter = letter_of(transfer)
    letters.edit(transfer.key, fujian.actor_of(f"{STREET}联络员"), letter.version, committee_postcode="350001")
    fujian.liaison_of(STREET).approve(transfer)
    letters.edit(transfer.key, fujian.actor_of(f"{COUNTY}联络员"), None, valid_days=60, committee_postcode="350001")
    entries = [entry for entry in fujian.entries(transfer) if entry.action == "edit_letter"]
    assert [(entry.actor_organization_name, entry.details["changes"]) for entry in entries] == [
        (STREET, {"邮编": ["", "350001"]}),
        (COUNTY, {"有效期（天）": ["90", "60"]}),
    ]


@pytest.mark.parametrize("who", [f"{A}联络员", "军门社区总支联络员", f"{COUNTY}联络员", "林小雨", "省级管理员"])
def test_r36_nobody_else_does(fujian, leave, who):
    transfer = leave("林小雨", at=STREET)
    before = everything()
    with refused("R36", "介绍信现在不能修改"):
        letters.edit(transfer.key, fujian.actor_of(who), None, addressee="别处")
    assert everything() == before


def test_r36_not_before_the_first_committee_nor_once_it_is_frozen(fujian, leave):
    transfer = leave("林小雨", at="军门社区总支")
    with refused("R36"):
        letters.edit(transfer.key, fujian.actor_of("军门社区总支联络员"), None, addressee="别处")
    fujian.bring(transfer, COUNTY)
    letters.freeze(transfer.key, fujian.actor_of(f"{COUNTY}联络员"))
    with refused("R36"):
        letters.edit(transfer.key, fujian.actor_of(f"{COUNTY}联络员"), None, addressee="别处")


def test_r36_what_somebody_else_saved_meanwhile_is_told_and_not_overwritten(fujian, leave):
    transfer = leave("林小雨", at=STREET)
    actor, version = fujian.actor_of(f"{STREET}联络员"), letter_of(transfer).version
    letters.edit(transfer.key, actor, version, addressee="中共宁波市委组织部")
    with refused("R30", "刚刚被其他人修改"):
        letters.edit(transfer.key, actor, version, addressee="别处")
    assert letter_of(transfer).addressee == "中共宁波市委组织部"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("addressee", "", "请填写抬头"),
        ("source_words", "长" * 201, "过长"),
        ("valid_days", 0, "1至180天"),
        ("valid_days", 181, "1至180天"),
        ("committee_fax", "1\n2", "换行"),
    ],
)
def test_r36_what_cannot_stand_in_a_letter_is_told_at_its_field(fujian, leave, field, value, words):
    transfer = leave("林小雨", at=STREET)
    with refused("R36", words, field):
        letters.edit(transfer.key, fujian.actor_of(f"{STREET}联络员"), None, **{field: value})


def test_r26_editing_the_letter_takes_no_withdrawal_away(fujian, leave):
    transfer = leave("林小雨", at=STREET)
    letters.edit(transfer.key, fujian.actor_of(f"{STREET}联络员"), None, addressee="中共宁波市委组织部")
    assert "withdraw" in fujian.liaison_of("军门社区总支").can(transfer)


def test_the_member_s_phone_stands_in_it_as_the_data_have_it(fujian, leave):
    assert letter_of(leave("林小雨", at=STREET)).member_phone == normal_mobile(fujian.member("林小雨").phone)


# --- R46, R47 ---


def test_r46_a_number_without_its_signature_is_unknown(fujian, leave):
    transfer = leave("林小雨", at=COUNTY)
    number = letter_of(transfer).number
    assert verification.verified(number, verification.signature(number)) is None  # a draft is no letter yet
    fujian.liaison_of(COUNTY).approve(transfer)
    letter, county, name = verification.verified(number, verification.signature(number))
    assert (letter.state, county.name, name) == (LetterState.FROZEN, COUNTY, "林**")
    assert verification.verified(number, verification.signature("20260100001")) is None
    assert verification.verified(number, "") is None


@pytest.mark.parametrize(("days", "late"), [(82, False), (84, True), (200, True)])
def test_r47_letters_without_a_receipt_are_listed_for_the_county_and_marked_near_their_end(fujian, leave, days, late):
    transfer = leave("林小雨", at=COUNTY)
    fujian.liaison_of(COUNTY).approve(transfer)
    actor = fujian.actor_of(f"{COUNTY}联络员")
    with clock.at(clock.now() + timedelta(days=days)):
        listed = db.session.scalars(letter_deadlines.waiting_for_receipt(actor)).all()
        assert [(letter.transfer_id, letter_deadlines.is_late(letter)) for letter in listed] == [(transfer.id, late)]
        assert db.session.scalars(letter_deadlines.waiting_for_receipt(fujian.actor_of(f"{STREET}联络员"))).all() == []


def test_r47_the_county_is_reminded_once(fujian, leave):
    account = fujian.account(f"{COUNTY}联络员")
    account.phone, account.phone_activated_at = "13911110003", clock.now()
    db.session.commit()
    transfer = leave("林小雨", at=COUNTY)
    fujian.liaison_of(COUNTY).approve(transfer)
    assert notices.remind_letters() == 0
    with clock.at(clock.now() + timedelta(days=85)):
        assert (notices.remind_letters(), notices.remind_letters()) == (1, 0)
    message = db.session.scalars(select(Message).where(Message.kind == MessageKind.LETTER)).one()
    expected = {"organization": COUNTY, "member": "林小雨", "number": letter_of(transfer).number}
    assert (message.phone, message.params) == ("13911110003", expected)


# --- R28, R39: the receipt, and the end ---


@pytest.fixture
def receipt(tmp_path):
    """`receipt(transfer, actor)`: a photo of the receipt, attached."""
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(picture, "JPEG")

    def attach(transfer, actor):
        stored = storage({"ATTACHMENTS_URL": str(tmp_path / "files")})
        kind, name = AttachmentKind.RECEIPT, "回执.jpg"
        return attachments.upload(transfer.key, kind, actor, name, io.BytesIO(picture.getvalue()), stored)

    return attach


def test_r28_without_its_receipt_it_is_not_confirmed(fujian, leave):
    transfer = leave("林小雨", at=COUNTY)
    fujian.liaison_of(COUNTY).approve(transfer)
    before = everything()
    with refused("R28", "请先在记录中上传介绍信回执联"):
        fujian.liaison_of(COUNTY).confirm(transfer)
    assert everything() == before


def test_r39_with_it_the_member_moves_to_the_holding_organization(fujian, leave, receipt):
    transfer = leave("林小雨", at=COUNTY)
    fujian.liaison_of(COUNTY).approve(transfer)
    receipt(transfer, fujian.actor_of(f"{COUNTY}联络员"))
    fujian.liaison_of(COUNTY).confirm(transfer)
    assert stands(transfer) == "已办结"
    assert fujian.member("林小雨").organization.name == OUT
    assert letter_of(transfer).state is LetterState.FROZEN
