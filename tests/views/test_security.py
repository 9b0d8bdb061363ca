"""What every answer carries: headers and the Content-Security-Policy; and what no page contains, so that it holds."""

import pytest

from models import db
from tests.views.panel import addresses, check_headers, page_of, post, rows_of, save
from tests.world import ADMIN, AUDITOR

# What stands in a page or above it does not depend on the database.
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

STREET, SOURCE, VILLAGE = "东街街道工委", "军门第一支部", "五龙村支部"
EVERYBODY = [ADMIN, AUDITOR, f"{STREET}联络员", "林小雨", "吴建平"]
FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def moving(fujian):
    """林小雨 on the way from 军门第一支部 to 五龙村支部, waiting at 东街街道工委."""
    return fujian.transfer("林小雨", SOURCE, to=VILLAGE, at=STREET)


@pytest.fixture
def outsider(app):
    """Nobody: a visitor who has not signed in."""
    return app.test_client()


# --- What every answer carries ---


def test_every_kind_of_answer_carries_the_headers(app, outsider, visit):
    admin, member = visit(ADMIN), visit("王丽华")
    answers = {
        200: admin.get("/organizations/"),
        302: member.get("/transfers/"),
        303: outsider.get("/"),
        308: admin.get("/organizations"),
        400: outsider.post("/members/delete/"),
        401: outsider.get("/lookup/tree"),
        403: member.get("/members/"),
        404: admin.get("/nowhere"),
        405: admin.get("/members/find"),
        422: admin.post("/transfers/search", id_number="1"),
    }
    assert {code: answer.status_code for code, answer in answers.items()} == {code: code for code in answers}
    for answer in answers.values():
        check_headers(answer)


def test_files_and_json_carry_the_headers(outsider, visit):
    for answer in (outsider.get("/static/css/app.css"), outsider.get("/static/none"), visit(ADMIN).get("/lookup/tree")):
        check_headers(answer)


def test_an_export_carries_the_headers(visit):
    check_headers(post(visit(ADMIN), "/organizations/export/csv/"))


def test_a_page_is_never_kept_by_the_browser(app, moving, visit):
    visitor = visit(ADMIN)
    pages = addresses(app, "GET", moving, rows_of(moving))
    kept = [
        path
        for endpoint, path in pages.items()
        if not endpoint.endswith("static") and visitor.get(path).headers["Cache-Control"] != "no-store"
    ]
    assert kept == []


def test_a_file_is_kept_for_long_under_the_mark_of_its_content(outsider):
    page = outsider.get("/session/sign-in").text
    marked = page.split('rel="stylesheet" href="')[1].split('"')[0]
    assert "?v=" in marked
    assert "immutable" in outsider.get(marked).headers["Cache-Control"]
    assert "immutable" not in outsider.get("/static/css/app.css").headers.get("Cache-Control", "")


# --- What no page contains ---


def inline(response):
    """Everything in a page that the policy would block: handlers, styles, scripts that stand in the page itself."""
    tags = page_of(response).tags
    attributes = [(tag, name, value) for tag, given in tags for name, value in given.items()]
    found = [f"<{tag} {name}>" for tag, name, _value in attributes if name.startswith("on") or name == "style"]
    found += [f"<{tag} {name}={value}>" for tag, name, value in attributes if "javascript:" in value.lower()]
    return found + [f"<{tag}>" for tag, given in tags if tag == "style" or (tag == "script" and "src" not in given)]


@pytest.mark.parametrize("who", EVERYBODY)
def test_no_page_contains_what_the_policy_blocks(app, moving, visit, who):
    visitor, pages = visit(who), addresses(app, "GET", moving, rows_of(moving))
    answers = {path: visitor.get(path) for path in pages.values() if not path.startswith("/static/")}
    assert answers["/"].status_code == 200 and "<script" in answers["/"].text
    assert {path: inline(answer) for path, answer in answers.items() if inline(answer)} == {}


def test_no_page_for_outsiders_contains_it_either(make_app):
    demo = {"username": "u", "password": "p", "who": "w", "what": "x"}
    client = make_app(DEMO_ACCOUNTS=[demo]).test_client()
    for answer in (client.get("/session/sign-in"), client.get("/nowhere"), client.post("/session/sign-out")):
        assert "<script" in answer.text and inline(answer) == []


def test_no_page_of_a_refusal_contains_it_either(moving, visit):
    admin, liaison = visit(ADMIN), visit(f"{STREET}联络员")
    pages = [
        save(admin, "/organizations/new/", "name", name=""),
        save(admin, "/members/new/", "name", name=""),
        liaison.act(moving, "reject", reason=""),
        liaison.post("/transfers/search", id_number="1"),
        liaison.post("/transfers/apply"),
        liaison.get(f"/transfers/{moving.key}/ask/reject", headers=FETCH),
    ]
    assert [page.status_code for page in pages] == [422] * 5 + [200]
    assert [inline(page) for page in pages if inline(page)] == []


@pytest.mark.parametrize("evil", ['"><img src=x onerror=alert(1)>', "<script>alert(1)</script>"])
def test_what_people_typed_stays_text(moving, fujian, visit, evil):
    organization, member = fujian.org(SOURCE), fujian.member("林小雨")
    organization.name = organization.contact_name = member.name = evil
    db.session.commit()
    rows = {"organizations": organization.id, "members": member.key}
    paths = [f"/{view}/{page}/?id={row}" for view, row in rows.items() for page in ("details", "edit")]
    paths += ["/organizations/", "/members/", "/transfers/", f"/transfers/{moving.key}", f"/organizations/?q={evil}"]
    answers = {path: visit(ADMIN).get(path) for path in [*paths, f"/level-setting/?org={organization.id}"]}
    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code != 200} == {}
    assert [path for path, answer in answers.items() if evil in answer.text or inline(answer)] == []
