"""The ground that the other tests stand on: real databases, fresh for each test, and a browser."""

import pytest
import sqlalchemy as sa

from models import db

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


@pytest.mark.browser
@pytest.mark.parametrize("live_server", ["sqlite", "postgresql"], indirect=True)
def test_the_panel_opens_in_the_browser(page):
    assert page.goto("/").ok
