"""What the hand-written pages stand on: a plain driver connection that times itself, and bare Jinja."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, Template

from bench.province.size import PRESENT
from models import LARGE_DEPTHS, PATH_WIDTH, below, clock

_PAGES = Environment(autoescape=True, loader=FileSystemLoader(Path(__file__).parent / "pages" / "templates"))


def template(name: str) -> Template:
    """A bare page of `pages/templates`, compiled once."""
    return _PAGES.get_template(f"{name}.html")


class Raw:
    """One connection without an ORM. Statements mark their values by `%s`, also on SQLite."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.is_sqlite = isinstance(connection, sqlite3.Connection)
        if not self.is_sqlite:
            connection.autocommit = True
        self.seconds = 0.0
        self.statements = 0

    def rows(self, statement: str, *values: Any, prepare: bool = False) -> list[tuple]:
        """All rows of a statement; its time goes into `seconds`. `prepare`: as the product does what goes by keys."""
        if self.is_sqlite:
            statement = statement.replace("%s", "?")
        how = {} if self.is_sqlite or not prepare else {"prepare": True}
        started = time.perf_counter()
        found: list[tuple] = self.connection.execute(statement, values, **how).fetchall()
        self.seconds += time.perf_counter() - started
        self.statements += 1
        return found

    def row(self, statement: str, *values: Any) -> tuple:
        """The first row of a statement that must have one."""
        return self.rows(statement, *values)[0]

    def run(self, statement: str, *values: Any) -> None:
        """A statement without rows."""
        if self.is_sqlite:
            statement = statement.replace("%s", "?")
        started = time.perf_counter()
        self.connection.execute(statement, values)
        self.seconds += time.perf_counter() - started
        self.statements += 1

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction that writes."""
        if self.is_sqlite:
            self.connection.execute("BEGIN IMMEDIATE")
            yield
            self.connection.execute("COMMIT")
        else:
            with self.connection.transaction():
                yield

    def value_of(self, moment: datetime) -> Any:
        """A moment as the database compares it."""
        return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" if self.is_sqlite else moment


Written = Callable[[Raw], str]
"""A page by hand: from a connection to its HTML, or to the JSON of a look-up."""


def marks(values: Sequence[Any]) -> str:
    """As many marks as there are values, for IN."""
    return ", ".join(["%s"] * len(values))


def moment(value: Any) -> datetime:
    """A moment as either driver returns it."""
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value


def waited(since: Any) -> str:
    """How long ago, as the product's lists say it."""
    past = PRESENT - moment(since)
    return f"{past.days} 天" if past.days else f"{past.seconds // 3600} 小时"


def short(value: Any) -> str:
    """``11-24 09:12``, in Shanghai."""
    return f"{moment(value).astimezone(clock.SHANGHAI):%m-%d %H:%M}"


def number(created_at: Any, identity: int) -> str:
    """A record's number."""
    return f"{moment(created_at).astimezone(clock.SHANGHAI):%Y%m%d}{identity:06d}"


def inside(column: str, path: str) -> tuple[str, tuple[str, ...]]:
    """The condition that a path lies in a subtree, and its values; the empty path is everything."""
    return (f"{column} >= %s AND {column} < %s", below(path)) if path else ("1 = 1", ())


def end_inside(column: str, path: str) -> tuple[str, tuple[str, ...]]:
    """`inside` for an end of a transfer: by the organization at its depth, where an index has that in order."""
    depth = len(path) // PATH_WIDTH
    if depth not in LARGE_DEPTHS:
        return inside(column, path)
    return f"substr({column}, {PATH_WIDTH * (depth - 1) + 1}, {PATH_WIDTH}) = %s", (path[-PATH_WIDTH:],)
