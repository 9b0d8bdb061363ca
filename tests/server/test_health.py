"""/health: 200 where the panel can serve, else 503 and a plain reason; nothing else is told."""

import pytest
from sqlalchemy import text

from models import db
from tests.views.panel import check_headers
from tests.views.transfer_panel import statements


def test_all_is_well(client):
    answer = client.get("/health")
    assert answer.status_code == 200 and answer.json == {"ok": True}
    check_headers(answer)
    assert answer.headers["Cache-Control"] == "no-store"


def test_it_needs_no_session_and_makes_none(client):
    assert "Set-Cookie" not in client.get("/health").headers


def test_it_costs_two_statements(client):
    client.get("/health")
    with statements() as sent:
        client.get("/health")
    assert len([statement for statement in sent if not statement.startswith("BEGIN")]) == 2


@pytest.mark.parametrize("version", ["0001", "9999"])
def test_another_schema_than_that_of_the_program(client, version):
    db.session.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    answer = client.get("/health")
    assert answer.status_code == 503 and not answer.json["ok"] and "db upgrade" in answer.json["reason"]


def test_no_schema_at_all(backend, new_app):
    with new_app(backend, "blank") as app:
        answer = app.test_client().get("/health")
    assert answer.status_code == 503 and "db upgrade" in answer.json["reason"]


@pytest.mark.parametrize("url", ["postgresql+psycopg://name:secret@127.0.0.1:1/gone", "sqlite:////proc/none.sqlite"])
def test_a_database_that_does_not_answer(make_app, url):
    answer = make_app(SQLALCHEMY_DATABASE_URI=url).test_client().get("/health")
    assert answer.status_code == 503
    assert answer.json == {"ok": False, "reason": "The database does not answer."}


def test_without_keys_it_says_which(make_app):
    answer = make_app(DATA_KEYS=None).test_client().get("/health")
    assert answer.status_code == 503 and "DATA_KEYS" in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_is_only_read(client, method):
    assert client.open("/health", method=method).status_code in {400, 405}
