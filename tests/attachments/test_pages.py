"""R38 at the pages: several files at once, what each answer carries, and nothing to be had past the rules."""

import re
from html import unescape
from io import BytesIO

import pytest

from models import MediaType
from tests.attachments import files
from tests.attachments.parts import COUNTY, RECEIPT, STUB, attach, rows, stored, traces
from tests.support.databases import open_app
from tests.views.panel import post
from tests.views.transfer_panel import statements, text_of

FLASH = re.compile(r'<div class="flash (\w+)"[^>]*>(.*?)</div>', re.S)
ONCE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
"""Nothing in it depends on the database."""
LIAISON, MEMBER, OUTSIDER = f"{COUNTY}联络员", "林小雨", "古田镇党委联络员"


@pytest.fixture(scope="session")
def opened():
    return open_app


@pytest.fixture
def receipt(fujian, leaving, store):
    """A photo of the receipt, attached at the confirming step."""
    return attach(fujian.liaison_of(COUNTY), leaving(confirming=True), store, RECEIPT, name="回执 一.jpg")


@pytest.fixture
def paper(fujian, leaving, store):
    """The receipt as a PDF."""
    transfer = leaving(confirming=True)
    return attach(fujian.liaison_of(COUNTY), transfer, store, RECEIPT, name="回执.pdf", content=files.pdf())


def flashed(answer):
    """What a page tells, line by line: category and words."""
    return [(category, unescape(words)) for category, words in FLASH.findall(answer.text)]


def send(visitor, transfer, *sent, kind=STUB):
    """The form of the record with these files: (name, content) each."""
    parts = [(BytesIO(content), name) for name, content in sent]
    return post(visitor, f"/attachments/{transfer.key}", kind=str(kind), files=parts)


# --- Sending in ---


def test_several_files_at_once_and_of_each_it_is_told_what_became_of_it(leaving, visit, folder):
    transfer, visitor = leaving(), visit(LIAISON)
    answer = send(
        visitor,
        transfer,
        ("存根 1.jpg", files.picture()),
        ("../../virus.jpg", files.EXE),
        ("存根 2.pdf", files.pdf()),
        ("脚本.pdf", files.pdf_with_script()),
        ("空.png", b""),
    )
    assert (answer.status_code, answer.location) == (303, f"/transfers/{transfer.key}#attachments")
    told = flashed(visitor.get(f"/transfers/{transfer.key}"))
    assert [category for category, _words in told] == ["success", "error", "success", "error", "error"]
    words = [words for _category, words in told]
    assert words[0] == "已上传介绍信存根联“存根 1.jpg”。"
    assert [
        name in words[number] for number, name in ((1, "“virus.jpg”"), (3, "“脚本.pdf”含有脚本"), (4, "空文件"))
    ] == [True] * 3
    assert [(row.name, row.media_type) for row in rows()] == [
        ("存根 1.jpg", MediaType.JPEG),
        ("存根 2.pdf", MediaType.PDF),
    ]
    assert len(stored(folder)) == 3


@ONCE
def test_of_twenty_files_at_once_each_is_told_and_of_more_that_they_were_too_many(leaving, visit, folder):
    """What is told travels in the session's cookie, which has room for so much and no more."""
    transfer, visitor, small = leaving(), visit(LIAISON), files.picture(size=(8, 8))
    send(visitor, transfer, *[(f"微信图片_2026112410{number:04d}_存根联扫描件.jpg", small) for number in range(25)])
    told = flashed(visitor.get("/"))
    assert [category for category, _words in told] == ["success"] * 20 + ["error"]
    assert told[-1][1] == "一次最多上传 20 个文件，其余 5 个没有上传。"
    assert len(rows()) == 20


@ONCE
def test_a_form_without_a_kind_or_a_file_is_told(leaving, visit, folder):
    transfer, visitor = leaving(), visit(LIAISON)
    for kind, name in (("", "a.jpg"), ("virus", "a.jpg"), ("stub", "")):
        post(visitor, f"/attachments/{transfer.key}", kind=kind, files=(BytesIO(b"x"), name))
    told = [words for _category, words in flashed(visitor.get("/"))]
    assert told == ["请选择附件的类别。", "请选择附件的类别。", "请选择要上传的文件。"]
    assert rows() == []


def test_a_hand_made_form_of_somebody_else_changes_nothing(leaving, visit, folder):
    transfer, others = leaving(), {MEMBER: 303, "福州市审计员": 303, OUTSIDER: 404, "王丽华": 404}
    answers = {who: send(visit(who), transfer, ("a.jpg", files.picture())).status_code for who in others}
    assert answers == others
    assert (rows(), traces(), stored(folder)) == ([], [], [])


@ONCE
def test_without_the_token_nothing_is_taken(leaving, visit, folder):
    form = {"kind": "stub", "files": (BytesIO(files.picture()), "a.jpg")}
    assert visit(LIAISON).client.post(f"/attachments/{leaving().key}", data=form).status_code == 400
    assert rows() == []


@ONCE
def test_what_is_larger_than_any_form_may_be_is_refused_as_a_whole(leaving, visit, folder):
    assert send(visit(LIAISON), leaving(), ("a.jpg", bytes(33 * files.MEGABYTE))).status_code == 413
    assert rows() == []


# --- Fetching ---


def test_a_photo_is_shown_in_the_browser_and_can_do_nothing_there(receipt, visit):
    answer = visit(MEMBER).get(f"/attachments/{receipt.key}")
    assert (answer.status_code, answer.mimetype, len(answer.data)) == (200, "image/jpeg", receipt.size)
    assert answer.headers["Content-Disposition"].startswith("inline;")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and policy.endswith("sandbox")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


@ONCE
def test_its_thumbnail_too(receipt, visit):
    answer = visit(MEMBER).get(f"/attachments/{receipt.key}/thumbnail")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert len(answer.data) < receipt.size
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


@ONCE
def test_a_pdf_is_taken_along_unless_it_is_looked_at(paper, visit):
    visitor = visit(MEMBER)
    taken, seen = visitor.get(f"/attachments/{paper.key}"), visitor.get(f"/attachments/{paper.key}?view=1")
    assert taken.headers["Content-Disposition"].startswith("attachment;")
    assert seen.headers["Content-Disposition"].startswith("inline;")
    assert {taken.mimetype, seen.mimetype} == {"application/pdf"} and taken.data == seen.data == files.pdf()
    for answer in (taken, seen):
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@ONCE
def test_a_pdf_has_no_thumbnail(paper, visit):
    assert visit(MEMBER).get(f"/attachments/{paper.key}/thumbnail").status_code == 404


@ONCE
def test_a_name_that_lies_gets_an_ending_that_is_true(fujian, leaving, store, visit):
    row = attach(fujian.liaison_of(COUNTY), leaving(), store, name="photo.exe")
    assert "photo.exe.jpg" in visit(LIAISON).get(f"/attachments/{row.key}").headers["Content-Disposition"]


def doors(row):
    return [("GET", f"/attachments/{row.key}"), ("GET", f"/attachments/{row.key}?view=1"),
            ("GET", f"/attachments/{row.key}/thumbnail"), ("POST", f"/attachments/{row.key}/remove")]  # fmt: skip


def codes(visitor, row):
    sending = {"GET": visitor.get, "POST": lambda path: post(visitor, path)}
    return [sending[method](path).status_code for method, path in doors(row)]


def test_out_of_scope_it_is_not_found_by_any_address(receipt, visit):
    others = [OUTSIDER, "王丽华", "郑晓东", "吴建平"]
    assert {who: codes(visit(who), receipt) for who in others} == {who: [404] * 4 for who in others}


@ONCE
def test_who_is_not_signed_in_is_sent_to_sign_in(receipt, client):
    answers = [client.get(path) for method, path in doors(receipt) if method == "GET"]
    assert [(answer.status_code, "/session/sign-in" in answer.location) for answer in answers] == [(303, True)] * 3


def test_what_has_been_removed_is_not_found_any_more(receipt, visit):
    visitor = visit(LIAISON)
    assert post(visitor, f"/attachments/{receipt.key}/remove").status_code == 303
    assert codes(visitor, receipt) == [404] * 4


@ONCE
def test_an_address_that_is_none_is_not_found(fujian, visit, folder):
    visitor, keys = visit(LIAISON), ["x", "%00", "a%00b", "..%2f..%2fetc%2fpasswd", "%C2%B2", "x" * 3000, "1"]
    paths = [f"/attachments/{key}" for key in keys]
    answers = [visitor.get(f"{path}{rest}") for path in paths for rest in ("", "/thumbnail")]
    answers += [post(visitor, f"{path}{rest}", kind="stub") for path in paths for rest in ("", "/remove")]
    assert {answer.status_code for answer in answers} == {404}


@ONCE
def test_nothing_leads_to_the_file_itself(receipt, visit, folder):
    visitor = visit(LIAISON)
    paths = [
        f"/attachments/{receipt.stored_as}",
        f"/static/{receipt.stored_as}",
        f"/attachments/../{receipt.stored_as}",
    ]
    assert {visitor.get(path).status_code for path in paths} == {404}


@ONCE
def test_a_file_that_was_changed_behind_our_back_is_told(receipt, visit, folder):
    (folder / receipt.stored_as).write_bytes(files.picture(colour=(0, 0, 0)))
    visitor = visit(MEMBER)
    answer = visitor.get(f"/attachments/{receipt.key}")
    assert (answer.status_code, answer.location) == (303, f"/transfers/{receipt.transfer.key}#attachments")
    assert "与上传时的内容不一致" in flashed(visitor.get("/"))[0][1]


# --- Removing ---


@ONCE
def test_removing_is_told(receipt, visit):
    visitor = visit(LIAISON)
    assert post(visitor, f"/attachments/{receipt.key}/remove").location.endswith("#attachments")
    assert flashed(visitor.get("/")) == [("success", "已移除“回执 一.jpg”。")]


def test_who_only_sees_it_cannot_remove_it(receipt, visit):
    visitor = visit(MEMBER)
    assert post(visitor, f"/attachments/{receipt.key}/remove").status_code == 303
    assert "现在不能移除“回执 一.jpg”" in flashed(visitor.get("/"))[0][1]
    assert rows()[0].removed_at is None


# --- On the record ---


def panel_of(answer):
    """What a record says in its panel of attachments; "" where it has none."""
    return "".join(re.findall(r'<section class="panel attachments".*?</section>', answer.text, re.S))


def test_the_record_shows_them_with_what_may_be_done(receipt, visit):
    answer = visit(LIAISON).get(f"/transfers/{receipt.transfer.key}")
    words, shown = text_of(answer), panel_of(answer)
    assert "介绍信回执联 回执 一.jpg JPEG · 640×480 ·" in words and "鼓楼区委（虚拟管理员）" in words
    assert f'src="/attachments/{receipt.key}/thumbnail"' in shown
    assert f'action="/attachments/{receipt.key}/remove"' in shown
    assert re.findall(r'<option value="(\w+)"', shown) == ["stub", "receipt"]
    assert re.search(r'<input [^>]*type="file" name="files" multiple required accept="image/jpeg,', shown)


@ONCE
def test_who_only_reads_is_offered_nothing(receipt, visit):
    shown = panel_of(visit(MEMBER).get(f"/transfers/{receipt.transfer.key}"))
    assert "回执 一.jpg" in shown
    assert "/remove" not in shown and 'type="file"' not in shown


@ONCE
def test_where_there_is_nothing_and_nothing_may_come_there_is_no_panel(fujian, visit, folder):
    transfer = fujian.apply(MEMBER, to="五龙村支部")
    assert panel_of(visit(MEMBER).get(f"/transfers/{transfer.key}")) == ""


@ONCE
def test_with_one_kind_there_is_nothing_to_choose(leaving, visit, folder):
    shown = panel_of(visit(LIAISON).get(f"/transfers/{leaving().key}"))
    assert '<input type="hidden" name="kind" value="stub">' in shown and "<select" not in shown


@ONCE
def test_a_name_is_text_wherever_it_stands(fujian, leaving, store, visit):
    transfer = leaving()
    attach(fujian.liaison_of(COUNTY), transfer, store, name='<img src=x onerror="alert(1)">.jpg')
    shown = visit(LIAISON).get(f"/transfers/{transfer.key}").text
    assert "<img src=x" not in shown and "&lt;img src=x onerror=" in shown


def test_showing_them_costs_the_same_however_many_there_are(fujian, leaving, store, visit):
    transfer, county, visitor = leaving(), fujian.liaison_of(COUNTY), visit(LIAISON)
    costs = []
    for _ in range(2):
        attach(county, transfer, store)
        with statements() as sent:
            visitor.get(f"/transfers/{transfer.key}")
        costs.append(len(sent))
    assert costs[0] == costs[1]
