"""The migrations: up from nothing, down again to nothing, and what they make is what the models say."""

from itertools import pairwise

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from models import db
from tests.database.schema import blank, contents, downgrade, leftovers, revisions, schema, upgrade

# Alembic and SQLAlchemy do not read these back from SQLite; `schema` does.
pytestmark = pytest.mark.filterwarnings("ignore:.*expression-based index")


def test_the_migrations_run_from_nothing_up_and_down_again_and_leave_nothing_behind(new_app, backend):
    with blank(new_app, backend):
        upgrade()
        assert leftovers() >= set(db.metadata.tables)
        downgrade()
        assert leftovers() == set()


def test_they_run_up_again_after_that(new_app, backend):
    with blank(new_app, backend):
        upgrade()
        once = contents()
        downgrade()
        upgrade()
        assert contents() == once


@pytest.mark.parametrize(("before", "revision"), list(pairwise(["base", *revisions()])))
def test_each_revision_takes_back_exactly_what_it_made(new_app, backend, before, revision):
    with blank(new_app, backend):
        upgrade(before)
        as_it_was = contents()
        upgrade(revision)
        assert contents() != as_it_was
        downgrade(before)
        assert contents() == as_it_was


def test_alembic_finds_no_difference_between_the_migrated_schema_and_the_models(empty_app):
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []


def test_nor_is_there_any_in_the_checks_defaults_and_indexes_that_alembic_does_not_look_at(new_app, backend):
    with new_app(backend, "empty") as app, app.app_context():
        migrated = schema()
    with blank(new_app, backend):
        db.create_all()
        assert schema() == migrated
