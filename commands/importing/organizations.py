"""Importing organizations: the rows are laid over the tree of the database, and the final tree is checked (R1, R5).

Writing it is in `organization_saving`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from commands.importing.cells import Cells
from commands.importing.organization_saving import Change, depths, save
from commands.importing.reading import CsvTable
from commands.importing.reporting import Counts, RowErrors
from models import Member, Organization, OrganizationKind, PermissionLevel, db
from models.base import PATH_LENGTH, PATH_WIDTH
from workflow import members, organizations, tree
from workflow.transaction import hold_tree
from workflow.tree import Place, Problem

COLUMNS = ("code", "name", "kind", "parent_code", "level", "contact_name", "contact_phone")
KINDS = {kind.value: kind for kind in OrganizationKind}
MOST_LEVELS = PATH_LENGTH // PATH_WIDTH
_COLUMN_OF = {"kind": "kind", "parent": "parent_code", "level": "level"}
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class OrganizationRow:
    """One organization as the file or the database has it; `row` is 0 for the database."""

    row: int
    name: str
    kind: OrganizationKind
    parent_code: str | None
    level: int | None
    contact_name: str
    contact_phone: str
    is_active: bool = True
    id: int = 0
    path: str = ""

    def values(self) -> dict[str, Any]:
        """What an import may change."""
        return {
            "name": self.name,
            "kind": self.kind,
            "parent_code": self.parent_code,
            "level_rank": self.level,
            "contact_name": self.contact_name,
            "contact_phone": self.contact_phone,
        }


Rows = dict[str, OrganizationRow]


def run_import(table: CsvTable, errors: RowErrors) -> Counts:
    """Bring the organizations of the database to the rows of the file; parents may stand after their children."""
    hold_tree(alone=True)
    known = _known()
    read, bad = _read(table, errors)
    final = {**known, **{code: _laid_over(known.get(code), row) for code, row in read.items()}}
    _check_parents(read, bad, known, final, errors)
    _check_shape(read, bad, known, final, errors)
    _check_members(read, bad, known, errors)
    if errors:
        return Counts()
    changes = [
        Change(code, known[code].values() if code in known else None, row.values())
        for code, row in read.items()
        if code not in known or known[code].values() != row.values()
    ]
    save(changes, final)
    created = sum(change.before is None for change in changes)
    return Counts(rows=len(read), created=created, updated=len(changes) - created)


def _laid_over(before: OrganizationRow | None, row: OrganizationRow) -> OrganizationRow:
    return replace(row, id=before.id, path=before.path) if before else row


def _known() -> Rows:
    """Every organization of the database by its code, the roots first."""
    rows = db.session.execute(
        select(
            Organization.id,
            Organization.code,
            Organization.name,
            Organization.kind,
            Organization.parent_id,
            Organization.level_rank,
            Organization.contact_name,
            Organization.contact_phone,
            Organization.is_active,
            Organization.path,
        ).order_by(Organization.parent_id.is_not(None), Organization.id)
    ).all()
    codes = {row.id: row.code for row in rows}
    return {
        row.code: OrganizationRow(
            row=0,
            name=row.name,
            kind=row.kind,
            parent_code=codes.get(row.parent_id),
            level=row.level_rank,
            contact_name=row.contact_name,
            contact_phone=row.contact_phone,
            is_active=row.is_active,
            id=row.id,
            path=row.path,
        )
        for row in rows
    }


def _read(table: CsvTable, errors: RowErrors) -> tuple[Rows, set[str]]:
    """The rows by code, and the codes of those with a mistake: they stand in the tree, but are not judged by it."""
    levels = {
        str(rank): rank for rank in db.session.scalars(select(PermissionLevel.rank).order_by(PermissionLevel.rank))
    }
    read: Rows = {}
    bad: set[str] = set()
    for number, values in table.records():
        cells = Cells(number, values, errors)
        code = cells.text("code", 40, required=True)
        if code in read:
            cells.fail("code", f"组织代码与第{read[code].row}行重复")
            continue
        read[code] = OrganizationRow(
            row=number,
            name=cells.text("name", 120, required=True),
            kind=cells.word("kind", KINDS) or OrganizationKind.COMMITTEE,
            parent_code=cells.text("parent_code", 40) or None,
            level=cells.word("level", levels) if cells["level"] else None,
            contact_name=cells.text("contact_name", 60),
            contact_phone=cells.text("contact_phone", 40),
        )
        if cells.bad:
            bad.add(code)
    return read, bad


def _check_parents(read: Rows, bad: set[str], known: Rows, final: Rows, errors: RowErrors) -> None:
    """Parents must exist and be active; a row that fails here is not judged by the tree as well."""
    for code, row in read.items():
        if row.parent_code is None:
            continue
        parent = final.get(row.parent_code)
        moved = code not in known or known[code].parent_code != row.parent_code
        if parent is None:
            errors.add(row.row, "parent_code", f"没有代码为“{row.parent_code}”的组织（文件和数据库中都没有）")
            bad.add(code)
        elif moved and row.parent_code in known and not known[row.parent_code].is_active:
            errors.add(row.row, "parent_code", f"上级组织“{parent.name}”已停用")
            bad.add(code)


def _check_shape(read: Rows, bad: set[str], known: Rows, final: Rows, errors: RowErrors) -> None:
    """R1 and R5 on the final tree, each breach on the row that causes it."""
    parents = {code: row.parent_code if row.parent_code in final else None for code, row in final.items()}
    depth = depths(parents)
    for code, row in read.items():
        if code not in depth and _is_on_cycle(code, parents):
            errors.add(row.row, "parent_code", f"上级组织成环：“{row.name}”不能在自己的下级组织之下")
        elif depth.get(code, 0) >= MOST_LEVELS:
            errors.add(row.row, "parent_code", f"层级过深：最多{MOST_LEVELS}层")
    places: dict[Hashable, Place] = {
        code: Place(row.name, row.kind, parents[code], row.level) for code, row in final.items() if code in depth
    }
    for problem in tree.check_tree(places, organizations.subordinate_rank()):
        if bad.isdisjoint((str(problem.key), str(problem.above))):
            _report(problem, read, known, parents, errors)


def _is_on_cycle(code: str, parents: Mapping[str, str | None]) -> bool:
    """Whether climbing from `code` comes back to it; what merely hangs below a cycle does not."""
    passed: set[str] = set()
    current = parents[code]
    while current is not None and current not in passed:
        if current == code:
            return True
        passed.add(current)
        current = parents[current]
    return False


def _report(problem: Problem, read: Rows, known: Rows, parents: Mapping[str, str | None], errors: RowErrors) -> None:
    """On the child's row if the file has it, else on the nearest above; one that no row is part of is none of ours."""
    column = _COLUMN_OF[problem.error.field or "parent"]
    key, above = str(problem.key), problem.above
    for code in _upwards(key, above, parents):
        if code not in read:
            continue
        if code != key:
            column = _cause(read[code], known.get(code), column)
        errors.add(read[code].row, column, str(problem.error))
        return


def _upwards(key: str, above: Hashable | None, parents: Mapping[str, str | None]) -> Iterator[str]:
    """From the organization at fault up to the one that it collides with, which may stand elsewhere (a second root)."""
    current: str | None = key
    while current is not None and current != above:
        yield current
        current = parents[current]
    if above is not None:
        yield str(above)


def _cause(row: OrganizationRow, before: OrganizationRow | None, column: str) -> str:
    """Which cell of an organization further up brought the breach about."""
    if before is None:
        return "parent_code"
    if column == "level" and row.level != before.level:
        return "level"
    if column != "level" and row.kind is not before.kind:
        return "kind"
    return "parent_code"


def _check_members(read: Rows, bad: set[str], known: Rows, errors: RowErrors) -> None:
    """An organization that has members cannot become one that has none (R1)."""
    changed = {
        known[code].id: row
        for code, row in read.items()
        if code in known
        and code not in bad
        and known[code].kind in members.MEMBER_KINDS
        and row.kind not in members.MEMBER_KINDS
    }
    ids = list(changed)
    for start in range(0, len(ids), _CHUNK):
        inhabited = select(Member.organization_id).where(Member.organization_id.in_(ids[start : start + _CHUNK]))
        for identity in db.session.scalars(inhabited.distinct()):
            row = changed[identity]
            errors.add(row.row, "kind", f"“{row.name}”还有党员，不能改为{row.kind.label}")
