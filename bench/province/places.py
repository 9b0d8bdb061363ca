"""The organizations of the province: real divisions of Fujian, made-up committees and branches, down to seven levels.

A smaller province is a slice: every city and county, but townships only from the top of the list until the number is
reached. So 鼓楼区, 东街街道 and what lies below them, which the pages show, are as wide in a hundredth as in the whole.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from models import OrganizationKind, ancestor_ids, path_segment

DIVISIONS = Path(__file__).parents[2] / "tests" / "data" / "fujian-divisions.csv"
KINMEN = "350527"  # no committee of the province works there
ROOT, CITY, COUNTY, TOWN, OTHER_TOWN = "35", "3501", "350102", "350102004", "350102100"
"""Codes of the organizations that the pages show: 福建省委, 福州市委, 鼓楼区委, 东街街道工委, 洪山镇党委."""
OUTSIDE, SPECIAL = "H1", "H2"
SUBORDINATE = 7
_HOLDING = (
    (OUTSIDE, "省外组织", "out_of_province"),
    (SPECIAL, "特殊组织", "special"),
    ("H3", "未知党组织", "unknown"),
    ("H4", "临时党组织", "temporary"),
)
_BUREAUS = ("财政局", "教育局", "民政局", "交通局", "水利局", "文旅局", "统计局", "审计局")
_ORDINALS = "一二三四五六七八九十"
_EVERY_UNSET = 37
"""One township committee in so many has no level; 东街街道工委 has one."""
_GENERAL = 45
"""Per cent of the villages that have a general branch."""


@dataclass(slots=True)
class Place:
    """One organization; the id is its position in the list of all of them, from 1."""

    id: int
    code: str
    name: str
    kind: str
    parent: Place | None
    level: int | None
    path: str

    @property
    def is_branch(self) -> bool:
        return self.kind == OrganizationKind.BRANCH.value


@dataclass(frozen=True)
class Division:
    """One line of the list of divisions."""

    code: str
    name: str


class _Growing:
    """The list of places as it grows, parents before children."""

    def __init__(self) -> None:
        self.places: list[Place] = []

    def add(self, code: str, name: str, kind: str, parent: Place | None = None, level: int | None = None) -> Place:
        identity = len(self.places) + 1
        path = (parent.path if parent else "") + path_segment(identity)
        place = Place(identity, code, name, kind, parent, level, path)
        self.places.append(place)
        return place

    def branches(self, parent: Place, names: Sequence[str]) -> None:
        for number, name in enumerate(names, 1):
            self.add(f"{parent.code}{number:02d}", name, "branch", parent, SUBORDINATE)


def places(count: int) -> list[Place]:
    """Exactly `count` organizations, parents before children, each subtree in one piece."""
    below = _divisions()
    cities = below[ROOT]
    counties = [county for city in cities for county in below[city.code] if county.code != KINMEN]
    towns = [(county, town) for county in counties for town in below[county.code]]
    fixed = _fixed_count(len(cities), len(counties))
    chosen = _slice(towns, below, count - fixed)
    growing = _Growing()
    root = growing.add(ROOT, "福建省委", "committee", None, 1)
    for number, name in enumerate(("福建省委省直机关工委", "福建省委教育工委", "福建省国资委党委"), 1):
        organ = growing.add(f"{ROOT}Z{number}", name, _kind_of(name), root, 2)
        growing.branches(organ, [f"{name[:3]}{bureau}支部" for bureau in _BUREAUS[:4]])
    for city in cities:
        _city(growing, root, city, below[city.code], chosen)
    for code, name, kind in _HOLDING:
        growing.add(code, name, kind)
    spare = count - len(growing.places)
    assert spare >= 0, spare
    home = next(place for place in growing.places if place.code == f"{ROOT}Z1")
    for number in range(spare):
        growing.add(f"{home.code}S{number:04d}", f"省直机关第{number + 1}支部", "branch", home, SUBORDINATE)
    return growing.places


Chosen = dict[str, list[tuple[Division, list[tuple[Division, int]]]]]
"""County code -> its townships, each with its villages and the number of organizations of each."""


def _divisions() -> dict[str, list[Division]]:
    below: dict[str, list[Division]] = defaultdict(list)
    with DIVISIONS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            below[row["parent_code"]].append(Division(row["code"], row["name"]))
    return below


def _fixed_count(cities: int, counties: int) -> int:
    """The organizations that stand in every slice: the root with its organs, cities with theirs, counties, holding."""
    return 1 + 3 * 5 + cities * (1 + 3 * 3) + counties + len(_HOLDING)


_IN_COUNTY = 1 + 1 + len(_BUREAUS) + 1 + 1 + 1 + 2
"""The organs of one county: office branch, organs committee with branches, health committee down to two branches."""


def _slice(towns: Sequence[tuple[Division, Division]], below: dict[str, list[Division]], room: int) -> Chosen:
    """The townships that fit, each village with four to six organizations, so that the whole comes out at 90,000."""
    chosen: Chosen = defaultdict(list)
    share = _share(towns, below)
    owed = 0.0
    for county, town in towns:
        villages: list[tuple[Division, int]] = []
        owed_here = owed
        for village in below[town.code]:
            owed_here += share
            villages.append((village, int(owed_here)))
            owed_here -= int(owed_here)
        needed = 1 + sum(number for _village, number in villages) + (0 if county.code in chosen else _IN_COUNTY)
        if needed > room:
            break
        chosen[county.code].append((town, villages))
        room -= needed
        owed = owed_here
    return chosen


def _share(towns: Sequence[tuple[Division, Division]], below: dict[str, list[Division]]) -> float:
    """How many organizations a village has where the whole province is to have 90,000."""
    counties = {county.code for county, _town in towns}
    villages = sum(len(below[town.code]) for _county, town in towns)
    taken = _fixed_count(len(below[ROOT]), len(counties)) + len(towns) + len(counties) * _IN_COUNTY
    return (90_000 - taken) / villages


def _city(growing: _Growing, root: Place, city: Division, counties: Sequence[Division], chosen: Chosen) -> None:
    top = growing.add(city.code, f"{city.name}委", "committee", root, 3)
    for number, suffix in enumerate(("委市直机关工委", "委教育工委", "国资委党委"), 1):
        name = f"{city.name}{suffix}"
        organ = growing.add(f"{city.code}Z{number}", name, _kind_of(name), top, 4)
        growing.branches(organ, [f"{city.name}{bureau}支部" for bureau in _BUREAUS[:2]])
    for county in counties:
        if county.code != KINMEN:
            place = growing.add(county.code, f"{county.name}委", "committee", top, 5)
            if county.code in chosen:
                _county(growing, place, county.name)
                for town, villages in chosen[county.code]:
                    _town(growing, place, town, villages)


def _county(growing: _Growing, county: Place, name: str) -> None:
    growing.add(f"{county.code}Z0", f"{name}委办公室支部", "branch", county, SUBORDINATE)
    organs = growing.add(f"{county.code}Z1", f"{name}委直属机关工委", "working_committee", county, 6)
    growing.branches(organs, [f"{name}{bureau}支部" for bureau in _BUREAUS])
    health = growing.add(f"{county.code}Z2", f"{name}卫健局党委", "committee", county, 6)
    hospital = growing.add(f"{health.code}1", f"{name}医院党委", "committee", health, SUBORDINATE)
    general = growing.add(f"{hospital.code}1", f"{name}医院内科总支", "general_branch", hospital, SUBORDINATE)
    growing.branches(general, [f"{name}医院内科第{_ORDINALS[number]}支部" for number in range(2)])


def _town(growing: _Growing, county: Place, town: Division, villages: Sequence[tuple[Division, int]]) -> None:
    is_street = town.name.endswith("街道")
    unset = int(town.code) % _EVERY_UNSET == 0 and town.code != TOWN
    top = growing.add(
        town.code,
        f"{town.name}{'工委' if is_street else '党委'}",
        "working_committee" if is_street else "committee",
        county,
        None if unset else 6,
    )
    for position, (village, number) in enumerate(villages):
        short = village.name.removesuffix("社区").removesuffix("村委会").removesuffix("村")
        if position % 100 * 37 % 100 < _GENERAL:
            general = growing.add(village.code, f"{village.name}总支", "general_branch", top, SUBORDINATE)
            growing.branches(general, [f"{short}第{_ORDINALS[which]}支部" for which in range(number - 1)])
        else:
            for which in range(number):
                code, name = f"{village.code}{which + 1:02d}", f"{village.name}第{_ORDINALS[which]}支部"
                growing.add(code, name, "branch", top, SUBORDINATE)


def _kind_of(name: str) -> str:
    return "working_committee" if name.endswith("工委") else "committee"


def first_branch(everywhere: Sequence[Place], town: str = TOWN) -> Place:
    """The branch that the pages of a branch are measured for: the first one of 东街街道."""
    path = next(place.path for place in everywhere if place.code == town)
    return next(place for place in everywhere if place.is_branch and place.path.startswith(path))


def bounds(branches: Sequence[Place]) -> Iterator[tuple[tuple[int, int], ...]]:
    """For each branch the positions in `branches` of its township, county and city, as half-open ranges."""
    spans: dict[int, list[int]] = {}
    ways = [ancestor_ids(branch.path) for branch in branches]
    for position, way in enumerate(ways):
        for identity in way:
            spans.setdefault(identity, [position, position])[1] = position + 1
    for way in ways:
        wide = [tuple(spans[identity]) for identity in way[1:4]]
        yield tuple((low, high) for low, high in reversed(wide))
