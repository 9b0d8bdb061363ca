"""Many rows in quickly: without indexes, foreign keys and triggers while they come, with all of them after."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat

import psycopg
from sqlalchemy import Table
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from models import db

TABLES = ("organization", "member", "account", "role_grant", "transfer", "step", "history_entry")
"""What is loaded; the reference rows come from the migrations."""


class Store(ABC):
    """One database while it is being filled."""

    @abstractmethod
    @contextmanager
    def bulk(self) -> Iterator[None]:
        """The block writes; when it ends every index and constraint stands again and has been checked."""

    @abstractmethod
    def _write(self, table: str, columns: Sequence[str], rows: Iterable[tuple]) -> None: ...

    @abstractmethod
    def analyze(self) -> None:
        """Tell the planner what there is now."""

    def write(self, name: str, columns: Sequence[str], rows: Iterable[tuple]) -> None:
        """Add rows to a table; columns that are younger than this benchmark get their default."""
        assert set(columns) <= set(db.metadata.tables[name].columns.keys()), name
        more = younger(db.metadata.tables[name], columns)
        if more:
            rows = (row + rest for row, rest in zip(rows, repeat(tuple(more.values())), strict=False))
        self._write(name, [*columns, *more], rows)


def younger(table: Table, columns: Sequence[str]) -> dict[str, object]:
    """The columns that are not among `columns` and need a value, with what the product would put into them."""
    found: dict[str, object] = {}
    for column in table.columns:
        if column.name in columns or column.nullable or column.server_default is not None:
            continue
        default = column.default
        if isinstance(default, ScalarElementColumnDefault):
            found[column.name] = default.arg
        elif column.type.python_type is str:
            found[column.name] = ""
        elif column.type.python_type is dict:
            found[column.name] = "{}"
        else:
            raise LookupError(f"the benchmark does not know what to put into {table.name}.{column.name}")
    return found


class PostgresStore(Store):
    """By COPY into truncated tables, in one transaction."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    @contextmanager
    def bulk(self) -> Iterator[None]:
        tables = list(TABLES)
        run = self._connection.execute
        run("SET TIME ZONE 'UTC'")
        constraints = run(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype = 'f' FROM pg_constraint "
            "WHERE contype = 'f' AND (conrelid::regclass::text = ANY(%(t)s) OR confrelid::regclass::text = ANY(%(t)s))"
            " OR contype IN ('p', 'u') AND conrelid::regclass::text = ANY(%(t)s) ORDER BY 4 DESC, 1, 2",
            {"t": tables},
        ).fetchall()
        for table, name, _definition, _is_foreign in constraints:
            run(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        # What belonged to a constraint has gone with it.
        indexes = run("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)", [tables]).fetchall()
        for name, _definition in indexes:
            run(f'DROP INDEX "{name}"')
        for table in tables:
            run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        run(f"TRUNCATE {', '.join(tables)}")
        yield
        for table, name, definition, is_foreign in constraints:
            if not is_foreign:
                run(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        for _name, definition in indexes:
            run(definition)
        for table, name, definition, is_foreign in constraints:
            if is_foreign:
                run(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        for table in tables:
            run(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")  # noqa: S608
        self._connection.commit()

    def _write(self, table: str, columns: Sequence[str], rows: Iterable[tuple]) -> None:
        statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN WITH (FREEZE)"
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def analyze(self) -> None:
        self._connection.commit()
        self._connection.autocommit = True
        self._connection.execute("VACUUM ANALYZE")
        self._connection.execute("CHECKPOINT")


class SqliteStore(Store):
    """By prepared inserts in one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @contextmanager
    def bulk(self) -> Iterator[None]:
        run = self._connection.execute
        run("PRAGMA foreign_keys=OFF")
        run("BEGIN IMMEDIATE")
        marks = ", ".join("?" * len(TABLES))
        found = f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name IN ({marks})"  # noqa: S608
        indexes = [(name, definition) for name, definition in run(found, TABLES) if definition]
        for name, _definition in indexes:
            run(f'DROP INDEX "{name}"')
        yield
        for _name, definition in indexes:
            run(definition)
        run("COMMIT")
        broken = run("PRAGMA foreign_key_check").fetchone()
        assert broken is None, broken

    def _write(self, table: str, columns: Sequence[str], rows: Iterable[tuple]) -> None:
        marks = ", ".join("?" * len(columns))
        self._connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608

    def analyze(self) -> None:
        self._connection.execute("ANALYZE")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
