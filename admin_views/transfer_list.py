"""What the lists of transfers show: tabs, filters kept in the URL, and pages by key instead of by number.

Every query starts from what the actor may see. Of a person nothing but a name prefix or a blind index stands in a URL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from admin_views.listing import starting_with
from admin_views.translating import gettext as _
from models import Member, Organization, Transfer, TransferKind, TransferState, db
from models.prepared import BY_KEYS
from workflow import desk, loading, policy
from workflow.actors import Actor
from workflow.errors import N_

PAGE_SIZE = 20
NEWEST_FIRST: Sequence[InstrumentedAttribute[Any]] = (Transfer.applied_on, Transfer.id)
NAME_LENGTH = 60
_BLIND_INDEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Tab:
    """One tab: its words and the end of a transfer that must lie in the chosen subtree (R33)."""

    label: str
    path: InstrumentedAttribute[str]


TABS = {
    "out": Tab(N_("转出记录"), Transfer.source_path),
    "in": Tab(N_("转入记录"), Transfer.destination_path),
}


@dataclass(frozen=True)
class Filters:
    """What the URL asks for; an empty value is no filter."""

    tab: str = "out"
    org: str = ""
    state: str = ""
    kind: str = ""
    name: str = ""
    since: str = ""
    until: str = ""
    person: str = ""
    mine: str = ""

    @classmethod
    def of(cls, args: Mapping[str, str]) -> Filters:
        """Read a query string; what makes no sense is dropped, as if it had not been asked for."""
        asked = {field.name: args.get(field.name, "").replace("\x00", "").strip() for field in fields(cls)}
        readable = {name: value for name, value in asked.items() if value and _READABLE[name](value)}
        return cls(**readable)

    def without(self, *names: str) -> Filters:
        """The same filters with some of them taken away."""
        return replace(self, **dict.fromkeys(names, ""))

    def arguments(self, **more: str) -> dict[str, Any]:
        """The query string of these filters, for a link."""
        given = {field.name: getattr(self, field.name) for field in fields(self)} | more
        return {name: value for name, value in given.items() if value}

    def only_place(self) -> dict[str, Any]:
        """The query string of the tab and the organization alone."""
        return Filters(tab=self.tab, org=self.org).arguments()

    @property
    def narrowed(self) -> bool:
        """Whether anything beside the tab and the organization is asked for."""
        return self.arguments() != self.only_place()

    def conditions(self, actor: Actor, organization: Organization | None) -> list[ColumnElement[bool]]:
        """The conditions on `Transfer` joined with `Member`; what a tab shows begins or ends in the actor's scope."""
        wanted = [policy.ends_within(TABS[self.tab].path, policy.paths_of(actor, organization))]
        wanted += [condition(getattr(self, name)) for name, condition in _CONDITIONS.items() if getattr(self, name)]
        if self.mine:
            wanted.append(desk.waits_for(actor))
        return wanted


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2026-11-24")


_READABLE: Mapping[str, Callable[[str], object]] = {
    "tab": TABS.__contains__,
    "org": lambda text: text.isdecimal() and len(text) < 10,
    "state": {state.value for state in TransferState}.__contains__,
    "kind": lambda text: len(text) <= 32,
    "name": lambda text: len(text) <= NAME_LENGTH,
    "since": _is_date,
    "until": _is_date,
    "person": _BLIND_INDEX.fullmatch,
    "mine": "1".__eq__,
}
_CONDITIONS: Mapping[str, Any] = {
    "state": lambda text: Transfer.state == TransferState(text),
    "kind": lambda text: Transfer.kind_code == text,
    "name": starting_with(Member.name),
    "since": lambda text: Transfer.applied_on >= date.fromisoformat(text),
    "until": lambda text: Transfer.applied_on <= date.fromisoformat(text),
    "person": lambda text: Member.id_number_index == text,
}


@dataclass(frozen=True)
class Page:
    """One page of transfers; the cursors are keys of transfers, None where there is nothing further."""

    rows: Sequence[Transfer]
    earlier: str | None = None
    """The cursor for the page before this one (`before=`)."""
    later: str | None = None
    """The cursor for the page after this one (`after=`)."""


def page(
    query: Select[Transfer],
    args: Mapping[str, str],
    order: Sequence[InstrumentedAttribute[Any]] = NEWEST_FIRST,
    *,
    newest_first: bool = True,
    size: int = PAGE_SIZE,
) -> Page:
    """The page of `query` that `after` or `before` in the query string names, the first one by default.

    `order` must tell any two transfers apart; `query` may ask for what `Member` has. The last page costs what the first
    costs: no OFFSET, no count.
    """
    back = "before" in args and "after" not in args
    cursor = _cursor(args.get("before") if back else args.get("after"), order)
    descending = newest_first is not back
    if cursor is not None:
        here, there = (
            tuple_(*order),
            tuple_(*(literal(value, column.type) for value, column in zip(cursor, order, strict=True))),
        )
        query = query.where(here < there if descending else here > there)
    query = query.order_by(None).order_by(*(column.desc() if descending else column for column in order))
    rows = loading.listed(query.limit(size + 1))
    more, rows = len(rows) > size, rows[:size]
    if back and cursor is not None:
        rows.reverse()
        return _with_cursors(rows, has_earlier=more, has_later=True)
    return _with_cursors(rows, has_earlier=cursor is not None, has_later=more)


def _cursor(key: str | None, order: Sequence[InstrumentedAttribute[Any]]) -> Sequence[Any] | None:
    if not key or not key.isprintable():
        return None
    return db.session.execute(select(*order).where(Transfer.key == key).execution_options(**BY_KEYS)).one_or_none()


def _with_cursors(rows: Sequence[Transfer], *, has_earlier: bool, has_later: bool) -> Page:
    if not rows:
        return Page(rows)
    return Page(rows, rows[0].key if has_earlier else None, rows[-1].key if has_later else None)


def transfers(actor: Actor, filters: Filters, organization: Organization | None) -> Select[Transfer]:
    """The transfers of a tab that the filters leave, unordered; for `page`."""
    return select(Transfer).where(*filters.conditions(actor, organization))


def chosen(filters: Filters, kinds: Mapping[str, TransferKind]) -> list[tuple[str, str]]:
    """The filters in force, in words: (name, words) for each chip that takes one away."""
    words = {
        "mine": _("待我办理"),
        "state": _(TransferState(filters.state).label) if filters.state else "",
        "kind": _(kinds[filters.kind].name) if filters.kind in kinds else filters.kind,
        "name": _("姓名：%(name)s", name=filters.name),
        "since": _("申请时间从 %(date)s", date=filters.since),
        "until": _("申请时间到 %(date)s", date=filters.until),
        "person": _("按身份证号查找"),
    }
    return [(name, text) for name, text in words.items() if getattr(filters, name)]
