"""What a list shows: columns, search and filters as data, and pages by key instead of by number.

The last page costs what the first costs: no OFFSET, no count. A cursor in a URL is the address of a row, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from models import LabelledEnum, db

SEARCH_LENGTH = 60
ESCAPE = "\\"


@dataclass(frozen=True)
class Column:
    """One column of a list or one fact of a page: how a row's value reads. `note` is a second, quieter line.

    `tone` turns the value into a pill of that class; "" is no pill. A `brief` one never wraps, and shares a line on
    the phone.
    """

    label: Any
    value: Callable[[Any], Any]
    note: Callable[[Any], Any] | None = None
    tone: Callable[[Any], str] | None = None
    brief: bool = False


@dataclass(frozen=True)
class Filter:
    """A choice among few values: `options` gives (value, words), `condition` narrows the list to one of them."""

    name: str
    label: Any
    options: Callable[[], Sequence[tuple[str, Any]]]
    condition: Callable[[str], ColumnElement[bool]]


@dataclass(frozen=True)
class Search:
    """The search box of a list. `order` replaces the list's own while a search is on, where an index serves it."""

    label: Any
    condition: Callable[[str], ColumnElement[bool]]
    order: tuple[InstrumentedAttribute[Any], ...] = ()


def by_label(name: str, label: Any, column: InstrumentedAttribute[Any], kind: type[LabelledEnum]) -> Filter:
    """The filter by a column that holds a closed set."""
    return Filter(name, label, lambda: [(item.value, item.label) for item in kind], lambda value: column == kind(value))


def starting_with(column: InstrumentedAttribute[str]) -> Callable[[str], ColumnElement[bool]]:
    """A prefix search: Chinese has no letter case, so LIKE does, and an index serves it."""
    return lambda text: column.like(escaped(text) + "%", escape=ESCAPE)


def containing(column: InstrumentedAttribute[str]) -> Callable[[str], ColumnElement[bool]]:
    """A search anywhere in the text, for tables of some ten thousand rows."""
    return lambda text: column.like(f"%{escaped(text)}%", escape=ESCAPE)


def escaped(text: str) -> str:
    """The text as LIKE takes it literally."""
    for character in (ESCAPE, "%", "_"):
        text = text.replace(character, ESCAPE + character)
    return text


@dataclass(frozen=True)
class Asked:
    """What a query string asks of a list; what makes no sense is dropped, as if it had not been asked for."""

    search: str = ""
    filters: Mapping[str, str] | None = None

    @classmethod
    def of(cls, args: Mapping[str, str], filters: Iterable[Filter]) -> Asked:
        chosen = {
            item.name: args[item.name]
            for item in filters
            if args.get(item.name) in {value for value, _words in item.options()}
        }
        return cls(args.get("q", "").replace("\x00", "").strip()[:SEARCH_LENGTH], chosen)

    def arguments(self) -> dict[str, str]:
        """The same as a query string, for links."""
        return {**({"q": self.search} if self.search else {}), **(self.filters or {})}


@dataclass(frozen=True)
class Page:
    """One page of rows; the cursors are addresses of rows, "" where there is nothing further."""

    rows: Sequence[Any]
    before: str = ""
    after: str = ""


def page(
    query: Select[Any],
    order: Sequence[InstrumentedAttribute[Any]],
    address: InstrumentedAttribute[Any],
    cursors: Mapping[str, Any],
    size: int,
) -> Page:
    """The page of `query` after or before the row that `cursors` names ("after", "before"), the first by default.

    `order` must tell any two rows apart. A cursor outside the query's own conditions is no cursor.
    """
    back = "after" not in cursors and "before" in cursors
    at = cursors.get("before" if back else "after")
    start = None
    if at is not None:
        start = db.session.execute(query.with_only_columns(*order).options().where(address == at)).one_or_none()
    if start is not None:
        here, there = tuple_(*order), tuple_(*start)
        query = query.where(here < there if back else here > there)
    back = back and start is not None
    query = query.order_by(*(column.desc() if back else column for column in order)).limit(size + 1)
    rows = list(db.session.scalars(query))
    more, rows = len(rows) > size, rows[:size]
    if back:
        rows.reverse()
    if not rows:
        return Page(rows)
    first, last = (str(getattr(row, address.key)) for row in (rows[0], rows[-1]))
    has_before, has_after = (more, True) if back else (start is not None, more)
    return Page(rows, first if has_before else "", last if has_after else "")


def rows_of(model: type[Any], condition: ColumnElement[bool]) -> Select[Any]:
    """The rows of a model within a scope: where every way to a row begins."""
    return select(model).where(condition)
