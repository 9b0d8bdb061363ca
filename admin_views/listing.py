"""What a list shows: columns, search and filters as data, and pages by key instead of by number.

The last page costs what the first costs: no OFFSET, no count. A cursor in a URL is the address of a row, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from models import Checked, LabelledEnum, clock, db
from models.prepared import BY_KEYS

SEARCH_LENGTH = 60
ESCAPE = "\\"
LAST_CHARACTER = "\U0010ffff"


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
    """A choice among few values: `options` gives (value, words), `condition` narrows the list to one of them.

    Without `options` it is a further search box, or a day where `kind` is "date"; `order` is what `Search.order` is.
    """

    name: str
    label: Any
    options: Callable[[], Sequence[tuple[str, Any]]] | None
    condition: Callable[[str], ColumnElement[bool]]
    order: tuple[InstrumentedAttribute[Any], ...] = ()
    kind: str = "search"
    beside: Callable[[str], ColumnElement[bool]] | None = None
    """The condition beside a search that brings its own order: the index of that one is to be read, not its own."""

    def read(self, text: str) -> str:
        """What a query string says, "" where it says nothing that can be asked for."""
        if self.options is None:
            return day(text) if self.kind == "date" else typed(text)
        return text if text in {value for value, _words in self.options()} else ""

    def in_words(self, value: str) -> str:
        """What was chosen; of what was typed only where."""
        if self.options is not None:
            return str(dict(self.options()).get(value, value))
        return f"{self.label} {value}" if self.kind == "date" else str(self.label)


@dataclass(frozen=True)
class Search:
    """The search box of a list. `order` replaces the list's own while a search is on, where an index serves it."""

    label: Any
    condition: Callable[[str], ColumnElement[bool]]
    order: tuple[InstrumentedAttribute[Any], ...] = ()


def by_label(name: str, label: Any, column: InstrumentedAttribute[Any], kind: type[LabelledEnum]) -> Filter:
    """The filter by a column that holds a closed set."""
    return Filter(
        name,
        label,
        lambda: [(item.value, item.label) for item in kind],
        lambda value: column == kind(value),
        beside=lambda value: Checked(column) == kind(value).value,
    )


def since(label: Any, column: InstrumentedAttribute[Any]) -> Filter:
    """The filter that leaves what happened on a day in Shanghai or later; `column` is a moment."""
    return Filter("since", label, None, lambda text: column >= _midnight(text), kind="date")


def until(label: Any, column: InstrumentedAttribute[Any]) -> Filter:
    """The filter that leaves what happened on a day in Shanghai or before."""
    return Filter("until", label, None, lambda text: column < _midnight(text) + timedelta(days=1), kind="date")


def on_day(column: InstrumentedAttribute[Any], text: str) -> ColumnElement[bool]:
    """The condition that a moment lies on a day in Shanghai."""
    return and_(column >= _midnight(text), column < _midnight(text) + timedelta(days=1))


def _midnight(text: str) -> datetime:
    """When a day begins in Shanghai."""
    return datetime.combine(date.fromisoformat(text), time.min, clock.SHANGHAI)


def starting_with(column: InstrumentedAttribute[str]) -> Callable[[str], ColumnElement[bool]]:
    """A prefix search as a range: the index of a column in byte order (`ordered_text`) serves it on both databases."""
    return lambda text: and_(column >= text, column < text + LAST_CHARACTER)


def containing(column: InstrumentedAttribute[str]) -> Callable[[str], ColumnElement[bool]]:
    """A search anywhere in the text, for tables of some ten thousand rows."""
    return lambda text: column.like(f"%{escaped(text)}%", escape=ESCAPE)


def escaped(text: str) -> str:
    """The text as LIKE takes it literally."""
    for character in (ESCAPE, "%", "_"):
        text = text.replace(character, ESCAPE + character)
    return text


def typed(text: str) -> str:
    """What was typed into a search box, as it can be looked for."""
    return text.replace("\x00", "").strip()[:SEARCH_LENGTH]


def day(text: str) -> str:
    """A day as YYYY-MM-DD, "" where the text is none that a moment can have."""
    try:
        read = date.fromisoformat(text)
    except ValueError:
        return ""
    return read.isoformat() if 1900 <= read.year < 2200 else ""


@dataclass(frozen=True)
class Asked:
    """What a query string asks of a list; what makes no sense is dropped, as if it had not been asked for."""

    search: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, args: Mapping[str, str], filters: Iterable[Filter]) -> Asked:
        read = {item.name: item.read(args[item.name]) for item in filters if item.name in args}
        return cls(typed(args.get("q", "")), {name: value for name, value in read.items() if value})

    def arguments(self) -> dict[str, str]:
        """The same as a query string, for links."""
        return {**({"q": self.search} if self.search else {}), **self.filters}

    def in_words(self, filters: Iterable[Filter], finder: Search | None) -> list[str]:
        """The same for the audit log: of what was typed only where, since it may be a number in the wrong box."""
        typed_into = [str(finder.label)] if finder and self.search else []
        chosen = [(item, self.filters[item.name]) for item in filters if item.name in self.filters]
        return [*typed_into, *(item.in_words(value) for item, value in chosen)]


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
    *,
    newest_first: bool = False,
) -> Page:
    """The page of `query` after or before the row that `cursors` names ("after", "before"), the first by default.

    `order` must tell any two rows apart; `newest_first` turns it round. A cursor outside the query's own conditions is
    no cursor.
    """
    back = "after" not in cursors and "before" in cursors
    at = cursors.get("before" if back else "after")
    start = None
    if at is not None:
        start = db.session.execute(
            query.with_only_columns(*order).where(address == at).execution_options(**BY_KEYS)
        ).one_or_none()
    back = back and start is not None
    falling = back is not newest_first
    if start is not None:
        here = tuple_(*order)
        there = tuple_(*(literal(value, column.type) for value, column in zip(start, order, strict=True)))
        query = query.where(here < there if falling else here > there)
    rows = list(db.session.scalars(query.order_by(*in_order(order, falling)).limit(size + 1)))
    more, rows = len(rows) > size, rows[:size]
    if back:
        rows.reverse()
    if not rows:
        return Page(rows)
    first, last = (str(getattr(row, address.key)) for row in (rows[0], rows[-1]))
    has_before, has_after = (more, True) if back else (start is not None, more)
    return Page(rows, first if has_before else "", last if has_after else "")


def in_order(order: Sequence[InstrumentedAttribute[Any]], falling: bool) -> list[ColumnElement[Any]]:
    """The columns of an order as a statement takes them, all of them rising or falling: so one index serves it."""
    return [column.desc() if falling else column.asc() for column in order]


def rows_of(model: type[Any], condition: ColumnElement[bool]) -> Select[Any]:
    """The rows of a model within a scope: where every way to a row begins."""
    return select(model).where(condition)
