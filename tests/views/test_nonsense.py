"""What makes no sense in an address or a form: not found, or told at its field, and never an error of the panel."""

import re

import pytest

from models import clock
from tests.views.panel import SCOPED_VIEWS, more_members, post, save, snapshot
from tests.world import ADMIN

STREET, SOURCE, VILLAGE = "东街街道工委", "军门第一支部", "五龙村支部"
NO_IDS = ["", "0", "-1", "2147483648", "9" * 40, "²", "1.0", "0x1", "\x00", "1\x00", "None", "' OR 1=1 --", "长" * 99]
NONSENSE = ["a\x00b", "-1", "9" * 40, "²", "{{7*7}}%\\\u202e", "长" * 3000]
LIST_ARGUMENTS = ("after", "before", "q", "kind", "level", "category", "status", "person")
TRANSFER_ARGUMENTS = ("after", "before", "tab", "state", "kind", "name", "since", "until", "person", "mine", "org")
QUESTIONS = {
    "/organizations/": LIST_ARGUMENTS,
    "/members/": LIST_ARGUMENTS,
    "/levels/": LIST_ARGUMENTS,
    "/transfers/": TRANSFER_ARGUMENTS,
    "/": ("after", "before"),
    "/mine/": ("after", "before"),
    "/transfers/apply": ("member",),
    "/transfers/preview": ("member", "destination", "kind", "transfer"),
    "/lookup/organizations": ("q", "for"),
    "/lookup/members": ("q",),
    "/lookup/tree": ("parent",),
    "/session/sign-in": ("next",),
}


@pytest.fixture
def failing(app):
    """An error is an answer, so that all of them are told at once."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.mark.parametrize("view", SCOPED_VIEWS)
def test_an_id_that_is_none_is_not_found(failing, visit, view):
    admin, before = visit(ADMIN), snapshot()
    answers = [
        admin.get(f"/{view}/{door}/", query_string={"id": text}) for text in NO_IDS for door in ("details", "edit")
    ]
    answers += [post(admin, f"/{view}/delete/", id=text) for text in NO_IDS]
    answers += [post(admin, f"/{view}/edit/?id={text}", name="改名") for text in ("", "0", "-1", "9" * 40, "%00", "x")]
    assert {answer.status_code for answer in answers} == {404}
    assert snapshot() == before


@pytest.mark.parametrize("path", ["/organizations/", "/members/", "/level-setting/"])
def test_an_organization_that_is_none_is_not_found_as_a_choice(failing, visit, path):
    admin = visit(ADMIN)
    assert {admin.get(path, query_string={"org": text}).status_code for text in NO_IDS} == {404}


def test_a_level_is_set_on_no_organization_that_is_none(failing, visit):
    admin, before = visit(ADMIN), snapshot()
    paths = ["/level-setting/save", *(f"/level-setting/save?org={text}" for text in ("", "0", "-1", "9" * 40, "%00"))]
    assert {post(admin, path, level_rank="6", version="1").status_code for path in paths} == {404}
    assert snapshot() == before


@pytest.mark.parametrize("key", ["x", "%00", "a%00b", "..%2f..", "%C2%B2", "x" * 3000])
def test_a_record_that_is_none_is_not_found(failing, visit, key):
    admin = visit(ADMIN)
    asked = (f"/transfers/{key}", f"/transfers/{key}/ask/approve", f"/transfers/{key}/resubmit")
    assert {admin.get(path).status_code for path in asked} == {404}
    assert post(admin, f"/transfers/{key}/act", action="approve").status_code == 404


@pytest.mark.parametrize("key", ["x", "%00", "a%00b", "%C2%B2", "x" * 3000])
def test_a_letter_that_is_none_is_not_found(failing, visit, key):
    admin = visit(ADMIN)
    assert {admin.get(path).status_code for path in (f"/letters/{key}", f"/letters/{key}/preview.pdf")} == {404}
    doors = [post(admin, f"/letters/{key}/{door}") for door in ("save", "print", "reissue")]
    assert {answer.status_code for answer in doors} == {404}


@pytest.mark.parametrize("text", ["\x00", "\x00:1", "x:" + "9" * 5000, "x:²", ":", "x:-1"])
def test_what_is_ticked_and_is_none_changes_nothing(failing, visit, text):
    liaison, before = visit(f"{STREET}联络员"), snapshot()
    answers = [post(liaison, path, chosen=text) for path in ("/desk/approve", "/letters/print")]
    assert {answer.status_code for answer in answers} <= {200, 303}
    assert snapshot() == before


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-13-01", "x"])
def test_a_period_at_the_end_of_time_is_a_period(failing, fujian, visit, day):
    liaison, place = visit(f"{STREET}联络员"), fujian.org(STREET).id
    for name in ("since", "until"):
        assert liaison.get("/ledger/", query_string={"org": place, name: day}).status_code == 200


def test_a_referrer_that_is_none_leads_to_the_sign_in_page(failing, client):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/session/sign-in").text)[1]
    answer = client.post("/transfers/x/act", data={"csrf_token": token}, headers={"Referer": "http://["})
    assert (answer.status_code, answer.location) == (303, "/session/sign-in")


def test_an_organization_of_a_route_that_is_none_is_not_found(failing, fujian, visit):
    route, visitor = f"/transfers/{fujian.apply('林小雨', VILLAGE).key}/organizations", visit("林小雨")
    texts = ("0", "999999", "9" * 40, "-1", "x", "%00", "%C2%B2")
    assert {visitor.get(f"{route}/{text}").status_code for text in texts} == {404}


@pytest.mark.parametrize("text", ["a\x00b", "9" * 40, "长" * 3000])
def test_no_question_breaks_a_page(failing, visit, text):
    visitor = visit("林志强")
    asked = [(path, name) for path, names in QUESTIONS.items() for name in names]
    answers = {(path, name): visitor.get(path, query_string={name: text}).status_code for path, name in asked}
    assert {question: code for question, code in answers.items() if code >= 500} == {}


@pytest.mark.parametrize("path", ["/organizations/new/", "/members/new/"])
def test_a_new_row_for_a_place_that_is_none_has_an_empty_place(failing, visit, path):
    admin = visit(ADMIN)
    pages = [admin.get(path, query_string={"org": text}) for text in NONSENSE]
    assert {page.status_code for page in pages} == {200}
    assert all('_id" value=""' in page.text for page in pages)


@pytest.mark.parametrize("path", ["/members/find", "/transfers/search"])
def test_what_is_no_id_number_is_told(failing, visit, path):
    visitor = visit(f"{STREET}联络员")
    answers = [post(visitor, path, id_number=text) for text in ["", *NONSENSE, "990102198001150010"]]
    assert {answer.status_code for answer in answers} == {422}
    assert all('role="alert"' in answer.text for answer in answers)


FORMS = {
    "organizations": ("name", "code", "kind", "parent_id", "level_rank", "contact_phone"),
    "members": ("name", "id_number", "gender", "ethnicity", "status", "phone", "joined_on"),
    "levels": ("name",),
}


def broken(answers, *expected):
    """(field, text) -> the code of the answer, where it is none of those that a form may have."""
    codes = {(field, text[:3]): answer.status_code for (field, text), answer in answers.items()}
    return {sent: code for sent, code in codes.items() if code not in expected}


@pytest.mark.parametrize("view", FORMS)
def test_no_text_in_a_form_breaks_it(failing, fujian, visit, view):
    admin, member = visit(ADMIN), more_members(fujian.org(SOURCE), 1)[0]
    rows = {"organizations": fujian.org(VILLAGE).id, "members": member.key, "levels": 6}
    path = f"/{view}/edit/?id={rows[view]}"
    sent = [(field, text) for field in FORMS[view] for text in NONSENSE]
    assert broken({(field, text): save(admin, path, **{field: text}) for field, text in sent}, 303, 422) == {}


def test_no_text_in_an_application_breaks_it(failing, fujian, visit):
    key, destination, path = fujian.member("林小雨").key, str(fujian.org(VILLAGE).id), "/transfers/apply"
    form = {"kind": "intra", "member": key, "destination": destination, "seen": f"{key}:{destination}"}
    form |= {"reason": "调动", "applied_on": clock.today().isoformat(), "dues_paid_until": clock.this_month()}
    visitor, sent = visit(f"{STREET}联络员"), [(field, text) for field in form for text in NONSENSE]
    answers = {(field, text): post(visitor, path, **{**form, field: text}) for field, text in sent}
    assert broken(answers, 200, 303, 422) == {}


def test_no_text_in_an_action_breaks_it(failing, fujian, visit):
    transfer, visitor = fujian.apply("林小雨", VILLAGE), visit(f"{SOURCE}联络员")
    sent = [(field, text) for field in ("opinion", "version", "back", "action") for text in NONSENSE]
    path, form = f"/transfers/{transfer.key}/act", {"action": "approve", "version": transfer.version}
    answers = {(field, text): post(visitor, path, **{**form, field: text}) for field, text in sent}
    assert broken(answers, 303, 422) == {}


def test_no_text_as_a_level_breaks_the_setting(failing, fujian, visit):
    before, organization, admin = snapshot(), fujian.org("安泰街道工委"), visit(ADMIN)
    path, form = f"/level-setting/save?org={organization.id}", {"version": organization.version}
    answers = [post(admin, path, level_rank=text, **form) for text in NONSENSE]
    assert {answer.status_code for answer in answers} == {422}
    assert all("没有这个权限级别，请重新选择。" in answer.text for answer in answers)
    assert snapshot() == before
