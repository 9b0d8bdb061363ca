"""The tree, level by level, and what the pickers ask for while somebody types."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

from bench.byhand import Raw, inside
from bench.province.people import COMMON_SURNAME, KEEPER, RARE_NAME
from bench.sample import Sample, Spot
from bench.site import LOOKUP, Page

_NODE = r'"id": ?(\d+)'
_PICK = r'"value": ?"?([\w-]+)"?'
_DEPTH = 6
_ABOVE = "".join(
    f" LEFT JOIN organization a{depth} ON a{depth}.id = CASE WHEN length(o.path) > {8 * depth + 8} "
    f"THEN CAST(substr(o.path, {8 * depth + 1}, 8) AS integer) END"
    for depth in range(_DEPTH)
)
_NAMES = ", ".join(f"a{depth}.name" for depth in range(_DEPTH))


def tree(raw: Raw, condition: str, values: Sequence[Any]) -> str:
    """The children of one organization, or the tops."""
    found = raw.rows(
        "SELECT o.id, o.name, o.kind, o.level_rank, o.is_active, EXISTS (SELECT 1 FROM organization c "  # noqa: S608
        f"WHERE c.parent_id = o.id) FROM organization o WHERE {condition} ORDER BY o.id",
        *values,
    )
    names = ("id", "name", "kind", "level", "is_active", "has_children")
    return json.dumps([dict(zip(names, row, strict=True)) for row in found], ensure_ascii=False)


def organizations(raw: Raw, text: str, path: str, condition: str) -> str:
    """Organizations whose name contains a text, with the names above them, in one statement."""
    where, values = inside("path", path)
    found = raw.rows(
        f"SELECT o.id, o.name, {_NAMES} FROM (SELECT id, name, path FROM organization WHERE {where} AND {condition} "  # noqa: S608
        f"AND name LIKE %s ORDER BY name, id LIMIT 20) o{_ABOVE} ORDER BY o.name, o.id",
        *values,
        f"%{text}%",
    )
    return json.dumps(
        [{"value": row[0], "label": row[1], "detail": " / ".join(name for name in row[2:] if name)} for row in found],
        ensure_ascii=False,
    )


def members(raw: Raw, text: str, path: str) -> str:
    """Members by the beginning of their name."""
    where, values = inside("m.org_path", path)
    found = raw.rows(
        "SELECT m.key, m.name, m.id_number_masked, o.name FROM member m "  # noqa: S608
        f"JOIN organization o ON o.id = m.organization_id WHERE {where} AND m.name LIKE %s "
        "ORDER BY m.name, m.id LIMIT 20",
        *values,
        f"{text}%",
    )
    return json.dumps(
        [{"value": row[0], "label": row[1], "detail": f"{row[2]} · {row[3]}"} for row in found], ensure_ascii=False
    )


_BRANCH = "kind = 'branch' AND is_active"


def pages(sample: Sample) -> Iterator[Page]:
    """The tree and the pickers."""
    nobody = partial(tree, condition="o.parent_id = %s", values=[0])
    asker = sample.spots["town"].username
    yield Page("nothing but who is asking, none", asker, "/lookup/tree?parent=0", nobody, _NODE)
    tops = partial(tree, condition="o.parent_id IS NULL", values=[])
    yield Page("tree, tops, admin", KEEPER, "/lookup/tree", tops, _NODE)
    for level in ("province", "city", "county", "town"):
        spot = sample.spots[level]
        by_hand = partial(tree, condition="o.parent_id = %s", values=[spot.id])
        path = f"/lookup/tree?parent={spot.id}"
        yield Page(f"tree, below the {level}", sample.spots["province"].username, path, by_hand, _NODE)
    top, county, town = (sample.spots[level] for level in ("province", "county", "town"))
    for words, text in (("rare", "军门"), ("common", "第三支部"), ("none", "诸葛")):
        yield _organizations(f"organization picker, destination, {words}", town, "destination", text, "", _BRANCH)
        for spot in (county, top):
            name = f"organization picker, {spot.level}, {words}"
            yield _organizations(name, spot, "scope", text, spot.path, "1 = 1")
    for spot in (sample.spots["branch"], town, county, top):
        for words, text in (("common", COMMON_SURNAME), ("none", "诸葛"), ("rare", RARE_NAME)):
            if words != "rare" or spot is top:
                path = f"/lookup/members?{urlencode({'q': text})}"
                by_hand = partial(members, text=text, path=spot.path)
                yield Page(f"member picker, {spot.level}, {words}", spot.username, path, by_hand, _PICK, LOOKUP)


def _organizations(name: str, spot: Spot, purpose: str, text: str, path: str, condition: str) -> Page:
    address = f"/lookup/organizations?{urlencode({'for': purpose, 'q': text})}"
    by_hand = partial(organizations, text=text, path=path, condition=condition)
    return Page(name, spot.username, address, by_hand, _PICK, LOOKUP)
