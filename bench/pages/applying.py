"""【申请】: the form, empty and filled in, and the planned route beside it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bench.byhand import Raw, marks, template
from bench.pages.records import LIAISONS
from bench.sample import Sample
from bench.site import Page
from models import ancestor_ids

_FORM = template("applying_form")
_ROUTE = template("applying_route")
_KINDS = "SELECT code, name FROM transfer_kind WHERE destination_kind = 'branch' ORDER BY code"
_MEMBER = (
    "SELECT m.key, m.name, m.id_number_masked, o.name, m.org_path FROM member m "
    "JOIN organization o ON o.id = m.organization_id WHERE m.key = %s"
)


def form(raw: Raw, member_key: str = "") -> str:
    """The form, with a member where one is chosen."""
    member = raw.row(_MEMBER, member_key) if member_key else None
    return _FORM.render(kinds=raw.rows(_KINDS), member=member)


def preview(raw: Raw, member_key: str, destination: int) -> str:
    """The route within the province: three statements, and the climbing by hand."""
    source_path, destination_path = raw.row(
        "SELECT m.org_path, d.path FROM member m JOIN organization d ON d.id = %s WHERE m.key = %s",
        *(destination, member_key),
    )
    ids = sorted({*ancestor_ids(source_path), *ancestor_ids(destination_path)})
    found = raw.rows(
        "SELECT o.id, o.name, o.kind, o.level_rank, l.approves_committee FROM organization o "  # noqa: S608
        f"LEFT JOIN permission_level l ON l.rank = o.level_rank WHERE o.id IN ({marks(ids)})",
        *ids,
    )
    organizations = {row[0]: row for row in found}
    up, down = (_chain(path, organizations) for path in (source_path, destination_path))
    way = [*up, *reversed(down[:-1] if up[-1] == down[-1] else down), destination]
    liaisons: dict[int, list[str]] = {identity: [] for identity in way}
    for identity, name in raw.rows(LIAISONS.format(marks(list(liaisons))), *liaisons):
        liaisons[identity].append(name or "虚拟管理员")
    stops = [
        (
            organizations[i][1],
            organizations[i][2],
            liaisons[i],
            "committee" in organizations[i][2] and not organizations[i][3],
        )
        for i in way
    ]
    return _ROUTE.render(stops=stops)


def _chain(path: str, organizations: dict[int, tuple]) -> list[int]:
    chain: list[int] = []
    for identity in reversed(ancestor_ids(path)):
        chain.append(identity)
        if organizations[identity][4]:
            break
    return chain


def pages(sample: Sample) -> Iterator[Page]:
    """The form and the preview, for a liaison of a township and of the province."""
    branch, town, above = (sample.spots[level] for level in ("branch", "town", "province"))
    member, _person = sample.member_of(branch)
    yield Page("apply, empty form", town.username, "/transfers/apply", form)
    for words, spot in (("", town), (", from the province", above)):
        path = f"/transfers/apply?member={member}"
        yield Page(f"apply, member chosen{words}", spot.username, path, partial(form, member_key=member))
    stop = r"<li>\s*<b>(.*?)</b>"
    for words, destination in (("near", _neighbour(sample)), ("far", sample.far_branch.id)):
        path = f"/transfers/preview?kind=intra&member={member}&destination={destination}"
        by_hand = partial(preview, member_key=member, destination=destination)
        yield Page(f"apply, preview of a {words} branch", town.username, path, by_hand, stop)


def _neighbour(sample: Sample) -> int:
    """Another branch of the same township."""
    town, branch = sample.spots["town"], sample.spots["branch"]
    statement = "SELECT max(id) FROM organization WHERE kind = 'branch' AND path LIKE %s AND id <> %s"
    return int(sample.raw.row(statement, f"{town.path}%", branch.id)[0])
