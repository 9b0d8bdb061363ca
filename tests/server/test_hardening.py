"""Headers that depend on settings, whose host is answered, how much is read, and settings that make no sense."""

import click
import pytest

from tests.server.conftest import SIGN_IN
from tests.views.panel import check_headers
from tests.views.transfer_panel import text_of

HSTS = "Strict-Transport-Security"
HOSTS = ["zhuanjie.example", ".inside.example"]


# --- Headers ---


def test_no_other_site_loads_our_answers(client):
    for path in (SIGN_IN, "/health", "/static/css/app.css", "/nowhere"):
        assert client.get(path).headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(("secure", "told"), [(True, "max-age=31536000"), (False, None)])
def test_the_browser_is_kept_to_https_where_the_session_is(make_app, secure, told):
    client = make_app(SESSION_COOKIE_SECURE=secure).test_client()
    assert {client.get(path).headers.get(HSTS) for path in (SIGN_IN, "/static/css/app.css", "/nowhere")} == {told}


# --- The host ---


@pytest.mark.parametrize("host", ["zhuanjie.example", "zhuanjie.example:8443", "a.inside.example"])
def test_a_host_of_ours_is_answered(make_app, host):
    client = make_app(TRUSTED_HOSTS=HOSTS).test_client()
    assert client.get(SIGN_IN, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/", SIGN_IN, "/health", "/static/css/app.css", "/nowhere"])
@pytest.mark.parametrize("host", ["evil.example", "zhuanjie.example.evil.example", "localhost", ""])
def test_another_host_is_told_so_without_a_page(make_app, host, path):
    answer = make_app(TRUSTED_HOSTS=HOSTS).test_client().get(path, headers={"Host": host})
    assert answer.status_code == 400 and answer.content_type == "text/plain; charset=utf-8"
    assert "不是本系统的网址" in answer.text and "evil" not in answer.text
    check_headers(answer)


def test_the_hosts_come_from_the_environment(make_app, monkeypatch):
    assert make_app().config["TRUSTED_HOSTS"] is None
    monkeypatch.setenv("TRUSTED_HOSTS", " zhuanjie.example, .inside.example ,")
    assert make_app().config["TRUSTED_HOSTS"] == HOSTS


def test_no_header_of_a_visitor_makes_up_the_host(make_app):
    client = make_app(TRUSTED_PROXIES=1).test_client()
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "/evil", "X-Forwarded-Proto": "https"}
    assert client.get("/transfers/", headers=forged).location == "/session/sign-in?next=/transfers/"


# --- How much is read ---


@pytest.mark.parametrize("path", [SIGN_IN, "/members/find", "/session/sign-out"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_body_without_end_is_refused_unread(client, path, kind):
    answer = client.post(path, content_type=kind, environ_overrides={"CONTENT_LENGTH": str(33 * 1024 * 1024)})
    assert answer.status_code == 413 and "内容太大" in text_of(answer)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_field_without_end_is_refused(client, kind):
    answer = client.post(SIGN_IN, data={"username": "长" * 200_000}, content_type=kind)
    assert answer.status_code == 413 and "长长" not in answer.text


# --- Settings ---


@pytest.mark.parametrize("name", ["SESSION_IDLE_MINUTES", "SESSION_HOURS", "TRUSTED_PROXIES"])
@pytest.mark.parametrize("typed", ["-1", "1.5", "many", "１"])
def test_a_setting_that_is_no_number_is_said_in_one_line(make_app, monkeypatch, name, typed):
    monkeypatch.setenv(name, typed)
    with pytest.raises(click.ClickException, match=f"{name} must be a whole number"):
        make_app()


@pytest.mark.parametrize(("name", "default"), [("SESSION_IDLE_MINUTES", 30), ("SESSION_HOURS", 8)])
def test_a_session_of_no_time_makes_no_sense(make_app, monkeypatch, name, default):
    monkeypatch.setenv(name, "0")
    with pytest.raises(click.ClickException, match="from 1 up"):
        make_app()
    monkeypatch.setenv(name, "")
    assert make_app().config[name] == default
