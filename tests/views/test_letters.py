"""R19, R35-R37, R46 at the pages: applying to leave, the letter, its preview and print, the public check."""

import io
from datetime import timedelta
from urllib.parse import unquote

import pytest
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import select

from models import AuditEntry, AuditEvent, LetterState, Transfer, clock, db
from tests.views.panel import flashed, post, snapshot
from tests.views.transfer_panel import text_of
from workflow import letters, verification

BRANCH, STREET, COUNTY, OUT = "军门第一支部", "东街街道工委", "鼓楼区委", "省外组织"
ADDRESSEE, UNIT = "中共杭州市西湖区委组织部", "浙江省杭州市西湖区北山街道"
TO = {"kind_code": "out_of_province", "addressee": ADDRESSEE, "destination_unit": UNIT}
APPLY = "/transfers/apply"


@pytest.fixture
def leaving(fujian):
    """林小雨 leaves the province; her transfer waits at the county."""
    transfer = fujian.apply("林小雨", OUT, **TO)
    fujian.bring(transfer, COUNTY)
    return transfer


def letter_of(transfer):
    db.session.commit()
    return letters.in_force(transfer)


def pages_of(answer):
    assert answer.mimetype == "application/pdf"
    return [page.extract_text().replace("\n", "") for page in PdfReader(io.BytesIO(answer.data)).pages]


def read_clear():
    db.session.commit()
    return db.session.scalars(select(AuditEntry.subject).where(AuditEntry.event == AuditEvent.ID_NUMBER_READ)).all()


# --- Applying ---


def test_r19_each_kind_has_its_form(visit):
    visitor = visit("林小雨")
    within = visitor.get(APPLY).text
    out = visitor.get(f"{APPLY}?kind=out_of_province").text
    assert ('name="addressee"' in within, 'name="addressee"' in out) == (False, True)
    assert OUT in out and f"{APPLY}?kind=to_special" in within


def test_r19_one_applies_to_leave_and_sees_the_way(fujian, visit):
    visitor, member, out = visit("林小雨"), fujian.member("林小雨"), fujian.org(OUT)
    seen = visitor.get(f"{APPLY}?kind=out_of_province").text
    assert COUNTY in seen.split("<aside")[1]
    form = {"kind": "out_of_province", "destination": out.id, "reason": "工作调动", "addressee": ADDRESSEE}
    form |= {"applied_on": "2026-11-01", "dues_paid_until": "2026-10", "seen": f"{member.key}:{out.id}"}
    missing = post(visitor, APPLY, **{**form, "addressee": ""})
    assert missing.status_code == 422 and "请填写介绍信抬头" in text_of(missing)
    assert post(visitor, APPLY, **form, destination_unit=UNIT).status_code == 303
    transfer = db.session.scalars(select(Transfer)).one()
    assert (transfer.kind_code, transfer.addressee, transfer.destination_unit) == ("out_of_province", ADDRESSEE, UNIT)


# --- The letter's page ---


def test_r36_what_may_be_edited_has_another_ground_and_is_saved(leaving, fujian, visit):
    visitor, url = visit(f"{COUNTY}联络员"), f"/letters/{leaving.key}"
    page = visitor.get(url)
    assert page.text.count('class="input editable"') == len(letters.FIELDS)
    letter = letter_of(leaving)
    form = {name: getattr(letter, name) for name in letters.FIELDS}
    answer = post(visitor, f"{url}/save", **{**form, "committee_postcode": "350001", "version": letter.version})
    assert (answer.status_code, answer.location) == (303, url)
    assert letter_of(leaving).committee_postcode == "350001"
    record = text_of(visitor.get(f"/transfers/{leaving.key}"))
    assert "修改介绍信" in record and "邮编" in record and "350001" in record


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("addressee", ""),
        ("addressee", "中共\u200b杭州市委"),
        ("destination_words", "😀"),
        ("committee_address", "\U00020000巷"),
        ("valid_days", "181"),
        ("valid_days", ""),
        ("dated", ""),
        ("dated", "0026-11-24"),
    ],
)
def test_r36_what_is_wrong_is_told_at_its_field_and_nothing_saved(leaving, visit, field, value):
    visitor, letter = visit(f"{COUNTY}联络员"), letter_of(leaving)
    form = {name: getattr(letter, name) for name in letters.FIELDS}
    before = snapshot()
    answer = post(visitor, f"/letters/{leaving.key}/save", **{**form, "version": letter.version, field: value})
    assert answer.status_code == 422 and "help bad" in answer.text
    assert snapshot() == before


def test_r36_a_page_that_is_out_of_date_is_told(leaving, visit):
    letter = letter_of(leaving)
    form = {name: getattr(letter, name) for name in letters.FIELDS}
    visitor = visit(f"{COUNTY}联络员")
    for stale in ({"version": letter.version - 1}, {"version": letter.version, "number": "20260100001"}):
        typed = {**form, **stale, "addressee": "中共绍兴市委组织部"}
        answer = post(visitor, f"/letters/{leaving.key}/save", **typed)
        page = visitor.get(answer.location)
        assert answer.status_code == 303 and "刚刚被其他人修改" in flashed(page)["error"]
        assert letter.addressee in page.text and "绍兴" not in page.text


# --- What cannot be drawn ---


def test_r35a_a_letter_that_cannot_be_drawn_stays_a_draft_and_says_why_where_it_would_stand(leaving, visit):
    letter_of(leaving).source_words = "林\u200b支部"
    db.session.commit()
    visitor, url = visit(f"{COUNTY}联络员"), f"/letters/{leaving.key}"
    framed = [visitor.get(f"{url}/preview.pdf"), post(visitor, f"{url}/print", framed="1")]
    for answer in framed:
        assert answer.status_code == 422 and "U+200B" in text_of(answer)
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    answer = post(visitor, f"{url}/print", download="1")
    assert "U+200B" in flashed(visitor.get(answer.location))["error"]
    assert (letter_of(leaving).state, read_clear()) == (LetterState.DRAFT, [])
    assert "U+200B" in flashed(visitor.get(visitor.act(leaving, "approve").location))["error"]


def test_r35a_a_name_that_cannot_be_printed_leaves_its_place_open(fujian, leaving, visit):
    fujian.member("林小雨").name = "\U00020000小雨"
    db.session.commit()
    answer = post(visit(f"{COUNTY}联络员"), f"/letters/{leaving.key}/print")
    assert "小雨" not in pages_of(answer)[0] and letter_of(leaving).state is LetterState.FROZEN


def test_r19_what_a_letter_still_lacks_is_said_in_its_frame(fujian, visit):
    transfer = fujian.apply("林小雨", OUT, **{**TO, "destination_unit": ""})
    fujian.bring(transfer, COUNTY)
    answer = post(visit(f"{COUNTY}联络员"), f"/letters/{transfer.key}/print", framed="1")
    assert answer.status_code == 422 and "介绍信还缺少“去（转往单位）”" in text_of(answer)


@pytest.mark.parametrize("who", [f"{STREET}联络员", "省级管理员"])
def test_r37_who_made_it_and_who_keeps_the_data_read_it_without_buttons(leaving, visit, who):
    page = visit(who).get(f"/letters/{leaving.key}")
    assert page.status_code == 200 and "editable" not in page.text and "打印" not in text_of(page).split("预览中")[0]


@pytest.mark.parametrize("who", ["林小雨", f"{BRANCH}联络员", "五龙村支部联络员", "审计员"])
def test_r37_nobody_else_finds_it(leaving, visit, who):
    visitor, url = visit(who), f"/letters/{leaving.key}"
    before = snapshot()
    answers = [visitor.get(url), visitor.get(f"{url}/preview.pdf")]
    answers += [post(visitor, f"{url}/{door}", reason="遗失", version="1") for door in ("save", "print", "reissue")]
    assert {answer.status_code for answer in answers} <= {403, 404}
    assert snapshot() == before


# --- Preview and print ---


def test_r37_a_preview_says_draft_masks_the_number_and_changes_nothing(leaving, fujian, visit):
    before = snapshot()
    answer = visit(f"{COUNTY}联络员").get(f"/letters/{leaving.key}/preview.pdf")
    (page,) = pages_of(answer)
    member = fujian.member("林小雨")
    assert "草稿" in page and member.id_number_masked in page and member.id_number not in page
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN" and "no-store" in answer.headers["Cache-Control"]
    assert snapshot() == before


def test_r37_the_first_print_freezes_it_and_is_an_audit_entry(leaving, fujian, visit):
    visitor, url = visit(f"{COUNTY}联络员"), f"/letters/{leaving.key}"
    (page,) = pages_of(post(visitor, f"{url}/print"))
    member = fujian.member("林小雨")
    assert member.id_number in page and "草稿" not in page and letter_of(leaving).number in page
    assert letter_of(leaving).state is LetterState.FROZEN
    assert read_clear() == ["林小雨"]
    assert "editable" not in visitor.get(url).text


def test_r19_without_a_destination_it_is_not_printed(fujian, visit):
    transfer = fujian.apply("林小雨", OUT, **{**TO, "destination_unit": ""})
    fujian.bring(transfer, COUNTY)
    visitor = visit(f"{COUNTY}联络员")
    answer = post(visitor, f"/letters/{transfer.key}/print")
    assert "介绍信还缺少“去（转往单位）”" in flashed(visitor.get(answer.location))["error"]
    assert letter_of(transfer).state is LetterState.DRAFT and read_clear() == []


def test_r37_chosen_letters_are_one_pdf(fujian, leaving, visit):
    other = fujian.apply("何俊杰", OUT, **TO)
    fujian.bring(other, COUNTY)
    for transfer in (leaving, other):
        fujian.liaison_of(COUNTY).approve(transfer)
    answer = post(visit(f"{COUNTY}联络员"), "/letters/print", chosen=[leaving.key, other.key, "nonsense"])
    assert len(pages_of(answer)) == 2 and read_clear() == ["林小雨", "何俊杰"]


@pytest.mark.parametrize("told", ["", "1"])
def test_r37_what_became_a_draft_meanwhile_is_left_out_and_named(fujian, leaving, visit, told):
    other = fujian.apply("何俊杰", OUT, **TO)
    fujian.bring(other, COUNTY)
    fujian.liaison_of(COUNTY).approve(leaving)
    visitor = visit(f"{COUNTY}联络员")
    answer = post(visitor, "/letters/print", chosen=[leaving.key, other.key], **({"told": told} if told else {}))
    named = "未包括（介绍信已变化）：何俊杰。"
    said = unquote(answer.headers["X-Left-Out"]) if told else flashed(visitor.get("/letters/"))["warning"]
    assert said == named and read_clear() == ["林小雨"]


def test_r37_while_many_are_drawn_each_page_is_told(fujian, leaving, visit):
    other = fujian.apply("何俊杰", OUT, **TO)
    fujian.bring(other, COUNTY)
    for transfer in (leaving, other):
        fujian.liaison_of(COUNTY).approve(transfer)
    answer = post(visit(f"{COUNTY}联络员"), "/letters/print", chosen=[leaving.key, other.key], told="1")
    dots, _end, pdf = answer.data.partition(b"\n")
    assert dots == b".." and len(PdfReader(io.BytesIO(pdf)).pages) == 2


def test_r47_the_list_shows_what_waits_for_its_receipt_and_marks_what_is_late(fujian, leaving, visit):
    visitor = visit(f"{COUNTY}联络员")
    assert "没有待收回执的介绍信" in text_of(visitor.get("/letters/"))
    fujian.liaison_of(COUNTY).approve(leaving)
    page = text_of(visitor.get("/letters/"))
    assert "林小雨" in page and "将到期" not in page
    for days, mark in ((6, "将到期"), (-1, "已过期")):
        letter_of(leaving).ends_on = clock.today() + timedelta(days=days)
        db.session.commit()
        assert mark in text_of(visitor.get("/letters/"))


def test_r35b_issued_anew_with_a_reason(leaving, fujian, visit):
    fujian.liaison_of(COUNTY).approve(leaving)
    visitor, url = visit(f"{COUNTY}联络员"), f"/letters/{leaving.key}"
    first = letter_of(leaving).number
    answer = post(visitor, f"{url}/reissue", reason="")
    assert "请填写重新开具的原因" in flashed(visitor.get(answer.location))["error"]
    post(visitor, f"{url}/reissue", reason="邮寄途中遗失")
    page = text_of(visitor.get(url))
    assert f"代替已作废的第 {first} 号" in page and "邮寄途中遗失" in page
    assert letter_of(leaving).number != first


def picture(color):
    content = io.BytesIO()
    Image.new("RGBA", (60, 60), color).save(content, "PNG")
    return io.BytesIO(content.getvalue())


def images_of(answer):
    return sum(len(page.images) for page in PdfReader(io.BytesIO(answer.data)).pages)


def test_the_county_s_seal_is_placed_on_its_letters(leaving, fujian, visit):
    visitor, county = visit(f"{COUNTY}联络员"), fujian.org(COUNTY)
    without = images_of(post(visitor, f"/letters/{leaving.key}/print"))
    answer = post(visitor, "/letters/seal", org=county.id, seal=(picture((200, 0, 0, 128)), "seal.png"))
    assert flashed(visitor.get(answer.location)) == {"success": "已更换印章。"}
    assert images_of(post(visitor, f"/letters/{leaving.key}/print")) == without + 1
    post(visitor, "/letters/seal", org=county.id)
    assert images_of(post(visitor, f"/letters/{leaving.key}/print")) == without


@pytest.mark.parametrize("content", [b"no picture", b"%PDF-1.4\n"])
def test_a_seal_is_a_picture(fujian, visit, content):
    visitor, before = visit(f"{COUNTY}联络员"), snapshot()
    answer = post(visitor, "/letters/seal", org=fujian.org(COUNTY).id, seal=(io.BytesIO(content), "seal.png"))
    assert "error" in flashed(visitor.get(answer.location)) and snapshot() == before


def test_nobody_changes_another_s_seal(fujian, visit):
    visitor, before = visit(f"{STREET}联络员"), snapshot()
    answer = post(visitor, "/letters/seal", org=fujian.org(COUNTY).id, seal=(picture("red"), "seal.png"))
    assert flashed(visitor.get(answer.location))["error"] == "只能更换本组织的印章。" and snapshot() == before


# --- From the list, and the check ---


def test_r28_from_the_list_one_is_told_and_led_to_the_record(leaving, fujian, visit):
    fujian.liaison_of(COUNTY).approve(leaving)
    visitor = visit(f"{COUNTY}联络员")
    answer = visitor.act(fujian.fresh(leaving), "confirm", back="/transfers/")
    assert answer.location == f"/transfers/{leaving.key}"
    page = visitor.get(answer.location)
    assert (
        "请先在记录中上传介绍信回执联" in flashed(page)["error"]
        and "介绍信回执联" in page.text.split('id="attachments"')[1]
    )


def test_r46_the_check_says_genuine_void_or_unknown_and_no_more(leaving, fujian, client):
    fujian.liaison_of(COUNTY).approve(leaving)
    letter, member = letter_of(leaving), fujian.member("林小雨")
    url = f"/verify/{letter.number}"
    unknown = [
        client.get(url),
        client.get(f"{url}?s=x"),
        client.get(f"{url}?s=é信"),
        client.get(f"/verify/20260100001?s={verification.signature(letter.number)}"),
    ]
    assert {answer.status_code for answer in unknown} == {404}
    genuine = client.get(f"{url}?s={verification.signature(letter.number)}")
    assert "真实有效的介绍信" in text_of(genuine) and "林**" in text_of(genuine) and COUNTY in text_of(genuine)
    assert not [secret for secret in (member.name, member.id_number, member.phone, UNIT) if secret in genuine.text]
    letters.reissue(leaving.key, fujian.actor_of(f"{COUNTY}联络员"), "遗失")
    assert "已作废" in text_of(client.get(f"{url}?s={verification.signature(letter.number)}"))


def test_r46_the_check_is_not_made_without_end(client):
    answers = [client.get(f"/verify/202611{number:05d}?s=x").status_code for number in range(31)]
    assert answers == [404] * 30 + [429]


def test_r47_a_late_letter_says_so(leaving, fujian, visit):
    fujian.liaison_of(COUNTY).approve(leaving)
    visitor = visit(f"{COUNTY}联络员")
    assert "尚未收到回执" not in text_of(visitor.get(f"/letters/{leaving.key}"))
    letter = letter_of(leaving)
    letter.ends_on = letter.dated
    db.session.commit()
    assert "尚未收到回执" in text_of(visitor.get(f"/letters/{leaving.key}"))
