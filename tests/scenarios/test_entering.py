"""R15, R42, R43: from another province, claimed or new, down to a branch, there and back."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models import (
    Account,
    Attachment,
    HistoryEntry,
    Member,
    OrganizationKind,
    Transfer,
    clock,
    db,
)
from tests.scenarios.newcomers import CITY, COUNTY, DIRECT, GENERAL, PROVINCE, QIXUN, SECOND, STREET, TEMPORARY, A
from tests.scenarios.telling import everything, refused, stands, waiting_stage
from tests.world import MALE, NEW_NUMBER, NEWCOMER
from workflow import actions, history

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
