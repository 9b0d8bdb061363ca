"""R38: who attaches what and when, what stays of it, and that one never sees what is not theirs."""

import hashlib

import pytest
from sqlalchemy import update

from models import Attachment, MediaType, Step, TransferState, clock, db
from tests.attachments import files
from tests.attachments.parts import COUNTY, LETTER, RECEIPT, STUB, attach, rows, stored, traces
from tests.world import ADMIN, AUDITOR, CITY_AUDITOR
from workflow import attachments, loading
from workflow.errors import RuleError
from workflow.storage import Unavailable

STREET = "东街街道工委"
READERS = ("林小雨", f"{STREET}联络员", AUDITOR, ADMIN)
"""Who sees her transfer at the county and has nothing to do with it there."""


def may_add(fujian, transfer):
    """Who may add what now: username -> kinds."""
    db.session.commit()
    fresh = loading.locked_transfer(transfer.key)
    offered = {person.username: attachments.may_add(fresh, person.actor) for person in fujian.people()}
    return {username: kinds for username, kinds in offered.items() if kinds}


# --- Who and when ---


@pytest.mark.parametrize("at", ["军门第一支部", STREET])
def test_r38_before_the_county_nobody_attaches_anything(fujian, leaving, at):
    assert may_add(fujian, leaving(at)) == {}


def test_r38_at_the_county_its_liaison_and_nobody_else_attaches_the_stub(fujian, leaving):
    assert may_add(fujian, leaving()) == {f"{COUNTY}联络员": (STUB,)}


def test_r38_at_the_confirming_step_the_receipt_too(fujian, leaving):
    assert may_add(fujian, leaving(confirming=True)) == {f"{COUNTY}联络员": (STUB, RECEIPT)}


def test_r38_a_transfer_within_the_province_has_no_attachments(fujian):
    at_the_county = fujian.transfer("何俊杰", "鼓楼区委直属支部", to="朱紫坊社区支部", at=COUNTY)
    arriving = fujian.transfer("林小雨", "军门第一支部", to="五龙村支部", at="五龙村支部", confirming=True)
    assert (may_add(fujian, at_the_county), may_add(fujian, arriving)) == ({}, {})


def test_r38_nobody_attaches_to_what_has_ended(fujian, leaving):
    transfer = leaving(confirming=True)
    db.session.execute(update(Step).values(state="done"))
    ended = {"state": TransferState.COMPLETED, "current_organization_id": None}
    db.session.execute(update(type(transfer)).where(type(transfer).id == transfer.id).values(**ended))
    assert may_add(fujian, transfer) == {}


def test_r42_photos_of_the_letter_come_from_the_applicants_side_until_somebody_has_acted(fujian):
    city, county = fujian.liaison_of("福州市委"), fujian.liaison_of("鼓楼区委")
    transfer = city.enter(fujian.member("孙丽娜").id_number, "福州市委", "军门第一支部")
    side = {"福州市委联络员": (LETTER,), "孙丽娜": (LETTER,)}
    assert may_add(fujian, transfer) == side
    county.reject(transfer)
    assert may_add(fujian, transfer) == side
    city.resubmit(transfer)
    county.approve(transfer)
    assert may_add(fujian, transfer) == {}


def test_r42_a_member_brings_photos_in_the_name_of_where_they_are_and_too_late_is_told_why(fujian, store):
    city, member = fujian.liaison_of("福州市委"), fujian.person("孙丽娜")
    transfer = city.enter(fujian.member("孙丽娜").id_number, "福州市委", "军门第一支部")
    own = attach(member, transfer, store, LETTER)
    assert (own.uploader_name, own.uploader_organization_name) == ("孙丽娜", "未知党组织")
    fujian.liaison_of("鼓楼区委").approve(transfer)
    words = "介绍信照片只能由申请人一方在他人办理之前"
    for deed in (lambda: attach(city, transfer, store, LETTER), lambda: attachments.remove(own.key, city.actor)):
        with pytest.raises(RuleError, match=words) as late:
            deed()
        assert late.value.rule == "R42"


def refused(deed, who):
    """The refusal of what somebody does who may not."""
    with pytest.raises(RuleError) as refusal:
        deed(who)
    return refusal.value.rule, str(refusal.value)


def test_r38_anybody_else_is_refused_by_the_door_itself(fujian, leaving, store, folder):
    transfer = leaving()
    told = {refused(lambda who: attach(fujian.person(who), transfer, store), who) for who in READERS}
    assert told == {("R38", "“存根.jpg”没有上传：介绍信存根联只能由负责当前环节的组织上传。")}
    assert (rows(), stored(folder), traces()) == ([], [], [])


def test_r38_the_receipt_is_refused_before_the_confirming_step(fujian, leaving, store):
    with pytest.raises(RuleError, match="介绍信回执联只能由"):
        attach(fujian.liaison_of(COUNTY), leaving(), store, RECEIPT)


def test_r30_a_transfer_out_of_scope_is_not_there(fujian, leaving, store):
    with pytest.raises(RuleError, match="记录不存在，或不在您的管理范围内") as refused:
        attach(fujian.liaison_of("古田镇党委"), leaving(), store)
    assert refused.value.rule == "R30"


# --- What stays ---


def test_r38_the_row_says_what_it_is_and_who_brought_it(fujian, leaving, store):
    transfer = leaving()
    attach(fujian.liaison_of(COUNTY), transfer, store, name="..\\..\\存根 1.png")
    [row] = rows()
    assert (row.transfer_id, row.kind, row.name) == (transfer.id, STUB, "存根 1.png")
    assert (row.media_type, row.width, row.height) == (MediaType.JPEG, 640, 480), "its name lies, its content does not"
    assert (row.uploader_name, row.uploader_organization_name) == (f"{COUNTY}（虚拟管理员）", COUNTY)
    assert (clock.now() - row.created_at).total_seconds() < 60 and row.removed_at is None
    content = attachments.read(row, store)
    assert (row.size, row.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert attachments.read(row, store, thumbnail=True).startswith(b"\xff\xd8\xff")


def test_r38_the_file_lies_under_a_name_that_nobody_typed_and_only_we_may_read_it(fujian, leaving, store, folder):
    attach(fujian.liaison_of(COUNTY), leaving(), store, name="../../etc/passwd")
    [row] = rows()
    assert row.name == "passwd"
    assert stored(folder) == sorted([row.stored_as, row.thumbnail_stored_as])
    assert "passwd" not in row.stored_as
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()} == {0o600}


def test_r38_several_are_listed_in_the_order_in_which_they_came(fujian, leaving, store):
    transfer, county = leaving(confirming=True), fujian.liaison_of(COUNTY)
    attach(county, transfer, store, RECEIPT, name="一.jpg")
    attach(county, transfer, store, RECEIPT, name="二.pdf", content=files.pdf())
    attach(county, transfer, store, STUB, name="三.webp", content=files.picture("WEBP"))
    assert [row.name for row in attachments.listed(transfer)] == ["一.jpg", "二.pdf", "三.webp"]
    assert stored_count(store) == 5, "a PDF has no thumbnail"


def stored_count(store):
    return len(list(store.files()))


def test_r28_whether_the_receipt_is_there(fujian, leaving, store):
    transfer, county = leaving(confirming=True), fujian.liaison_of(COUNTY)
    attach(county, transfer, store, STUB)
    assert not attachments.has(transfer, RECEIPT)
    receipt = attach(county, transfer, store, RECEIPT)
    assert attachments.has(transfer, RECEIPT)
    attachments.remove(receipt.key, county.actor)
    assert not attachments.has(transfer, RECEIPT)


def test_r38_coming_and_going_leave_traces_without_the_files_name(fujian, leaving, store):
    county = fujian.liaison_of(COUNTY)
    row = attach(county, leaving(), store, name="350102198001011234.jpg")
    attachments.remove(row.key, county.actor)
    who = f"{COUNTY}（虚拟管理员）"
    assert traces() == [("attachment_added", who, COUNTY, "stub"), ("attachment_removed", who, COUNTY, "stub")]


def test_r38_at_most_twenty_a_transfer_without_the_removed_ones(fujian, leaving, store, folder):
    transfer, county = leaving(), fujian.liaison_of(COUNTY)
    first = attach(county, transfer, store)
    db.session.add_all(copies(first, attachments.LIMIT - 1))
    db.session.commit()
    with pytest.raises(RuleError, match=r"“多.jpg”没有上传：一份转接最多有 20 个附件"):
        attach(county, transfer, store, name="多.jpg")
    assert len(stored(folder)) == 2, "it was not even kept"
    attachments.remove(first.key, county.actor)
    attach(county, transfer, store)


def copies(row, count):
    values = {name: getattr(row, name) for name in ("transfer_id", "kind", "name", "media_type", "size", "sha256")}
    values |= {"uploaded_by_id": row.uploaded_by_id, "uploader_name": row.uploader_name}
    return [Attachment(**values, stored_as=f"{number:02d}/{'0' * 30}") for number in range(count)]


# --- Removing ---


def test_r38_removing_marks_the_row_and_leaves_the_file_to_the_sweep(fujian, leaving, store, folder):
    transfer, county = leaving(), fujian.liaison_of(COUNTY)
    row = attach(county, transfer, store)
    attachments.remove(row.key, county.actor)
    assert (clock.now() - rows()[0].removed_at).total_seconds() < 60
    assert attachments.listed(transfer) == []
    assert attachments.found(row.key, county.actor) is None
    assert len(stored(folder)) == 2


def test_r30_what_has_been_removed_is_not_removed_again(fujian, leaving, store):
    county = fujian.liaison_of(COUNTY)
    row = attach(county, leaving(), store)
    attachments.remove(row.key, county.actor)
    with pytest.raises(RuleError, match="附件不存在，或已被移除"):
        attachments.remove(row.key, county.actor)


def test_r38_nobody_else_removes_it(fujian, leaving, store):
    row = attach(fujian.liaison_of(COUNTY), leaving(), store)
    told = {refused(lambda who: attachments.remove(row.key, fujian.person(who).actor), who) for who in READERS}
    assert told == {("R38", "现在不能移除“存根.jpg”：介绍信存根联只能由负责当前环节的组织移除。")}
    assert rows()[0].removed_at is None


def test_r38_what_a_later_step_relies_on_stays(fujian, leaving, store):
    transfer, county = leaving(confirming=True), fujian.liaison_of(COUNTY)
    row = attach(county, transfer, store, RECEIPT)
    county.withdraw(transfer)
    with pytest.raises(RuleError, match="现在不能移除"):
        attachments.remove(row.key, county.actor)


# --- Seeing ---


def test_r38_whoever_sees_the_transfer_finds_the_attachment_and_nobody_else(fujian, leaving, store):
    transfer = leaving()
    row = attach(fujian.liaison_of(COUNTY), transfer, store)
    seen = {person.username for person in fujian.people() if attachments.found(row.key, person.actor)}
    passed = ["军门第一支部", "军门社区总支", STREET, COUNTY]
    above = ["福州市委", "福建省委"]
    assert seen == {f"{name}联络员" for name in passed + above} | {
        "林小雨", "陈国强", "林志强", ADMIN, AUDITOR, CITY_AUDITOR,
    }  # fmt: skip


def test_r38_a_file_that_was_changed_behind_our_back_is_not_shown(fujian, leaving, store, folder):
    row = attach(fujian.liaison_of(COUNTY), leaving(), store)
    (folder / row.stored_as).write_bytes(files.picture(colour=(0, 0, 0)))
    with pytest.raises(RuleError, match=r"“存根.jpg”与上传时的内容不一致"):
        attachments.read(row, store)


# --- A store that does not work ---


def test_r38_a_store_that_takes_nothing_is_told_and_leaves_no_row(fujian, leaving, store, folder):
    transfer = leaving()
    folder.write_text("no folder")
    with pytest.raises(RuleError, match=r"“存根.jpg”没有上传：附件暂时无法保存") as refused:
        attach(fujian.liaison_of(COUNTY), transfer, store)
    assert isinstance(refused.value.__cause__, Unavailable)
    assert (rows(), traces()) == ([], [])
