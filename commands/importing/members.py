"""Importing members in batches, so that memory stays flat whatever the size of the file (R6, R10, R32a, R41)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, select, update

from commands.importing.batches import batches
from commands.importing.cells import Cells
from commands.importing.reading import CsvTable
from commands.importing.reporting import Counts, RowErrors
from commands.importing.seen import Seen, seen
from models import (
    AuditEntry,
    AuditEvent,
    Gender,
    Member,
    MemberCategory,
    MemberStatus,
    Organization,
    clock,
    db,
    masked_id_number,
)
from models.crypto import keyring
from workflow import audit, members, people_data
from workflow.people_data import IdNumber
from workflow.transaction import hold_tree

COLUMNS = ("id_number", "name", "gender", "ethnicity", "category", "org_code", "phone", "joined_on")
GENDERS = {gender.label: gender for gender in Gender}
CATEGORIES = {category.label: category for category in MemberCategory}
PARTICULARS = ("name", "gender", "ethnicity", "category", "phone", "joined_on")
_TABLE = cast(Table, Member.__table__)


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A row of the file whose cells are right by themselves; `index` is the blind index of the ID number."""

    cells: Cells
    identity: IdNumber
    index: str
    name: str
    gender: Gender
    ethnicity: str
    category: MemberCategory
    org_code: str
    phone: str
    joined_on: date | None


class Import:
    """One run: what it has counted, and the phones that other members held when their row came."""

    def __init__(self, errors: RowErrors, memory: Seen) -> None:
        self.errors = errors
        self.memory = memory
        self.counts = Counts()
        self.unknown_regions = 0
        self.phones_held: list[MemberRow] = []

    def batch(self, records: Sequence[tuple[int, dict[str, str]]]) -> None:
        """Check the rows of a batch and write those that are right; an error anywhere undoes all of it in the end."""
        self.counts.rows += len(records)
        rows = list(self._once(list(self._read(records))))
        if not rows:
            return
        homes = _homes({row.org_code for row in rows})
        known = _known([row.index for row in rows])
        rows = [row for row in rows if _may_stand(row, homes.get(row.org_code), known.get(row.index))]
        held = _held_by_others(rows)
        self.phones_held += [row for row in rows if row.index in held]
        new = [row for row in rows if row.index not in known]
        self._insert(new, homes, held)
        self._update([(row, known[row.index]) for row in rows if row.index in known], held)

    def _read(self, records: Sequence[tuple[int, dict[str, str]]]) -> Iterator[MemberRow]:
        for number, values in records:
            cells = Cells(number, values, self.errors)
            row = _read_row(cells)
            if row is not None:
                self.unknown_regions += not row.identity.known_region
                yield row

    def _once(self, rows: list[MemberRow]) -> Iterator[MemberRow]:
        """The rows whose ID number and phone the file has not brought before."""
        first: dict[str, int] = {}
        keys: list[tuple[MemberRow, str, str, str]] = []
        for row in rows:
            keys.append((row, "id_number", f"id {row.index}", "身份证号"))
            if row.phone:
                keys.append((row, "phone", f"phone {row.phone}", "手机号码"))
        for row, _, key, _ in keys:
            first.setdefault(key, row.cells.row)
        first.update(self.memory.first_rows(first))
        for row, column, key, what in keys:
            if first[key] != row.cells.row:
                row.cells.fail(column, f"{what}与第{first[key]}行重复")
        return (row for row in rows if not row.cells.bad)

    def _insert(self, rows: list[MemberRow], homes: Mapping[str, Any], held: set[str]) -> None:
        if not rows:
            return
        ring = keyring()
        db.session.execute(
            insert(_TABLE),
            [
                {
                    "id_number_sealed": ring.seal(row.identity.clear),
                    "id_number_index": row.index,
                    "id_number_masked": masked_id_number(row.identity.clear),
                    "status": MemberStatus.NORMAL,
                    "organization_id": homes[row.org_code].id,
                    "org_path": homes[row.org_code].path,
                    **_particulars(row, held),
                }
                for row in rows
            ],
        )
        self.counts.created += len(rows)

    def _update(self, pairs: list[tuple[MemberRow, Any]], held: set[str]) -> None:
        """Known members to the rows: particulars only, never the status or the organization."""
        changes = {row.index: _changes(row, before) for row, before in pairs}
        changed = [(row, before) for row, before in pairs if changes[row.index]]
        if not changed:
            return
        names = _particulars(changed[0][0], held)
        statement = (
            update(_TABLE)
            .where(_TABLE.c.id == bindparam("own_id"))
            .values({name: bindparam(f"new_{name}") for name in names} | {"version": _TABLE.c.version + 1})
        )
        rows = [
            {"own_id": before.id} | {f"new_{name}": value for name, value in _updated(row, before, held).items()}
            for row, before in changed
        ]
        db.session.execute(statement, rows)
        db.session.execute(insert(AuditEntry), [_entry(before, changes[row.index]) for row, before in changed])
        self.counts.updated += len(changed)

    def settle_phones(self) -> None:
        """Phones that another member held: given up by the file itself meanwhile, or an error."""
        for rows in batches(self.phones_held):
            held = _held_by_others(rows)
            for row in rows:
                if row.index in held:
                    row.cells.fail("phone", str(members.phone_taken()))
            statement = (
                update(_TABLE)
                .where(_TABLE.c.id_number_index == bindparam("index"))
                .values(phone=bindparam("new_phone"), phone_activated_at=clock.now())
            )
            free = [{"index": row.index, "new_phone": row.phone} for row in rows if row.index not in held]
            if free:
                db.session.execute(statement, free)


def run_import(table: CsvTable, errors: RowErrors) -> Counts:
    """Create the members of the file and bring known ones to their rows."""
    hold_tree(alone=True)  # a branch must not move while its path is written beside its members
    with seen() as memory:
        run = Import(errors, memory)
        for records in batches(table.records()):
            run.batch(records)
        run.settle_phones()
    if run.unknown_regions:
        run.counts.notes.append(f"提示：{run.unknown_regions}个身份证号的前6位不是已知的行政区划代码，请留意核对。")
    return run.counts


def _read_row(cells: Cells) -> MemberRow | None:
    """The row, or None where a cell by itself is wrong."""
    identity = cells.checked("id_number", people_data.check_id_number)
    name = cells.checked("name", people_data.check_person_name)
    gender = cells.word("gender", GENDERS)
    if gender is not None and identity is not None:
        cells.obeys("gender", people_data.check_gender, gender, identity)
    ethnicity = cells.checked("ethnicity", people_data.check_ethnicity)
    category = cells.word("category", CATEGORIES)
    org_code = cells.text("org_code", 40, required=True)
    phone = cells.checked("phone", people_data.normal_mobile)
    joined_on = cells.obeys("joined_on", people_data.read_day, cells["joined_on"], "joined_on")
    cells.obeys("joined_on", people_data.check_joined_on, joined_on)
    if cells.bad:
        return None
    assert identity and name and gender and ethnicity and category and phone is not None
    index = keyring().index(identity.clear)
    return MemberRow(cells, identity, index, name, gender, ethnicity, category, org_code, phone, joined_on)


def _homes(codes: set[str]) -> dict[str, Any]:
    rows = db.session.execute(
        select(
            Organization.code,
            Organization.id,
            Organization.name,
            Organization.kind,
            Organization.path,
            Organization.is_active,
        ).where(Organization.code.in_(codes))
    )
    return {row.code: row for row in rows}


def _known(indexes: Sequence[str]) -> dict[str, Any]:
    rows = db.session.execute(
        select(
            Member.id,
            Member.id_number_index,
            Member.organization_id,
            Organization.name.label("organization_name"),
            Member.org_path,
            Member.name,
            Member.gender,
            Member.ethnicity,
            Member.category,
            Member.phone,
            Member.phone_activated_at,
            Member.joined_on,
        )
        .join(Member.organization)
        .where(Member.id_number_index.in_(indexes))
    )
    return {row.id_number_index: row for row in rows}


def _may_stand(row: MemberRow, home: Any | None, before: Any | None) -> bool:
    """The organization must be one for members; a known member's never changes here (R32a)."""
    if home is None or before is None:
        row.cells.obeys("org_code", members.check_new_home, home, "org_code")
    elif before.organization_id != home.id:
        row.cells.fail("org_code", str(members.other_home("org_code")))
    return not row.cells.bad


def _held_by_others(rows: Sequence[MemberRow]) -> set[str]:
    """Of `rows` the index of each whose phone another member holds at this moment."""
    wanted = {row.phone: row.index for row in rows if row.phone}
    holders = db.session.execute(select(Member.phone, Member.id_number_index).where(Member.phone.in_(wanted)))
    return {wanted[holder.phone] for holder in holders if holder.id_number_index != wanted[holder.phone]}


def _particulars(row: MemberRow, held: set[str]) -> dict[str, Any]:
    """The columns of a row; a phone counts as activated (R10), and one that another holds waits for `settle_phones`."""
    phone = "" if row.index in held else row.phone
    return {
        "name": row.name,
        "gender": row.gender,
        "ethnicity": row.ethnicity,
        "category": row.category,
        "phone": phone,
        "phone_activated_at": clock.now() if phone else None,
        "joined_on": row.joined_on,
    }


def _updated(row: MemberRow, before: Any, held: set[str]) -> dict[str, Any]:
    """`_particulars` of a known member, whose phone stays activated since when it was."""
    values = _particulars(row, held)
    if row.phone and row.phone == before.phone and before.phone_activated_at:
        values["phone_activated_at"] = before.phone_activated_at
    return values


def _changes(row: MemberRow, before: Any) -> dict[str, list[Any]]:
    """particular -> [old, new] as the audit log keeps it; a phone that was not activated yet is a change, too."""
    activates = bool(row.phone) and before.phone_activated_at is None
    values = {name: (getattr(before, name), getattr(row, name)) for name in PARTICULARS}
    return {
        name: audit.pair(name, old, new)
        for name, (old, new) in values.items()
        if old != new or (name == "phone" and activates)
    }


def _entry(before: Any, changes: Mapping[str, list[Any]]) -> dict[str, Any]:
    return {
        "event": AuditEvent.MEMBER_CHANGED,
        "actor_id": None,
        "actor_name": audit.COMMAND_LINE,
        "organization_id": before.organization_id,
        "organization_name": before.organization_name,
        "path": before.org_path,
        "subject": before.name,
        "details": {"changes": changes},
    }
