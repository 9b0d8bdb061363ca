"""What a tree of organizations must look like (R1, R5): checks on plain values, for an import as for one edit."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

from models import CHILDLESS_KINDS, COMMITTEE_KINDS, HOLDING_KINDS, OrganizationKind
from workflow.errors import N_, RuleError

BRANCH_KINDS = frozenset({OrganizationKind.BRANCH, OrganizationKind.GENERAL_BRANCH})


@dataclass(frozen=True)
class Place:
    """An organization in a tree that is being checked."""

    name: str
    kind: OrganizationKind
    parent: Hashable | None
    level: int | None


@dataclass(frozen=True)
class Problem:
    """What is wrong with `key`; `above` is what it collides with. `error.field` is kind, parent or level."""

    key: Hashable
    above: Hashable | None
    error: RuleError


def check_kind(name: str, kind: OrganizationKind, has_parent: bool, level: int | None, subordinate: int | None) -> None:
    """R1 and R5 for one organization by itself; `subordinate` is the rank of the lowest level. Raises `RuleError`."""
    if kind in HOLDING_KINDS:
        if has_parent:
            raise RuleError(N_("%(kind)s不设上级组织，请清空上级组织。"), "R1", "parent", kind=kind)
        if level is not None:
            raise RuleError(N_("%(kind)s不设权限级别，请清空权限级别。"), "R5", "level", kind=kind)
    elif not has_parent and kind not in COMMITTEE_KINDS:
        raise RuleError(N_("%(kind)s“%(name)s”必须有上级组织。"), "R1", "parent", kind=kind, name=name)
    if kind in BRANCH_KINDS and level is not None and level != subordinate:
        raise RuleError(
            N_("%(kind)s只能设置为%(rank)s级（一级党（工）委以下级别）。"),
            "R5",
            "level",
            kind=kind,
            rank=subordinate,
        )


def check_parent(kind: OrganizationKind, parent_name: str, parent_kind: OrganizationKind) -> None:
    """R1: what may stand under what. Raises `RuleError`."""
    if parent_kind in CHILDLESS_KINDS:
        raise RuleError(
            N_("上级组织“%(name)s”是%(kind)s，下面不能再设组织。"),
            "R1",
            "parent",
            name=parent_name,
            kind=parent_kind,
        )
    if parent_kind is OrganizationKind.GENERAL_BRANCH and kind in COMMITTEE_KINDS:
        raise RuleError(N_("党总支“%(name)s”下面不能设党委或党工委。"), "R1", "parent", name=parent_name)


def ranks_below(level: int, above: int, subordinate: int | None) -> bool:
    """R5: `level` may stand under `above`: it ranks lower, or both are the lowest level."""
    return level > above or level == above == subordinate


def level_conflict(name: str, level: int, above_name: str, above: int) -> RuleError:
    """R5 in words."""
    return RuleError(
        N_("“%(name)s”的权限级别（%(level)s级）必须低于其上级“%(above)s”（%(rank)s级）。"),
        "R5",
        "level",
        name=name,
        level=level,
        above=above_name,
        rank=above,
    )


def check_tree(places: Mapping[Hashable, Place], subordinate: int | None) -> Iterator[Problem]:
    """Every breach of R1 and R5 in a whole tree; parents must be keys of `places`.

    `subordinate` is the rank that may stand under itself (level 7).
    """
    roots = [key for key, place in places.items() if place.parent is None and place.kind not in HOLDING_KINDS]
    for key in roots[1:]:
        error = RuleError(
            N_("只能有一个根组织（已有“%(root)s”），请填写上级组织。"), "R1", "parent", root=places[roots[0]].name
        )
        yield Problem(key, roots[0], error)
    levelled: dict[Hashable, Hashable | None] = {}
    for key, place in places.items():
        try:
            check_kind(place.name, place.kind, place.parent is not None, place.level, subordinate)
            if place.parent is None:
                continue
            check_parent(place.kind, places[place.parent].name, places[place.parent].kind)
            above = _nearest_levelled(key, places, levelled)
        except RuleError as error:
            yield Problem(key, place.parent, error)
            continue
        if above is None or place.level is None:
            continue
        above_level = places[above].level
        if above_level is not None and not ranks_below(place.level, above_level, subordinate):
            yield Problem(key, above, level_conflict(place.name, place.level, places[above].name, above_level))


def _nearest_levelled(
    key: Hashable, places: Mapping[Hashable, Place], known: dict[Hashable, Hashable | None]
) -> Hashable | None:
    """The nearest ancestor with a level, remembered in `known` for each key passed. Raises `RuleError` on a cycle."""
    way: list[Hashable] = []
    seen: set[Hashable] = set()
    current: Hashable | None = key
    found: Hashable | None = None
    while current is not None:
        if current in seen:
            raise RuleError(N_("上级组织成环：“%(name)s”不能是自己的上级。"), "R1", "parent", name=places[current].name)
        if current in known:
            found = known[current]
            break
        seen.add(current)
        way.append(current)
        parent = places[current].parent
        if parent is not None and places[parent].level is not None and parent not in seen:
            found = parent
            break
        current = parent
    for passed in way:
        known[passed] = found
    return found
