"""Importing accounts and their roles in batches (R10). What may be granted is decided by `workflow.grants`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, insert, or_, select

from commands.importing.batches import batches
from commands.importing.cells import Cells
from commands.importing.reading import CsvTable
from commands.importing.reporting import Counts, RowErrors
from commands.importing.seen import Seen, seen
from models import Account, AuditEntry, AuditEvent, Member, Organization, RoleCode, RoleGrant, db
from models.crypto import keyring
from workflow import accounts, audit, grants, people_data

COLUMNS = ("username", "id_number", "org_code", "role")
ROLES = {role.value: role for role in RoleCode}
_ACCOUNTS = cast(Table, Account.__table__)
_GRANTS = cast(Table, RoleGrant.__table__)
_COLUMN_OF = {"organization": "org_code", "account": "id_number"}


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A row whose cells are right by themselves; `index` is the blind index of the ID number or ""."""

    cells: Cells
    username: str
    index: str
    org_code: str
    role: RoleCode


@dataclass(frozen=True, slots=True)
class Owner:
    """To whom an account belongs, and where that stands in the tree."""

    username: str
    member_id: int | None
    organization_id: int | None
    path: str


class Place(NamedTuple):
    """An organization as the audit log keeps it."""

    id: int | None
    name: str
    path: str


NOWHERE = Place(None, "", "")


@dataclass(frozen=True, slots=True)
class World:
    """What of the database a batch touches; `accounts` and `by_member` grow with the accounts that it makes."""

    members: Mapping[str, Any]
    organizations: Mapping[str, Any]
    accounts: dict[str, Owner]
    by_member: dict[int, str]


def run_import(table: CsvTable, errors: RowErrors) -> Counts:
    """Create the accounts of the file and grant the roles; grants that stand already stay as they are."""
    counts = Counts()
    with seen() as memory:
        for records in batches(table.records()):
            counts.rows += len(records)
            counts.created += _batch(records, errors, memory)
    return counts


def _batch(records: Sequence[tuple[int, dict[str, str]]], errors: RowErrors, memory: Seen) -> int:
    """Write the rows of a batch that are right; returns how many grants are new."""
    rows = _once([row for number, values in records if (row := _read_row(Cells(number, values, errors)))], memory)
    if not rows:
        return 0
    world = _load(rows)
    made: list[Owner] = []
    right = [row for row in rows if _check(row, world, made)]
    _create(made, world)
    return _grant(right, world)


def _read_row(cells: Cells) -> GrantRow | None:
    """The row, or None where a cell by itself is wrong. Needs DATA_KEYS only where there is an ID number."""
    username = cells.checked("username", accounts.check_username)
    index = ""
    if cells["id_number"]:
        ring = keyring()
        identity = cells.checked("id_number", people_data.check_id_number)
        index = ring.index(identity.clear) if identity else ""
    org_code = cells.text("org_code", 40)
    role = cells.word("role", ROLES)
    if cells.bad:
        return None
    assert username and role
    return GrantRow(cells, username, index, org_code, role)


def _once(rows: list[GrantRow], memory: Seen) -> list[GrantRow]:
    """The rows that the file has not brought before, word for word."""
    keys = [(row, f"{row.username} {row.role} {row.org_code}") for row in rows]
    first: dict[str, int] = {}
    for row, key in keys:
        first.setdefault(key, row.cells.row)
    first.update(memory.first_rows(first))
    for row, key in keys:
        if first[key] != row.cells.row:
            row.cells.fail("username", f"与第{first[key]}行重复：同一用户名、组织和角色")
    return [row for row in rows if not row.cells.bad]


def _load(rows: Sequence[GrantRow]) -> World:
    members = db.session.execute(
        select(Member.id, Member.id_number_index, Member.org_path, Member.phone_activated_at).where(
            Member.id_number_index.in_({row.index for row in rows if row.index})
        )
    ).all()
    organizations = db.session.execute(
        select(Organization.id, Organization.code, Organization.name, Organization.path, Organization.kind).where(
            Organization.code.in_({row.org_code for row in rows})
        )
    )
    known = db.session.execute(
        select(Account.username, Account.member_id, Account.organization_id, Account.org_path).where(
            or_(
                Account.username.in_({row.username for row in rows}),
                Account.member_id.in_([member.id for member in members]),
            )
        )
    )
    owners = [Owner(row.username, row.member_id, row.organization_id, row.org_path) for row in known]
    return World(
        members={row.id_number_index: row for row in members},
        organizations={row.code: row for row in organizations},
        accounts={owner.username: owner for owner in owners},
        by_member={owner.member_id: owner.username for owner in owners if owner.member_id is not None},
    )


def _check(row: GrantRow, world: World, made: list[Owner]) -> bool:
    """Whether a row may stand; an account that is not there yet is entered in `made` and in `world`."""
    organization = world.organizations.get(row.org_code)
    if row.org_code and organization is None:
        row.cells.fail("org_code", "没有这个代码的组织，请核对")
    member = world.members.get(row.index)
    if row.index and member is None:
        row.cells.fail("id_number", "没有这个身份证号的党员，请先导入党员")
    if row.cells.bad:
        return False
    known = world.accounts.get(row.username)
    owner = known or _new_owner(row.username, member, organization)
    if not _belongs(row, owner, member, world):
        return False
    row.cells.obeys_all(
        _COLUMN_OF,
        grants.check_grant,
        role=row.role,
        is_formal=owner.member_id is not None,
        activated=member is not None and member.phone_activated_at is not None,
        own_organization_id=owner.organization_id,
        organization_id=organization.id if organization else None,
        organization_kind=organization.kind if organization else None,
    )
    if known is None and not row.cells.bad:
        made.append(owner)
        world.accounts[owner.username] = owner
        if owner.member_id is not None:
            world.by_member[owner.member_id] = owner.username
    return not row.cells.bad


def _new_owner(username: str, member: Any | None, organization: Any | None) -> Owner:
    """A formal account where the row names a member, else one of the organization, else of nobody."""
    if member is not None:
        return Owner(username, member.id, None, member.org_path)
    return (
        Owner(username, None, organization.id, organization.path) if organization else Owner(username, None, None, "")
    )


def _belongs(row: GrantRow, owner: Owner, member: Any | None, world: World) -> bool:
    """One account a member, and one member an account."""
    if member is None and owner.member_id is not None:
        row.cells.fail("id_number", f"“{row.username}”是党员的账号，请填写该党员的身份证号")
    elif member is not None and owner.member_id != member.id:
        row.cells.fail("username", f"用户名“{row.username}”已属于他人，请换一个")
    elif member is not None and world.by_member.get(member.id, row.username) != row.username:
        row.cells.fail("username", f"该党员已有账号“{world.by_member[member.id]}”，请使用该用户名")
    return not row.cells.bad


def _create(made: Sequence[Owner], world: World) -> None:
    if not made:
        return
    rows = [
        {
            "username": owner.username,
            "member_id": owner.member_id,
            "organization_id": owner.organization_id,
            "org_path": owner.path,
        }
        for owner in made
    ]
    db.session.execute(insert(_ACCOUNTS), rows)
    places = {row.id: _place(row) for row in world.organizations.values()}
    _log(
        AuditEvent.ACCOUNT_CREATED,
        [(places.get(owner.organization_id or 0, NOWHERE), owner.username, {}) for owner in made],
    )


def _grant(rows: Sequence[GrantRow], world: World) -> int:
    ids: dict[str, int] = {
        row.username: row.id
        for row in db.session.execute(
            select(Account.username, Account.id).where(Account.username.in_({row.username for row in rows}))
        )
    }
    standing = grants.granted_roles(list(ids.values()))
    new = list(_missing(rows, world, ids, standing))
    if new:
        values = [
            {"account_id": ids[row.username], "organization_id": place.id, "role_code": row.role} for row, place in new
        ]
        db.session.execute(insert(_GRANTS), values)
        _log(AuditEvent.ROLE_GRANTED, [(place, row.username, {"role": row.role}) for row, place in new])
    return len(new)


def _missing(
    rows: Sequence[GrantRow],
    world: World,
    ids: Mapping[str, int],
    standing: set[tuple[int, int | None, RoleCode]],
) -> Iterator[tuple[GrantRow, Place]]:
    """The rows whose grant does not stand yet, each with its organization."""
    for row in rows:
        organization = world.organizations.get(row.org_code)
        place = _place(organization) if organization else NOWHERE
        if (ids[row.username], place.id, row.role) not in standing:
            yield row, place


def _place(row: Any) -> Place:
    return Place(row.id, row.name, row.path)


def _log(event: AuditEvent, happened: Sequence[tuple[Place, str, dict[str, Any]]]) -> None:
    """Audit entries from (organization, subject, details)."""
    entries = [
        {
            "event": event,
            "actor_id": None,
            "actor_name": audit.COMMAND_LINE,
            "organization_id": place.id,
            "organization_name": place.name,
            "path": place.path,
            "subject": subject,
            "details": details,
        }
        for place, subject, details in happened
    ]
    db.session.execute(insert(AuditEntry), entries)
