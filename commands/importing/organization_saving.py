"""Writing imported organizations by set operations, from the top of the tree down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol, cast

from sqlalchemy import CursorResult, String, Table, bindparam, func, insert, select, update
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import InstrumentedAttribute

from models import Account, AuditEntry, AuditEvent, Member, Organization, Transfer, db, path_segment
from models.base import PATH_WIDTH
from workflow import audit

_TABLE = cast(Table, Organization.__table__)
_CHUNK = 500
_EVENT_OF = {"parent_id": AuditEvent.ORGANIZATION_MOVED, "level_rank": AuditEvent.LEVEL_SET}


class Known(Protocol):
    """What of an organization of the final tree is needed here; id 0 and path "" where it is new."""

    @property
    def id(self) -> int: ...
    @property
    def path(self) -> str: ...
    @property
    def parent_code(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Change:
    """An organization to be made (`before` is None) or changed; values by column, the parent by its code."""

    code: str
    before: dict[str, Any] | None
    after: dict[str, Any]


def depths(parents: Mapping[str, str | None]) -> dict[str, int]:
    """How many stand above each organization; those on a cycle, or below one, are left out."""
    children: dict[str | None, list[str]] = defaultdict(list)
    for code, parent in parents.items():
        children[parent].append(code)
    found: dict[str, int] = {}
    layer, depth = children[None], 0
    while layer:
        found.update(dict.fromkeys(layer, depth))
        layer, depth = [child for code in layer for child in children[code]], depth + 1
    return found


def save(changes: Collection[Change], final: Mapping[str, Known]) -> None:
    """Make and change organizations of a tree that has been checked; `final` is the whole tree by code."""
    if not changes:
        return
    depth = depths({code: known.parent_code for code, known in final.items()})
    ids = {code: known.id for code, known in final.items() if known.id}
    made = [change for change in changes if change.before is None]
    _insert(sorted(made, key=lambda change: depth[change.code]), depth, ids)
    _update([change for change in changes if change.before is not None], ids)
    paths: dict[str, str] = {}
    for code in sorted(depth, key=depth.__getitem__):
        paths[code] = paths.get(final[code].parent_code or "", "") + path_segment(ids[code])
    moved = {ids[code]: path for code, path in paths.items() if final[code].path not in ("", path)}
    _move(moved)
    _place_new()
    _log(changes, ids, paths)


def _columns(values: Mapping[str, Any], ids: Mapping[str, int]) -> dict[str, Any]:
    """The values as the table has them: the parent by its id."""
    parent = values["parent_code"]
    rest = {name: value for name, value in values.items() if name != "parent_code"}
    return {**rest, "parent_id": ids[parent] if parent else None}


def _insert(made: list[Change], depth: Mapping[str, int], ids: dict[str, int]) -> None:
    """New organizations, parents before children; their ids go into `ids`, their paths stay empty."""
    for _, layer in groupby(made, key=lambda change: depth[change.code]):
        rows = [{"code": change.code, "path": "", **_columns(change.after, ids)} for change in layer]
        db.session.execute(insert(_TABLE), rows)
        not_placed = db.session.execute(select(_TABLE.c.code, _TABLE.c.id).where(_TABLE.c.path == ""))
        ids.update((row.code, row.id) for row in not_placed)


def _update(changed: list[Change], ids: Mapping[str, int]) -> None:
    if not changed:
        return
    names = _columns(changed[0].after, ids)
    statement = (
        update(_TABLE)
        .where(_TABLE.c.id == bindparam("own_id"))
        .values({name: bindparam(f"new_{name}") for name in names} | {"version": _TABLE.c.version + 1})
    )
    rows = [
        {"own_id": ids[change.code]} | {f"new_{k}": value for k, value in _columns(change.after, ids).items()}
        for change in changed
    ]
    db.session.execute(statement, rows)


def _move(moved: Mapping[int, str]) -> None:
    """The new paths of organizations that stood elsewhere, and of the members and transfers that carry them."""
    if not moved:
        return
    statement = update(_TABLE).where(_TABLE.c.id == bindparam("own_id")).values(path=bindparam("new_path"))
    db.session.execute(statement, [{"own_id": identity, "new_path": path} for identity, path in moved.items()])
    carriers: tuple[tuple[InstrumentedAttribute[str], InstrumentedAttribute[Any]], ...] = (
        (Member.org_path, Member.organization_id),
        (Account.org_path, Account.organization_id),
        (Transfer.source_path, Transfer.source_id),
        (Transfer.destination_path, Transfer.destination_id),
    )
    ids = list(moved)
    for start in range(0, len(ids), _CHUNK):
        for path, owner in carriers:
            current = select(_TABLE.c.path).where(_TABLE.c.id == owner).scalar_subquery()
            db.session.execute(
                update(path.class_)
                .where(owner.in_(ids[start : start + _CHUNK]))
                .values({path.key: current})
                .execution_options(synchronize_session=False)
            )
        _move_accounts_of_members(ids[start : start + _CHUNK])


def _move_accounts_of_members(organization_ids: Collection[int]) -> None:
    """The accounts of the members of these organizations stand where the members do."""
    moved = select(Member.id).where(Member.organization_id.in_(organization_ids))
    current = select(Member.org_path).where(Member.id == Account.member_id).scalar_subquery()
    db.session.execute(
        update(Account)
        .where(Account.member_id.in_(moved))
        .values(org_path=current)
        .execution_options(synchronize_session=False)
    )


def _place_new() -> None:
    """The paths of new organizations, from those above down: one statement a layer of the tree."""
    above = _TABLE.alias("above")
    own = func.substr(sql_cast(_TABLE.c.id + 10**PATH_WIDTH, String), 2)
    placed = select(above.c.path).where(above.c.id == _TABLE.c.parent_id, above.c.path != "")
    roots = update(_TABLE).where(_TABLE.c.path == "", _TABLE.c.parent_id.is_(None)).values(path=own)
    children = update(_TABLE).where(_TABLE.c.path == "", placed.exists()).values(path=placed.scalar_subquery() + own)
    db.session.execute(roots)
    while cast(CursorResult[Any], db.session.execute(children)).rowcount:
        pass


def _log(changes: Collection[Change], ids: Mapping[str, int], paths: Mapping[str, str]) -> None:
    """One audit entry for each new organization, each move, each level that was set, and each other change."""
    entries = [
        {
            "event": event,
            "actor_id": None,
            "actor_name": audit.COMMAND_LINE,
            "organization_id": ids[change.code],
            "organization_name": change.after["name"],
            "path": paths[change.code],
            "subject": "",
            "details": details,
        }
        for change in changes
        for event, details in _events(change, ids)
    ]
    db.session.execute(insert(AuditEntry), entries)


def _events(change: Change, ids: Mapping[str, int]) -> Iterator[tuple[AuditEvent, dict[str, Any]]]:
    after = _columns(change.after, ids)
    if change.before is None:
        yield AuditEvent.ORGANIZATION_CREATED, {"values": audit.values({"code": change.code, **after})}
        return
    changed = audit.changes(_columns(change.before, ids), after)
    by_event: dict[AuditEvent, dict[str, list[Any]]] = defaultdict(dict)
    for name, values in changed.items():
        by_event[_EVENT_OF.get(name, AuditEvent.ORGANIZATION_CHANGED)][name] = values
    for event, values_by_name in by_event.items():
        yield event, {"changes": values_by_name}
