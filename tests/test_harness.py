"""The ground that the other tests stand on: real databases, fresh for each test, and a browser."""

import pytest
import sqlalchemy as sa

from models import StageRule, db

FOREIGN_KEYS = "SELECT 1 FROM pragma_foreign_keys WHERE foreign_keys = 1"


def test_the_application_answers_on_the_database_that_is_named(app, backend):
    assert db.engine.dialect.name == backend


def test_the_migrations_make_every_table_of_the_models(empty_app):
    assert set(db.metadata.tables) <= set(sa.inspect(db.engine).get_table_names())


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_sqlite_minds_foreign_keys(app, db_session):
    assert db_session.scalar(sa.text(FOREIGN_KEYS)) == 1


def test_what_one_test_changes_the_next_does_not_see(backend, new_app):
    with new_app(backend, "empty") as app, app.app_context():
        db.session.execute(sa.text("CREATE TABLE left_over (id INTEGER)"))
        db.session.commit()
    with new_app(backend, "empty") as app, app.app_context():
        assert "left_over" not in sa.inspect(db.engine).get_table_names()


def test_a_transaction_that_one_test_left_open_holds_up_no_other(backend, new_app):
    rules = sa.select(sa.func.count()).select_from(StageRule)
    with new_app(backend) as app, app.app_context():
        left_open = db.engine.connect()
        left_open.execute(sa.delete(StageRule))
    with new_app(backend) as app, app.app_context():
        assert db.session.scalar(rules) > 0
        db.session.execute(sa.delete(StageRule))
        db.session.commit()
    with new_app(backend) as app, app.app_context():
        assert db.session.scalar(rules) > 0
    left_open.invalidate()


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_what_one_test_sets_on_its_connection_the_next_does_not_see(backend, new_app):
    with new_app(backend) as app, app.app_context():
        db.session.execute(sa.text("SET enable_seqscan = off"))
        db.session.commit()
    with new_app(backend) as app, app.app_context():
        assert db.session.scalar(sa.text("SHOW enable_seqscan")) == "on"


@pytest.mark.browser
@pytest.mark.parametrize("live_server", ["sqlite", "postgresql"], indirect=True)
def test_the_panel_opens_in_the_browser(page):
    assert page.goto("/").ok
