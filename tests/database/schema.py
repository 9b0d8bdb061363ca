"""A database's schema as plain values, so that two can be compared, and walking the migrations up and down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import flask_migrate
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Flask

from models import db
from tests.support.databases import ROOT

MIGRATIONS = str(ROOT / "migrations")
VERSION_TABLE = "alembic_version"


def revisions() -> list[str]:
    """The revisions from the first to the last."""
    return [script.revision for script in ScriptDirectory(MIGRATIONS).walk_revisions()][::-1]


def upgrade(to: str = "head") -> None:
    _let_go()
    flask_migrate.upgrade(directory=MIGRATIONS, revision=to)


def downgrade(to: str = "base") -> None:
    _let_go()
    flask_migrate.downgrade(directory=MIGRATIONS, revision=to)


def _let_go() -> None:
    """A session that still reads would keep the migration waiting."""
    db.session.remove()


@contextmanager
def blank(new_app, backend: str) -> Iterator[Flask]:
    """An application on a database without any table, its context pushed."""
    with new_app(backend, "blank") as app, app.app_context():
        yield app


def leftovers() -> set[str]:
    """Everything in the database that has a name and is not Alembic's: tables, indexes, triggers, functions."""
    statements = {
        "sqlite": "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'",
        "postgresql": """
            SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
            UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
            UNION SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
            UNION SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
        """,
    }
    with db.engine.connect() as connection:
        names = connection.scalars(sa.text(statements[connection.dialect.name]))
        return {name for name in names if VERSION_TABLE not in name}


def schema() -> dict[str, Any]:
    """Columns, keys, constraints of each table, and the indexes, in an order that does not depend on who made them."""
    inspector = sa.inspect(db.engine)
    tables = {name: _table(inspector, name) for name in inspector.get_table_names() if name != VERSION_TABLE}
    return {**tables, "indexes": _indexes()}


def contents() -> dict[str, Any]:
    """The schema, everything that has a name, and how many rows stand in each table."""
    tables = schema()
    with db.engine.connect() as connection:
        rows = {
            name: connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) for name in tables if name != "indexes"
        }
    return {"names": leftovers(), "rows": rows, "schema": tables}


def _table(inspector: sa.Inspector, name: str) -> dict[str, Any]:
    return {
        "columns": {
            column["name"]: (str(column["type"]), column["nullable"], _words(column["default"]))
            for column in inspector.get_columns(name)
        },
        "primary key": inspector.get_pk_constraint(name)["constrained_columns"],
        "checks": {check["name"]: _words(check["sqltext"]) for check in inspector.get_check_constraints(name)},
        "unique": {each["name"]: each["column_names"] for each in inspector.get_unique_constraints(name)},
        "foreign keys": {
            tuple(each["constrained_columns"]): (each["referred_table"], each["referred_columns"])
            for each in inspector.get_foreign_keys(name)
        },
    }


def _indexes() -> dict[str, str]:
    """Each index by its name, in SQL; what a unique or primary key makes of its own accord is not among them."""
    statements = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    }
    with db.engine.connect() as connection:
        rows = connection.execute(sa.text(statements[connection.dialect.name]))
        return {name: _words(sql) for name, sql in rows if VERSION_TABLE not in name}


def _words(text: object) -> str:
    """SQL without the line breaks of whoever wrote it."""
    return re.sub(r"\s+", " ", str(text if text is not None else ""))
