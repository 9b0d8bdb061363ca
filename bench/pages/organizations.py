"""【组织】: the list by subtree, search and filters, an organization's page, the form that changes one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

from bench.byhand import Raw, inside, marks, template
from bench.pages.records import LIAISONS
from bench.province.people import KEEPER
from bench.sample import Sample, Spot
from bench.site import Page
from models import OrganizationKind, ancestor_ids

ROW = r'href="/organizations/details/\?id=(\d+)"'
_LIST = template("organizations_list")
_DETAILS = template("organizations_details")
_FORM = template("organizations_form")
_KINDS = {kind.value: kind.label for kind in OrganizationKind}
_CELLS = (
    "SELECT o.id, o.name, o.code, o.kind, o.level_rank, l.name, p.name, o.contact_name, o.contact_phone, o.is_active"
)
_JOINS = " LEFT JOIN permission_level l ON l.rank = o.level_rank LEFT JOIN organization p ON p.id = o.parent_id"
_NAMES = ("id", "name", "code", "kind", "rank", "level", "parent", "contact", "phone", "active")


def listed(
    raw: Raw, path: str, condition: str = "1 = 1", values: Sequence[Any] = (), cursor: tuple[str, int] | None = None
) -> str:
    """One page of a subtree in the order of the tree."""
    where, given = inside("o.path", path)
    back = cursor is not None and cursor[0] == "before"
    after, more_values = "", list(values)
    if cursor is not None:
        after = f" AND o.path {'<' if back else '>'} (SELECT path FROM organization WHERE id = %s)"  # noqa: S608
        more_values.append(cursor[1])
    found = raw.rows(
        f"{_CELLS} FROM organization o{_JOINS} WHERE {where} AND {condition}{after} "
        f"ORDER BY o.path{' DESC' if back else ''} LIMIT 21",
        *given,
        *more_values,
    )
    more, found = len(found) > 20, found[:20]
    return _LIST.render(rows=found[::-1] if back else found, more=more, kinds=_KINDS)


def _facts(raw: Raw, identity: int) -> dict[str, Any]:
    found = raw.row(f"{_CELLS}, o.path FROM organization o{_JOINS} WHERE o.id = %s", identity)
    return {**dict(zip(_NAMES, found, strict=False)), "above": names_above(raw, found[-1]), "kinds": _KINDS}


def names_above(raw: Raw, path: str) -> str:
    """The names above an organization, highest first."""
    ids = ancestor_ids(path)[:-1]
    found = raw.rows(f"SELECT name FROM organization WHERE id IN ({marks(ids)}) ORDER BY path", *ids)  # noqa: S608
    return " / ".join(name for (name,) in found)


def details(raw: Raw, identity: int) -> str:
    """An organization's page."""
    liaisons = [name or "虚拟管理员" for _id, name in raw.rows(LIAISONS.format("%s"), identity)]
    return _DETAILS.render(**_facts(raw, identity), liaisons=liaisons)


def edit(raw: Raw, identity: int) -> str:
    """The form that changes an organization."""
    levels = raw.rows("SELECT rank, name FROM permission_level ORDER BY rank")
    return _FORM.render(**_facts(raw, identity), levels=levels)


def pages(sample: Sample) -> Iterator[Page]:
    """Every list of organizations that is measured."""
    for level in ("town", "county", "city", "province"):
        spot = sample.spots[level]
        yield _page(f"organizations, {level}", spot, {})
    top = sample.spots["province"]
    near, last = sample.organization_id(top.path, from_end=19), sample.organization_id(top.path, from_end=20)
    yield _page("organizations, last page", top, {"after": last}, cursor=("after", last))
    yield _page("organizations, page before the last", top, {"before": near}, cursor=("before", near))
    yield _page("organizations, admin", None, {})
    county = sample.spots["county"]
    for spot in (county, top):
        for words, text in (("rare", "五凤"), ("common", "第三支部"), ("none", "诸葛")):
            condition = ("o.name LIKE %s", [f"%{text}%"])
            yield _page(f"organizations, {spot.level}, search {words}", spot, {"q": text}, *condition)
        kind = ("o.kind = %s", ["working_committee"])
        yield _page(f"organizations, {spot.level}, kind", spot, {"kind": "working_committee"}, *kind)
        yield _page(f"organizations, {spot.level}, level 6", spot, {"level": "6"}, "o.level_rank = %s", [6])
        yield _page(
            f"organizations, {spot.level}, without level, or none", spot, {"level": "none"}, "o.level_rank IS NULL"
        )
    identity = county.id
    yield Page(
        "organization, details", KEEPER, f"/organizations/details/?id={identity}", partial(details, identity=identity)
    )
    yield Page("organization, form", KEEPER, f"/organizations/edit/?id={identity}", partial(edit, identity=identity))


def _page(
    name: str,
    spot: Spot | None,
    asked: dict[str, Any],
    condition: str = "1 = 1",
    values: Sequence[Any] = (),
    cursor: tuple[str, int] | None = None,
) -> Page:
    by_hand = partial(listed, path=spot.path if spot else "", condition=condition, values=values, cursor=cursor)
    path = "/organizations/" + (f"?{urlencode(asked)}" if asked else "")
    return Page(name, spot.username if spot else KEEPER, path, by_hand, ROW)
