"""工作台, 待办 and its neighbours, 我的申请: for a liaison with little and with much to do, for members and keepers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from bench.byhand import Raw, inside, template
from bench.pages.transfers import CELLS, JOINS, ROW, line, show
from bench.province.people import KEEPER
from bench.province.size import PRESENT
from bench.sample import Sample, Spot
from bench.site import Page

TODO_SHOWN = 10
"""Rows on 工作台."""
_LATE_AFTER = timedelta(days=3)
_WAITS = "t.waiting_organization_id = %s"
_ELSEWHERE = "t.state = 'in_progress' AND t.waiting_organization_id <> %s"
_STEPS = "t.id IN (SELECT transfer_id FROM step WHERE is_open AND organization_id = %s AND state = '{}')"
LISTS = {
    "todo": (_WAITS, "t.arrived_at, t.id"),
    "late": (f"{_WAITS} AND t.state = 'in_progress' AND t.arrived_at < %s", "t.arrived_at, t.id"),
    "passed": (f"{_ELSEWHERE} AND {_STEPS.format('done')}", "t.applied_on DESC, t.id DESC"),
    "coming": (f"{_ELSEWHERE} AND {_STEPS.format('coming')}", "t.applied_on DESC, t.id DESC"),
}
_HOME = template("desk_home")
_TABS = template("desk_tabs")
_MINE = template("desk_mine")


def _values(raw: Raw, name: str, spot: Spot) -> list[object]:
    if name == "todo":
        return [spot.id]
    return [spot.id, raw.value_of(PRESENT - _LATE_AFTER)] if name == "late" else [spot.id, spot.id]


def _counts(raw: Raw, spot: Spot) -> list[tuple[str, int]]:
    """How many each list holds, up to a hundred, in one statement."""
    bounded = [
        f"(SELECT count(*) FROM (SELECT 1 FROM transfer t WHERE {condition} LIMIT 100) {name})"  # noqa: S608
        for name, (condition, _order) in LISTS.items()
    ]
    values = [value for name in LISTS for value in _values(raw, name, spot)]
    return list(zip(LISTS, raw.row(f"SELECT {', '.join(bounded)}", *values), strict=True))


def _rows(raw: Raw, name: str, spot: Spot, limit: int) -> list[tuple]:
    condition, order = LISTS[name]
    chosen = f"(SELECT t.* FROM transfer t WHERE {condition} ORDER BY {order} LIMIT {limit}) t"  # noqa: S608
    return raw.rows(f"{CELLS} FROM {chosen}{JOINS} ORDER BY {order}", *_values(raw, name, spot))


def listed(raw: Raw, name: str, spot: Spot) -> str:
    """One list of the desk with the counts of all."""
    rows = show(_rows(raw, name, spot, 21), spot.id, tick=name in ("todo", "late"))
    return _TABS.render(tiles=_counts(raw, spot), rows=rows)


def home(raw: Raw, spot: Spot) -> str:
    """工作台 of a liaison."""
    todo = show(_rows(raw, "todo", spot, TODO_SHOWN + 1), spot.id, size=TODO_SHOWN)
    below, values = inside("path", spot.path)
    unset = raw.rows(
        f"SELECT id, name FROM organization WHERE {below} AND kind IN ('committee', 'working_committee') "  # noqa: S608
        "AND level_rank IS NULL AND is_active ORDER BY path LIMIT 7",
        *values,
    )
    return _HOME.render(tiles=_counts(raw, spot), todo=todo, unset=unset[:6])


def mine(raw: Raw, username: str) -> str:
    """我的申请 of a member."""
    found = raw.rows(
        f"{CELLS} FROM (SELECT t.* FROM transfer t JOIN account a ON a.member_id = t.member_id WHERE a.username = %s "  # noqa: S608
        f"ORDER BY t.applied_on DESC, t.id DESC LIMIT 21) t{JOINS} ORDER BY t.applied_on DESC, t.id DESC",
        username,
    )
    return _MINE.render(rows=[(line(cells, None), cells[7]) for cells in found[:20]])


def _home_of_member(raw: Raw, username: str) -> str:
    """工作台 of a member: the open application, if any."""
    found = raw.rows(
        f"{CELLS} FROM (SELECT t.* FROM transfer t JOIN account a ON a.member_id = t.member_id WHERE a.username = %s "  # noqa: S608
        f"AND t.state IN ('in_progress', 'withdrawn', 'rejected')) t{JOINS}",
        username,
    )
    return _MINE.render(rows=[(line(cells, None), cells[7]) for cells in found])


def pages(sample: Sample) -> Iterator[Page]:
    """Every desk that is measured."""
    few, many, above = (sample.spots[level] for level in ("branch", "town", "province"))
    for words, spot in (("few", few), ("many", many), ("whole province", above)):
        yield Page(
            f"dashboard, {words}", spot.username, "/", partial(home, spot=spot), ROW if spot is not above else ""
        )
    member = sample.travelled_member()
    yield Page("dashboard, member", member, "/", partial(_home_of_member, username=member))
    yield Page("dashboard, admin", KEEPER, "/", lambda _raw: _HOME.render(tiles=(), todo="", unset=()))
    for name in LISTS:
        for words, spot in (("few", few), ("many", many)):
            path, by_hand = f"/desk/?list={name}", partial(listed, name=name, spot=spot)
            yield Page(f"desk {name}, {words}, or none", spot.username, path, by_hand, ROW)
    yield Page("my transfers", member, "/mine/", partial(mine, username=member), ROW)
