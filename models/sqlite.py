"""SQLite made strict: foreign keys, WAL, patience, and writers that queue when they begin.

A deferred transaction that reads first and writes later fails at once if somebody else wrote in between; one that
begins IMMEDIATE waits its turn. Readers stay deferred, so that they never wait.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection, Engine, event

BUSY_TIMEOUT_MS = 15_000
PRAGMAS = (
    "foreign_keys=ON",
    "recursive_triggers=ON",  # without it INSERT OR REPLACE deletes past the triggers that keep history
    "journal_mode=WAL",
    "synchronous=NORMAL",
    f"busy_timeout={BUSY_TIMEOUT_MS}",
)
_writing: ContextVar[bool] = ContextVar("writing", default=False)


@contextmanager
def writing() -> Iterator[None]:
    """Transactions that begin inside are write transactions (no difference on PostgreSQL)."""
    token = _writing.set(True)
    try:
        yield
    finally:
        _writing.reset(token)


def begin_as_writer(writer: bool) -> None:
    """Say for the rest of this thread's request whether its transactions are going to write."""
    _writing.set(writer)


@event.listens_for(Engine, "connect")
def _configure(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # the "begin" hook below begins; the driver must not
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _writing.get() else "BEGIN")
