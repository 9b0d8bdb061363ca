"""转出记录 and 转入记录: by level, near the beginning and at the end, by each filter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

from bench.byhand import Raw, end_inside, moment, number, short, template, waited
from bench.province.people import COMMON_SURNAME, KEEPER, RARE_NAME
from bench.sample import LEVELS, MONTH, Sample, Spot
from bench.site import Page

ROW = r'href="/transfers/([\w-]{16})"'
PATHS = {"out": "source_path", "in": "destination_path"}
NO_CONDITION: tuple[str, Sequence[Any]] = ("1 = 1", ())
CELLS = (
    "SELECT t.id, t.key, t.version, t.state, t.arrived_at, t.created_at, t.ended_at, t.applied_on, m.name, "
    "m.id_number_masked, s.name, d.name, k.name, c.name, p.confirms, p.objects, t.current_organization_id"
)
JOINS = (
    " JOIN member m ON m.id = t.member_id JOIN organization s ON s.id = t.source_id"
    " JOIN organization d ON d.id = t.destination_id JOIN transfer_kind k ON k.code = t.kind_code"
    " LEFT JOIN organization c ON c.id = t.current_organization_id"
    " LEFT JOIN step p ON p.transfer_id = t.id AND p.state = 'current'"
)
_STATES = {"withdrawn": "已撤回至申请人", "rejected": "已驳回至申请人", "completed": "已办结", "voided": "已作废"}
_TONES = {"withdrawn": "back", "rejected": "back", "completed": "done", "voided": "end", "in_progress": "way"}
_CONFIRM = (("confirm", "确认报到", "primary"), ("object", "异议反馈", "danger"))
_APPROVE = (("approve", "通过", "primary"), ("reject", "驳回", "danger"))

_LIST = template("transfers_list")


class Line(NamedTuple):
    """The cells of one transfer."""

    key: str
    version: int
    name: str
    masked: str
    source: str
    destination: str
    kind: str
    number: str
    tone: str
    standing: str
    since: str
    actions: tuple[tuple[str, str, str], ...]


def line(cells: tuple, mine: int | None) -> Line:
    """What a row of the statement shows to the liaison of the organization `mine`."""
    identity, key, version, state, arrived, created, ended, _applied, name, masked, source, destination = cells[:12]
    kind, place, confirms, objects, standing_at = cells[12:]
    own = standing_at is not None and standing_at == mine
    if place is None:
        standing = _STATES[state]
    else:
        standing = f"待{place}{'确认报到' if confirms else '接收' if objects else '审批'}"
    return Line(
        key=key,
        version=version,
        name=name,
        masked=masked,
        source=source,
        destination=destination,
        kind=kind,
        number=number(created, identity),
        tone="now" if own else _TONES[state],
        standing=standing,
        since=short(ended) if ended else waited(moment(arrived)),
        actions=() if not own else _CONFIRM if confirms else _APPROVE,
    )


def show(found: list[tuple], mine: int | None, *, size: int = 20, tick: bool = False, back: bool = False) -> str:
    """The page of the rows of a statement, which asked for one more than is shown."""
    more, found = len(found) > size, found[:size]
    if back:
        found.reverse()
    return _LIST.render(rows=[line(cells, mine) for cells in found], more=more, tick=tick)


def listed(
    raw: Raw,
    tab: str,
    spot: Spot | None,
    condition: tuple[str, Sequence[Any]] = NO_CONDITION,
    *,
    viewer: Spot | None,
    cursor: tuple[str, str] | None = None,
    more: str = "",
) -> str:
    """One page of a tab: what the subtree of `spot` has, newest first; `more` joins what the condition needs."""
    where, values = end_inside(f"t.{PATHS[tab]}", spot.path if spot else "")
    asked = f"{where} AND {condition[0]}"
    given = [*values, *condition[1]]
    back = cursor is not None and cursor[0] == "before"
    if cursor is not None:
        at = "(SELECT applied_on, id FROM transfer WHERE key = %s)"
        asked += f" AND (t.applied_on, t.id) {'>' if back else '<'} {at}"
        given.append(cursor[1])
    order = "{0}.applied_on ASC, {0}.id ASC" if back else "{0}.applied_on DESC, {0}.id DESC"
    chosen = f"(SELECT t.* FROM transfer t{more} WHERE {asked} ORDER BY {order.format('t')} LIMIT 21) t"  # noqa: S608
    found = raw.rows(f"{CELLS} FROM {chosen}{JOINS} ORDER BY {order.format('t')}", *given)
    return show(found, viewer.id if viewer else None, back=back)


_BY_MEMBER = " JOIN member n ON n.id = t.member_id"


def pages(sample: Sample) -> Iterator[Page]:
    """Every list of transfers that is measured."""
    for level in LEVELS:
        spot = sample.spots[level]
        for tab in PATHS:
            yield _page(f"transfers {tab}, {level}", spot, {"tab": tab}, tab, spot)
    for level in LEVELS:
        spot = sample.spots[level]
        for name, cursor in _cursors(sample, spot):
            yield _page(f"transfers out, {level}, {name}", spot, dict([cursor]), "out", spot, cursor=cursor)
    keeper = sample.spots["county"]
    yield _page("transfers out, admin", None, {}, "out", None)
    yield _page("transfers out, admin, one county", None, {"org": str(keeper.id)}, "out", keeper)
    for level in ("branch", "county", "province"):
        spot = sample.spots[level]
        for name, asked, condition, more in _filters(sample, spot):
            yield _page(f"transfers out, {level}, {name}", spot, asked, "out", spot, condition, more=more)


def _cursors(sample: Sample, spot: Spot) -> Iterator[tuple[str, tuple[str, str]]]:
    yield "middle page", ("after", sample.transfer_key(spot, "out"))
    yield "last page", ("after", sample.transfer_key(spot, "out", from_end=20))
    yield "page before the last", ("before", sample.transfer_key(spot, "out", from_end=19))


def _filters(sample: Sample, spot: Spot) -> Iterator[tuple[str, dict[str, str], tuple[str, Sequence[Any]], str]]:
    """(name, query string, condition by hand, what it joins)."""
    _key, person = sample.person_of(spot)
    since, until = MONTH
    yield "state in progress", {"state": "in_progress"}, ("t.state = %s", ["in_progress"]), ""
    yield "state completed", {"state": "completed"}, ("t.state = %s", ["completed"]), ""
    yield "kind", {"kind": "out_of_province"}, ("t.kind_code = %s", ["out_of_province"]), ""
    common = ("n.name LIKE %s", [f"{COMMON_SURNAME}%"])
    yield "common name", {"name": COMMON_SURNAME}, common, _BY_MEMBER
    if spot.level == "province":
        yield "rare name", {"name": RARE_NAME}, ("n.name LIKE %s", [f"{RARE_NAME}%"]), _BY_MEMBER
    yield "none of the name", {"name": "诸葛"}, ("n.name LIKE %s", ["诸葛%"]), _BY_MEMBER
    yield "ID number", {"person": person}, ("n.id_number_index = %s", [person]), _BY_MEMBER
    if spot.level != "branch":
        month = ("t.applied_on BETWEEN %s AND %s", [since, until])
        yield "a month", {"since": since, "until": until}, month, ""
    yield "mine, or none", {"mine": "1"}, ("t.waiting_organization_id = %s", [spot.id]), ""


def _page(
    name: str,
    viewer: Spot | None,
    asked: dict[str, str],
    tab: str,
    spot: Spot | None,
    condition: tuple[str, Sequence[Any]] = NO_CONDITION,
    cursor: tuple[str, str] | None = None,
    more: str = "",
) -> Page:
    path = "/transfers/" + (f"?{urlencode(asked)}" if asked else "")
    by_hand = partial(listed, tab=tab, spot=spot, condition=condition, viewer=viewer, cursor=cursor, more=more)
    return Page(name, viewer.username if viewer else KEEPER, path, by_hand, ROW)
