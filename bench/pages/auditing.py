"""【操作留痕】, the largest table, newest first by subtree, action and name; 【账号】 and 【角色赋权管理】."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

from bench.byhand import Raw, inside, marks, number, short, template
from bench.province.people import COMMON_SURNAME, KEEPER, RARE_NAME
from bench.sample import MONTH, Sample, Spot
from bench.site import Page
from models import HistoryAction

_ENTRY, _ACCOUNT = r'href="/history/details/\?id=(\d+)"', r'href="/accounts/details/\?id=([\w-]{16})"'
_HISTORY, _ACCOUNTS, _GRANTS = template("auditing_history"), template("auditing_accounts"), template("auditing_grants")
_ENTRIES = (
    "SELECT e.id, e.at, e.action, e.actor_name, e.actor_organization_name, e.member_name, m.id_number_masked, "
    "e.from_organization_name, e.to_organization_name, t.created_at, t.id FROM "
    "(SELECT * FROM history_entry e WHERE {where} ORDER BY {by} LIMIT 21) e "
    "JOIN transfer t ON t.id = e.transfer_id JOIN member m ON m.id = t.member_id ORDER BY {by}"
)
_NEWEST = ("e.at", "e.id")


def history(
    raw: Raw,
    path: str,
    condition: str = "1 = 1",
    values: Sequence[Any] = (),
    order: Sequence[str] = _NEWEST,
    after: int | None = None,
) -> str:
    """One page of what the organizations of a subtree did, newest first."""
    where, given = "1 = 1", list(values)
    if len(path) > 8:
        where = f"substr(e.path, {len(path) - 7}, 8) = %s"
        given.insert(0, path[-8:])
    if after is not None:
        where += " AND (e.at, e.id) < (SELECT at, id FROM history_entry WHERE id = %s)"
        given.insert(1 if len(path) > 8 else 0, after)
    by = ", ".join(f"{column} DESC" for column in order)
    found = raw.rows(_ENTRIES.format(where=f"{where} AND {condition}", by=by), *given)
    rows = [
        (*row[:1], short(row[1]), HistoryAction(row[2]).label, *row[3:9], number(row[9], row[10])) for row in found[:20]
    ]
    return _HISTORY.render(rows=rows, more=len(found) > 20)


def accounts(raw: Raw, path: str, condition: str = "1 = 1", values: Sequence[Any] = (), order: str = "") -> str:
    """One page of the accounts of a subtree, with their roles: two statements."""
    where, given = inside("a.org_path", path)
    found = raw.rows(
        "SELECT a.id, a.key, a.username, m.name, h.name, o.name, m.phone_activated_at, a.is_active, "  # noqa: S608
        "a.last_signed_in_at FROM account a LEFT JOIN member m ON m.id = a.member_id "
        "LEFT JOIN organization h ON h.id = m.organization_id LEFT JOIN organization o ON o.id = a.organization_id "
        f"WHERE {where} AND {condition} ORDER BY {order or 'a.org_path, a.id'} LIMIT 21",
        *given,
        *values,
    )
    more, found = len(found) > 20, found[:20]
    roles: dict[int, list[str]] = {row[0]: [] for row in found}
    for identity, role, name in raw.rows(
        "SELECT g.account_id, r.name, o.name FROM role_grant g JOIN role r ON r.code = g.role_code "  # noqa: S608
        f"LEFT JOIN organization o ON o.id = g.organization_id WHERE g.account_id IN ({marks(list(roles))}) "
        "ORDER BY g.id",
        *roles,
    ):
        roles[identity].append(f"{role} · {name}")
    return _ACCOUNTS.render(rows=[(*row[1:], "；".join(roles[row[0]])) for row in found], more=more)


def grants(raw: Raw, identity: int) -> str:
    """Who holds which role on one organization."""
    found = raw.rows(
        "SELECT g.id, m.name, o.name, a.username, r.name, g.granted_at FROM role_grant g "
        "JOIN account a ON a.id = g.account_id JOIN role r ON r.code = g.role_code "
        "JOIN organization o ON o.id = g.organization_id LEFT JOIN member m ON m.id = a.member_id "
        "WHERE g.organization_id = %s ORDER BY g.id LIMIT 21",
        identity,
    )
    return _GRANTS.render(rows=[(*row[:5], short(row[5])) for row in found])


def pages(sample: Sample) -> Iterator[Page]:
    """Every one of these lists that is measured."""
    yield _history("history, admin", None, {})
    for level in ("branch", "town", "county", "city", "province"):
        yield _history(f"history, {level}", sample.spots[level], {})
    since, until = MONTH
    values = ["2024-02-29 16:00:00+00:00", "2024-03-31 16:00:00+00:00"]
    month = (
        "e.at >= %s AND e.at < %s",
        [value[:19] + ".000000" for value in values] if sample.raw.is_sqlite else values,
    )
    for level in ("county", "province"):
        spot = sample.spots[level]
        yield _history(f"history, {level}, an action", spot, {"action": "object"}, "e.action = %s", ["object"])
        yield _history(f"history, {level}, a common action", spot, {"action": "reject"}, "e.action = %s", ["reject"])
        yield _history(f"history, {level}, a month", spot, {"since": since, "until": until}, *month)
    top = sample.spots["province"]
    by_member = ("e.member_name", *_NEWEST)
    for words, text in (("common", COMMON_SURNAME), ("rare", RARE_NAME)):
        condition = ("e.member_name LIKE %s", [f"{text}%"])
        yield _history(f"history, province, {words} member", top, {"member": text}, *condition, order=by_member)
    by_actor = ("e.actor_name", *_NEWEST)
    text = sample.spots["branch"].name
    yield _history("history, province, who", top, {"q": text}, "e.actor_name LIKE %s", [f"{text}%"], order=by_actor)
    middle = sample.entry_id()
    yield _history("history, admin, middle page", None, {"after": middle}, after=middle)
    for spot in (sample.spots["town"], sample.spots["county"], top):
        by_hand = partial(accounts, path=spot.path)
        yield Page(f"accounts, {spot.level}", spot.username, "/accounts/", by_hand, _ACCOUNT)
    path = f"/grants/?org={sample.spots['town'].id}"
    yield Page("grants of an organization", KEEPER, path, partial(grants, identity=sample.spots["town"].id))


def _history(
    name: str,
    spot: Spot | None,
    asked: dict[str, Any],
    condition: str = "1 = 1",
    values: Sequence[Any] = (),
    *,
    order: Sequence[str] = _NEWEST,
    after: int | None = None,
) -> Page:
    path = "/history/" + (f"?{urlencode(asked)}" if asked else "")
    by_hand = partial(
        history, path=spot.path if spot else "", condition=condition, values=values, order=order, after=after
    )
    name = f"{name}, or none" if "action" in asked else name
    return Page(name, spot.username if spot else KEEPER, path, by_hand, _ENTRY)
