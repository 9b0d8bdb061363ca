"""【组织权限级别】 and 【组织VPN权限设置】."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bench.byhand import Raw, marks, template
from bench.pages.organizations import names_above
from bench.pages.records import LIAISONS
from bench.province.people import KEEPER
from bench.sample import Sample
from bench.site import Page
from models import ancestor_ids

_LEVELS = template("keeping_levels")
_SETTING = template("keeping_setting")
_COLUMNS = "rank, name, approves_committee, approves_leaving, registers_entering, set_from_above"


def levels(raw: Raw) -> str:
    """The seven rows."""
    return _LEVELS.render(rows=raw.rows(f"SELECT {_COLUMNS} FROM permission_level ORDER BY rank"))  # noqa: S608


def setting(raw: Raw, identity: int) -> str:
    """The level of one organization."""
    name, path, rank, kind, code, contact, phone = raw.row(
        "SELECT name, path, level_rank, kind, code, contact_name, contact_phone FROM organization WHERE id = %s",
        identity,
    )
    ids = ancestor_ids(path)[:-1]
    ancestor = raw.row(
        f"SELECT name FROM organization WHERE id IN ({marks(ids)}) AND level_rank IS NOT NULL ORDER BY path DESC",  # noqa: S608
        *ids,
    )
    return _SETTING.render(
        name=name,
        rank=rank,
        kind=kind,
        code=code,
        contact=contact,
        phone=phone,
        above=names_above(raw, path),
        ancestor=ancestor[0],
        levels=raw.rows("SELECT rank, name FROM permission_level ORDER BY rank"),
        liaisons=[found or "虚拟管理员" for _id, found in raw.rows(LIAISONS.format("%s"), identity)],
    )


def pages(sample: Sample) -> Iterator[Page]:
    """Both pages of levels."""
    town, county = sample.spots["town"], sample.spots["county"]
    yield Page("permission levels", KEEPER, "/levels/", levels, r'href="/levels/edit/\?id=(\d+)"')
    path = f"/level-setting/?org={town.id}"
    yield Page("level setting", county.username, path, partial(setting, identity=town.id))
