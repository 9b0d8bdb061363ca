"""【党员信息维护】: the list by subtree, by name, by status, by ID number; a member's page and form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

from bench.byhand import Raw, inside, template
from bench.pages.organizations import names_above
from bench.province.people import COMMON_SURNAME, KEEPER, RARE_NAME
from bench.sample import Sample, Spot
from bench.site import Page

ROW = r'href="/members/details/\?id=([\w-]{16})"'
_LIST = template("members_list")
_DETAILS = template("members_details")
_FORM = template("members_form")
_CELLS = (
    "SELECT m.key, m.name, m.id_number_masked, m.gender, m.ethnicity, m.category, o.name, m.phone, m.status "
    "FROM member m JOIN organization o ON o.id = m.organization_id"
)
_FACTS = _CELLS.replace(" FROM", ", m.joined_on, m.org_path FROM")
_NAMES = ("key", "name", "masked", "gender", "ethnicity", "category", "place", "phone", "status", "joined", "path")
_TREE, _BY_NAME = ("org_path", "id"), ("name", "id")


def listed(
    raw: Raw,
    path: str,
    condition: str = "1 = 1",
    values: Sequence[Any] = (),
    order: tuple[str, str] = _TREE,
    cursor: tuple[str, str] | None = None,
) -> str:
    """One page of a subtree."""
    where, given = inside("m.org_path", path)
    back = cursor is not None and cursor[0] == "before"
    after, more_values = "", list(values)
    if cursor is not None:
        columns = ", ".join(order)
        after = (
            f" AND (m.{order[0]}, m.{order[1]}) {'<' if back else '>'} (SELECT {columns} FROM member WHERE key = %s)"  # noqa: S608
        )
        more_values.append(cursor[1])
    descending = " DESC" if back else ""
    found = raw.rows(
        f"{_CELLS} WHERE {where} AND {condition}{after} "
        f"ORDER BY m.{order[0]}{descending}, m.{order[1]}{descending} LIMIT 21",
        *given,
        *more_values,
    )
    more, found = len(found) > 20, found[:20]
    return _LIST.render(rows=found[::-1] if back else found, more=more)


def details(raw: Raw, key: str) -> str:
    """A member's page."""
    found = dict(zip(_NAMES, raw.row(f"{_FACTS} WHERE m.key = %s", key), strict=True))
    return _DETAILS.render(**found, above=names_above(raw, found["path"]))


def edit(raw: Raw, key: str) -> str:
    """The form that changes a member."""
    return _FORM.render(facts=dict(zip(_NAMES, raw.row(f"{_FACTS} WHERE m.key = %s", key), strict=True)))


def pages(sample: Sample) -> Iterator[Page]:
    """Every list of members that is measured."""
    for level in ("branch", "town", "county", "city", "province"):
        yield _page(f"members, {level}", sample.spots[level], {})
    top = sample.spots["province"]
    last, near = sample.member_key(top.path, from_end=20), sample.member_key(top.path, from_end=19)
    yield _page("members, last page", top, {"after": last}, cursor=("after", last))
    yield _page("members, page before the last", top, {"before": near}, cursor=("before", near))
    yield _page("members, admin", None, {})
    branch = sample.spots["branch"]
    yield _page("members, admin, one branch", None, {"org": branch.id}, path=branch.path)
    key, person = sample.member_of(branch)
    for level in ("branch", "county", "province"):
        spot = sample.spots[level]
        for words, text in (("common", COMMON_SURNAME), ("none of the", "诸葛"), ("rare", RARE_NAME)):
            if words != "rare" or level == "province":
                condition = ("m.name LIKE %s", [f"{text}%"])
                yield _page(f"members, {level}, {words} name", spot, {"q": text}, *condition, order=_BY_NAME)
        probationary = ("m.category = %s", ["probationary"])
        yield _page(f"members, {level}, probationary, or none", spot, {"category": "probationary"}, *probationary)
        suspended = ("m.status = %s", ["suspended"])
        yield _page(f"members, {level}, suspended, or none", spot, {"status": "suspended"}, *suspended)
        yield _page(f"members, {level}, ID number", spot, {"person": person}, "m.id_number_index = %s", [person])
    yield Page("member, details", branch.username, f"/members/details/?id={key}", partial(details, key=key))
    yield Page("member, form", KEEPER, f"/members/edit/?id={key}", partial(edit, key=key))


def _page(
    name: str,
    spot: Spot | None,
    asked: dict[str, Any],
    condition: str = "1 = 1",
    values: Sequence[Any] = (),
    *,
    order: tuple[str, str] = _TREE,
    cursor: tuple[str, str] | None = None,
    path: str = "",
) -> Page:
    by_hand = partial(
        listed, path=spot.path if spot else path, condition=condition, values=values, order=order, cursor=cursor
    )
    address = "/members/" + (f"?{urlencode(asked)}" if asked else "")
    return Page(name, spot.username if spot else KEEPER, address, by_hand, ROW)
