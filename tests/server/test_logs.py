"""What is written down of requests and errors: enough to find them again, and nothing about a person."""

import io
import json
import logging
import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from flask import request

from admin_views import logs
from commands import serving_logs
from models import Member, db
from tests.server.conftest import SIGN_IN
from tests.views.transfer_panel import TOKEN, text_of

ID_NUMBER = "990102198001150011"
PHONE, NAME = "13800009999", "林小雨"


@pytest.fixture
def posting(make_app, caplog):
    """`posting(view)`: an ID number, a phone and a name are posted to a view that fails; the answer."""
    app = make_app(PROPAGATE_EXCEPTIONS=False)
    client = app.test_client()
    caplog.set_level(logging.DEBUG)

    def post(view):
        app.add_url_rule("/fails/<key>", view_func=view, methods=["POST"])
        form = {"csrf_token": TOKEN.search(client.get(SIGN_IN).text)[1], "id_number": ID_NUMBER, "name": NAME}
        return client.post(f"/fails/{PHONE}?q={NAME}", data=form)

    return post


def quoting(key):
    raise ValueError(f"no such member: {request.form['id_number']} {request.form['name']} {key}")


def refused_by_the_database(key):
    db.session.execute(sa.text("SELECT 1 FROM no_such_table WHERE id = :id"), {"id": request.form["id_number"]})


def breaking_a_constraint(key):
    first = db.session.scalars(sa.select(Member)).first()
    db.session.execute(sa.update(Member).values(id_index=first.id_index, phone=request.form["id_number"][:11]))


def led_to_by_another(key):
    try:
        quoting(key)
    except ValueError as error:
        raise RuntimeError(request.form["name"]) from error


# --- Errors ---


@pytest.mark.parametrize("view", [quoting, refused_by_the_database, breaking_a_constraint, led_to_by_another])
def test_an_error_is_logged_with_its_stack_and_without_what_was_posted(posting, caplog, view):
    assert posting(view).status_code == 500
    assert "test_logs.py" in caplog.text and view.__name__ in caplog.text
    assert not [word for word in (ID_NUMBER, ID_NUMBER[:11], PHONE, NAME) if word in caplog.text]


def test_an_error_names_the_rule_of_its_address_and_the_request(posting, caplog):
    answer = posting(quoting)
    name = answer.headers["X-Request-ID"]
    assert f"builtins.ValueError at POST /fails/<key>, request {name}" in caplog.text
    assert f"问题编号 {name}" in text_of(answer)


def test_what_led_to_an_error_is_told_first(posting, caplog):
    posting(led_to_by_another)
    assert caplog.text.index("builtins.ValueError\n") < caplog.text.index("which led to:")


def test_the_statement_that_was_refused_is_told_without_its_parameters(posting, caplog):
    posting(refused_by_the_database)
    assert "SELECT 1 FROM no_such_table WHERE id = " in caplog.text


def test_every_request_has_a_name_of_its_own(client):
    names = {client.get(path).headers["X-Request-ID"] for path in ("/", SIGN_IN, "/nowhere", "/health")}
    assert len(names) == 4


def test_a_page_that_did_not_fail_shows_no_number(client):
    assert "问题编号" not in client.get("/nowhere").text


@pytest.mark.parametrize(
    ("path", "rule"),
    [("/transfers/?name=林小雨", "/transfers/"), ("/transfers/abc", "/transfers/<key>"), ("/members/林小雨", "-")],
)
def test_a_request_is_known_by_its_rule(app, path, rule):
    with app.test_request_context(path):
        assert logs.rule() == rule


# --- What gunicorn writes ---


@pytest.fixture
def logger():
    """gunicorn's logger as it is configured, with nothing of it left in the logging of the tests."""
    made = object.__new__(serving_logs.JsonLogger)
    made.access_log = logging.Logger("access")
    made.written = io.StringIO()
    made.access_log.addHandler(logging.StreamHandler(made.written))
    return made


def access(logger, status="200 OK", **environ):
    given = {"REQUEST_METHOD": "GET", "RAW_URI": f"/members/?q={NAME}", "REMOTE_ADDR": "192.0.2.1", **environ}
    given |= {"HTTP_COOKIE": "zhuanjie=secret", "HTTP_REFERER": f"/members/{PHONE}"}
    logger.access(SimpleNamespace(status=status, sent=1234), None, given, timedelta(milliseconds=12.34))
    return [json.loads(line) for line in logger.written.getvalue().splitlines()]


def test_a_request_is_one_line(logger):
    named = {serving_logs.RULE: "/members/", serving_logs.REQUEST_ID: "abc"}
    (line,) = access(logger, **named)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "method": "GET",
        "endpoint": "/members/",
        "status": 200,
        "milliseconds": 12.3,
        "bytes": 1234,
        "request": "abc",
    }


def test_a_request_that_never_came_to_the_panel_is_told_without_its_address(logger):
    (line,) = access(logger, status="400 Bad Request", REQUEST_METHOD=NAME)
    assert (line["method"], line["endpoint"], line["status"], line["request"]) == ("-", "-", 400, "-")


def test_a_probe_is_written_down_only_where_it_failed(logger):
    probe = {serving_logs.RULE: "/health"}
    assert access(logger, **probe) == []
    assert [line["status"] for line in access(logger, status="503 Service Unavailable", **probe)] == [503]


def record(message, *arguments, error=None):
    info = None
    if error is not None:
        try:
            raise error
        except Exception:
            info = sys.exc_info()
    made = logging.LogRecord("gunicorn.error", logging.ERROR, __file__, 1, message, arguments, info)
    return json.loads(serving_logs.JsonFormatter().format(made))


def test_a_record_is_one_line_with_its_stack_and_no_message_of_an_error():
    told = record("Error handling request %s %s", "GET", f"/members/?q={NAME}", error=ValueError(ID_NUMBER))
    assert told["message"] == "Error handling request" and told["error"] == "builtins.ValueError"
    assert "test_logs.py" in told["stack"]
    assert NAME not in str(told) and ID_NUMBER not in str(told)


@pytest.mark.parametrize("words", ["Invalid request from ip=192.0.2.1: Invalid Request Line 'GET /?q=x'"])
def test_a_request_that_could_not_be_read_is_not_quoted(words):
    assert record(words)["message"] == "Invalid request"


def test_what_fails_before_the_first_request_is_quoted():
    told = record("Exception in worker process", error=ValueError("SESSION_HOURS must be a whole number"))
    assert told["message"] == "Exception in worker process: SESSION_HOURS must be a whole number"


def test_the_panel_and_gunicorn_mean_the_same_names():
    assert (logs.RULE, logs.REQUEST_ID) == (serving_logs.RULE, serving_logs.REQUEST_ID)
