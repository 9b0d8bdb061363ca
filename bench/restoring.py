"""Putting a province back after decisions have been taken on it: new rows go, changed ones stand as they stood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Table

from bench.byhand import Raw, marks
from models import db

_OF_TRANSFERS = {
    "transfer": "key IN ({0})",
    "step": "transfer_id IN (SELECT id FROM transfer WHERE key IN ({0}))",
    "member": "id IN (SELECT member_id FROM transfer WHERE key IN ({0}))",
}


@contextmanager
def put_back(raw: Raw, keys: Sequence[str]) -> Iterator[None]:
    """Whatever the block adds anywhere, and does to the transfers with these keys and to their members, is undone."""
    growing = [table for table in db.metadata.sorted_tables if "id" in table.columns]
    last = {table.name: raw.row(f"SELECT max(id) FROM {table.name}")[0] or 0 for table in growing}  # noqa: S608
    kept = {name: _rows(raw, name, condition, keys) for name, condition in _OF_TRANSFERS.items()}
    try:
        yield
    finally:
        with _without_guards(raw):
            for table in reversed(growing):
                raw.run(f"DELETE FROM {table.name} WHERE id > %s", last[table.name])  # noqa: S608
            for name, (columns, rows) in kept.items():
                ids = [row[columns.index("id")] for row in rows]
                raw.run(f"DELETE FROM {name} WHERE id IN ({marks(ids)})", *ids)  # noqa: S608
                for row in rows:
                    raw.run(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks(row)})", *row)  # noqa: S608


def _rows(raw: Raw, name: str, condition: str, keys: Sequence[str]) -> tuple[list[str], list[tuple]]:
    columns = [column.name for column in _table(name).columns]
    where = condition.format(marks(keys))
    return columns, raw.rows(f"SELECT {', '.join(columns)} FROM {name} WHERE {where}", *keys)  # noqa: S608


def _table(name: str) -> Table:
    return db.metadata.tables[name]


@contextmanager
def _without_guards(raw: Raw) -> Iterator[None]:
    """One transaction in which neither foreign keys nor the triggers of what only grows stand in the way."""
    if not raw.is_sqlite:
        with raw.transaction():
            raw.run("SET LOCAL session_replication_role = replica")
            yield
        return
    raw.run("PRAGMA foreign_keys=OFF")
    triggers = raw.rows("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    with raw.transaction():
        for name, _sql in triggers:
            raw.run(f'DROP TRIGGER "{name}"')
        yield
        for _name, sql in triggers:
            raw.run(sql)
