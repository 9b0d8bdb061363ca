"""What a visitor reads when something went wrong: the panel's tone, JSON for look-ups, and no traces of the inside."""

import io
import logging

import pytest
import sqlalchemy as sa
from flask import abort

from admin_views import lookups, organizations
from models import db
from tests.views.panel import check_headers, post, save, signed_in, snapshot
from tests.views.transfer_panel import text_of
from tests.world import ADMIN
from workflow import audit

SOURCE = "军门第一支部"
JSON = {"Accept": "application/json"}
SECRET = "13800009999"


@pytest.fixture
def outsider(app):
    """Nobody: a visitor who has not signed in."""
    return app.test_client()


@pytest.fixture
def failing(app):
    """The application as it runs for users: an error inside a view is a page, not a traceback."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


def fail(*_arguments, **_named):
    raise RuntimeError(f"a detail for nobody's eyes: {SECRET}")


# --- What went wrong ---


@pytest.mark.parametrize(
    ("who", "path", "code", "title"),
    [
        (ADMIN, "/nowhere", 404, "没有找到"),
        (ADMIN, "/organizations/details/?id=999999", 404, "没有找到"),
        ("林小雨", "/members/", 403, "没有权限"),
        (ADMIN, "/members/find", 405, "不能这样操作"),
    ],
)
def test_what_went_wrong_is_told_in_the_tone_of_the_panel(visit, who, path, code, title):
    page = visit(who).get(path)
    assert page.status_code == code
    assert title in text_of(page) and "回到工作台" in text_of(page)
    assert "退出" in text_of(page), "the frame stays around it"


def test_too_much_is_told_in_the_tone_of_the_panel(app, visit):
    app.config["MAX_CONTENT_LENGTH"] = 1000
    page = post(visit(ADMIN), "/members/find", id_number="1" * 1000)
    assert page.status_code == 413 and "内容太大" in text_of(page)
    check_headers(page)


@pytest.mark.parametrize("path", ["/session/sign-in", "/members/find"])
def test_nobody_can_make_the_panel_read_a_body_without_end(outsider, path):
    endless = {"CONTENT_LENGTH": str(10**9), "CONTENT_TYPE": "application/x-www-form-urlencoded"}
    assert outsider.post(path, input_stream=io.BytesIO(b"a=b"), environ_overrides=endless).status_code == 413


def test_a_form_that_waited_too_long_is_told_what_to_do(visit):
    page = visit(ADMIN).client.post("/members/delete/", data={"id": "1"})
    assert page.status_code == 400
    assert "页面已过期" in text_of(page) and "没有执行" in text_of(page)


def test_an_outsider_reads_it_without_the_frame(outsider):
    page = outsider.get("/nowhere")
    assert page.status_code == 404 and "没有找到" in text_of(page)
    assert "退出" not in text_of(page) and 'class="menu"' not in page.text


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/lookup/organizations?for=everything", 404),
        ("GET", "/lookup/nothing", 404),
        ("POST", "/lookup/tree", 405),
    ],
)
def test_a_look_up_is_told_in_json(visit, method, path, code):
    answer = visit(ADMIN).client.open(path, method=method)
    assert answer.status_code == code
    assert answer.is_json and set(answer.json) == {"error", "message"}


def test_an_outsider_s_look_up_is_told_in_json(outsider):
    for path in ("/lookup/tree", "/lookup/organizations?q=x", "/lookup/members?q=x"):
        answer = outsider.get(path)
        assert answer.status_code == 401 and answer.json["error"] == "请先登录"


@pytest.mark.parametrize(("path", "code"), [("/nowhere", 404), ("/members/", 403), ("/members/find", 405)])
def test_who_asks_for_json_is_told_in_json(visit, path, code):
    answer = visit("林小雨").get(path, headers=JSON)
    assert answer.status_code == code and answer.is_json


# --- An error inside ---


def test_an_error_inside_a_page_tells_nothing_of_it(failing, monkeypatch, visit):
    monkeypatch.setattr(organizations, "tree_of", fail)
    page = visit(ADMIN).get("/organizations/")
    assert page.status_code == 500 and "系统出错了" in text_of(page)
    assert not [word for word in ("Traceback", "RuntimeError", SECRET, "site-packages") if word in page.text]
    check_headers(page)


def test_an_error_inside_a_look_up_is_json(failing, monkeypatch, visit):
    monkeypatch.setattr(lookups, "names_above", fail)
    answer = visit(ADMIN).get("/lookup/organizations?q=东街")
    assert answer.status_code == 500 and answer.json["error"] == "系统出错了"
    assert SECRET not in answer.text
    check_headers(answer)


def test_an_error_while_saving_saves_nothing(failing, monkeypatch, fujian, visit):
    before, organization = snapshot(), fujian.org(SOURCE)
    monkeypatch.setattr(audit, "record", fail)
    path = f"/organizations/edit/?id={organization.id}"
    assert save(visit(ADMIN), path, contact_name="没有审计的修改").status_code == 500
    assert snapshot() == before


def test_a_view_that_aborts_with_a_code_of_its_own_is_told_plainly(make_app):
    app = make_app()
    app.add_url_rule("/teapot", view_func=lambda: abort(418))
    page = app.test_client().get("/teapot")
    assert page.status_code == 418 and "请求有误" in text_of(page)


def test_the_page_of_an_error_needs_no_database(make_app, fujian):
    """Where the database is gone, the page that says so must not ask it who is signed in."""
    app = make_app(SQLALCHEMY_DATABASE_URI="postgresql+psycopg://127.0.0.1:1/gone", PROPAGATE_EXCEPTIONS=False)
    visitor = signed_in(app.test_client(), fujian.account("林小雨"))
    page = visitor.get("/")
    assert page.status_code == 500 and "系统出错了" in text_of(page)
    check_headers(page)


def test_a_failed_statement_leaves_its_parameters_out_of_the_log(make_app, caplog):
    app = make_app(PROPAGATE_EXCEPTIONS=False)
    broken = sa.text("SELECT 1 FROM no_such_table WHERE phone = :phone")
    app.add_url_rule("/broken", view_func=lambda: db.session.execute(broken, {"phone": SECRET}))
    caplog.set_level(logging.DEBUG)
    assert app.test_client().get("/broken").status_code == 500
    assert "no_such_table" in caplog.text, "the log says what failed"
    assert SECRET not in caplog.text
