"""The statements that each decision cannot do without: lock, read the route, plan again, write, one history entry."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from bench.byhand import Raw, marks
from bench.province.rows import ENTRY_COLUMNS, STEP_COLUMNS, TRANSFER_COLUMNS
from bench.province.size import PRESENT
from bench.stores import younger
from models import ancestor_ids, db, new_key
from workflow import history
from workflow.actors import VIRTUAL_ADMIN


@dataclass(frozen=True)
class Case:
    """One decision: the key of the transfer (of the member who applies), in whose name, by which account."""

    key: str
    organization: int
    account: int
    destination: int = 0


@dataclass
class _Read:
    """A transfer under its lock, with its route."""

    id: int
    member_id: int
    member_name: str
    source_path: str
    destination_path: str
    destination: int
    version: int
    steps: list[tuple]
    """(id, position, stage, state, organization id, its name, its path)."""

    @property
    def standing(self) -> int:
        return next(at for at, step in enumerate(self.steps) if step[3] == "current")


def approve(raw: Raw, case: Case) -> None:
    """通过: the way ahead is planned again, and stays as it was."""
    with raw.transaction():
        transfer = _locked(raw, case.key)
        _way(raw, transfer.source_path, transfer.destination_path)
        at = transfer.standing
        here, there = transfer.steps[at], transfer.steps[at + 1]
        _handle(raw, here)
        raw.run("UPDATE step SET state = 'current' WHERE id = %s", there[0])
        _stand(raw, transfer, there[4], "approve", here[4])
        _enter(raw, transfer, case, "approve", "R24", here[4], here[5], here, there)


def reject(raw: Raw, case: Case) -> None:
    """驳回: one step back."""
    with raw.transaction():
        transfer = _locked(raw, case.key)
        at = transfer.standing
        here, there = transfer.steps[at], transfer.steps[at - 1]
        _go_back(raw, transfer, here, there)
        _stand(raw, transfer, there[4], "reject", here[4])
        _enter(raw, transfer, case, "reject", "R25", here[4], here[5], here, there, "党费未缴清")


def withdraw(raw: Raw, case: Case) -> None:
    """撤回: the step of the latest approval decides again."""
    with raw.transaction():
        transfer = _locked(raw, case.key)
        at = transfer.standing
        here, there = transfer.steps[at], transfer.steps[at - 1]
        _go_back(raw, transfer, here, there)
        _stand(raw, transfer, there[4], "withdraw", there[4])
        _enter(raw, transfer, case, "withdraw", "R26", there[4], there[5], here, there)


def confirm(raw: Raw, case: Case) -> None:
    """确认报到: the transfer ends and the member moves."""
    with raw.transaction():
        transfer = _locked(raw, case.key)
        here = transfer.steps[transfer.standing]
        _handle(raw, here)
        raw.run("UPDATE step SET is_open = %s WHERE transfer_id = %s", False, transfer.id)
        raw.run(
            "UPDATE member SET organization_id = %s, org_path = %s, updated_at = %s, version = version + 1 "
            "WHERE id = %s",
            *(transfer.destination, transfer.destination_path, raw.value_of(PRESENT), transfer.member_id),
        )
        raw.run(
            "UPDATE transfer SET state = 'completed', current_organization_id = NULL, waiting_organization_id = NULL, "
            "last_action = 'confirm', last_organization_id = %s, ended_at = %s, version = version + 1 WHERE id = %s",
            *(here[4], raw.value_of(PRESENT), transfer.id),
        )
        _enter(raw, transfer, case, "confirm", "R28", here[4], here[5], here, None)


def apply(raw: Raw, case: Case) -> None:
    """上报: the route is planned, its first step waits."""
    with raw.transaction():
        identity, name, path, open_id, kind = raw.row(
            "SELECT m.id, m.name, m.org_path, (SELECT t.id FROM transfer t WHERE t.member_id = m.id AND t.state IN "  # noqa: S608
            "('in_progress', 'withdrawn', 'rejected')), (SELECT k.name FROM transfer_kind k WHERE k.code = 'intra') "
            f"FROM member m WHERE m.key = %s AND m.status = 'normal'{_lock(raw, 'm')}",
            case.key,
        )
        assert open_id is None and kind
        (target,) = raw.row("SELECT path FROM organization WHERE id = %s AND is_active", case.destination)
        now, day = raw.value_of(PRESENT), f"{PRESENT:%Y-%m-%d}"
        route = _way(raw, path, target)
        values = (
            *(new_key(), "intra", identity, "in_progress", case.organization, path, case.destination, target),
            *("工作调动", day, day[:7], case.account, case.organization, case.organization, case.organization),
            *("submit", case.organization, now, now, None, 1),
        )
        made = _insert(raw, "transfer", TRANSFER_COLUMNS[1:], [values], " RETURNING id")
        steps = [
            (made, at, stage, place, side, False, last, False, "coming" if at > 1 else "current", None, "", True)
            for at, (place, stage, side, last) in enumerate(route, 1)
        ]
        _insert(raw, "step", STEP_COLUMNS[1:], steps)
        first = (0, 1, "source_branch", "current", case.organization, _name(raw, case.organization), path)
        transfer = _Read(made, identity, name, path, target, case.destination, 1, [first])
        _enter(raw, transfer, case, "submit", "R23", case.organization, first[5], None, first, new=True)


def _lock(raw: Raw, table: str) -> str:
    return "" if raw.is_sqlite else f" FOR UPDATE OF {table}"


def _locked(raw: Raw, key: str) -> _Read:
    head = raw.row(
        "SELECT t.id, t.member_id, m.name, t.source_path, t.destination_path, t.destination_id, t.version "  # noqa: S608
        f"FROM transfer t JOIN member m ON m.id = t.member_id WHERE t.key = %s{_lock(raw, 't')}",
        key,
    )
    steps = raw.rows(
        "SELECT p.id, p.position, p.stage, p.state, p.organization_id, o.name, o.path FROM step p "
        "JOIN organization o ON o.id = p.organization_id WHERE p.transfer_id = %s ORDER BY p.position",
        head[0],
    )
    identity, member_id, name, source, target, destination, version = head
    return _Read(identity, member_id, name, source, target, destination, version, steps)


def _way(raw: Raw, source: str, destination: str) -> list[tuple[int, str, str, bool]]:
    """(organization, stage, side, confirms) of the route within the province by the data of the day."""
    ids = sorted({*ancestor_ids(source), *ancestor_ids(destination)})
    found = raw.rows(
        "SELECT o.id, o.kind, o.is_active, o.level_rank, l.approves_committee FROM organization o "  # noqa: S608
        f"LEFT JOIN permission_level l ON l.rank = o.level_rank WHERE o.id IN ({marks(ids)})",
        *ids,
    )
    known = {row[0]: row for row in found}
    up, down = (_climbed(path, known) for path in (source, destination))
    shared = up[-1] == down[-1]
    way = [(place, "source_committee", "source", False) for place in up]
    way += [
        (place, "destination_committee", "destination", False) for place in reversed(down[: -1 if shared else None])
    ]
    return [*way, (down[0], "confirmation", "destination", True)]


def _climbed(path: str, known: dict[int, tuple]) -> list[int]:
    chain: list[int] = []
    for place in reversed(ancestor_ids(path)):
        assert known[place][2]
        chain.append(place)
        if known[place][4]:
            break
    return chain


def _name(raw: Raw, organization: int) -> str:
    return str(raw.row("SELECT name FROM organization WHERE id = %s", organization)[0])


def _handle(raw: Raw, step: tuple) -> None:
    by = f"{step[5]}（{VIRTUAL_ADMIN}）"
    raw.run(
        "UPDATE step SET state = 'done', handled_at = %s, handled_by = %s WHERE id = %s",
        *(raw.value_of(PRESENT), by, step[0]),
    )


def _go_back(raw: Raw, transfer: _Read, here: tuple, there: tuple) -> None:
    raw.run("UPDATE step SET state = 'coming' WHERE id = %s", here[0])
    raw.run("UPDATE step SET state = 'current', handled_at = NULL, handled_by = '' WHERE id = %s", there[0])


def _stand(raw: Raw, transfer: _Read, organization: int, action: str, acting: int) -> None:
    raw.run(
        "UPDATE transfer SET current_organization_id = %s, waiting_organization_id = %s, arrived_at = %s, "
        "last_action = %s, last_organization_id = %s, version = version + 1 WHERE id = %s AND version = %s",
        *(organization, organization, raw.value_of(PRESENT), action, acting, transfer.id, transfer.version),
    )


def _enter(
    raw: Raw,
    transfer: _Read,
    case: Case,
    action: str,
    rule: str,
    acting: int,
    acting_name: str,
    before: tuple | None,
    after: tuple | None,
    opinion: str = "",
    *,
    new: bool = False,
) -> None:
    """One history entry behind the last, chained to it."""
    last = (0, history.GENESIS)
    if not new:
        last = raw.row(
            "SELECT sequence, hash FROM history_entry WHERE transfer_id = %s ORDER BY sequence DESC LIMIT 1",
            transfer.id,
        )
    place = before or after
    values: dict[str, Any] = {
        "transfer_id": transfer.id,
        "sequence": last[0] + 1,
        "action": action,
        "rule": rule,
        "path": place[6] if place else "",
        "member_name": transfer.member_name,
        "actor_id": case.account,
        "actor_name": f"{acting_name}（{VIRTUAL_ADMIN}）",
        "actor_organization_id": acting,
        "actor_organization_name": acting_name,
        "from_stage": before[2] if before else None,
        "from_organization_id": before[4] if before else None,
        "from_organization_name": before[5] if before else "",
        "to_stage": after[2] if after else None,
        "to_organization_id": after[4] if after else None,
        "to_organization_name": after[5] if after else "",
        "opinion": opinion,
        "previous_hash": last[1],
    }
    text = json.dumps({**values, "at": PRESENT.isoformat()}, ensure_ascii=False, sort_keys=True)
    values |= {"details": "{}", "at": raw.value_of(PRESENT), "hash": sha256(text.encode()).hexdigest()}
    columns = ENTRY_COLUMNS[1:]
    _insert(raw, "history_entry", columns, [tuple(values[name] for name in columns)])


@cache
def _rest(table: str, columns: tuple[str, ...]) -> dict[str, object]:
    return younger(db.metadata.tables[table], ("id", *columns))


def _insert(raw: Raw, table: str, columns: tuple[str, ...], rows: list[tuple], returning: str = "") -> int:
    rest = _rest(table, columns)
    given = f"({marks([*columns, *rest])})"
    statement = f"INSERT INTO {table} ({', '.join([*columns, *rest])}) VALUES {', '.join([given] * len(rows))}"  # noqa: S608
    values = [value for row in rows for value in (*row, *rest.values())]
    if returning:
        return int(raw.row(statement + returning, *values)[0])
    raw.run(statement, *values)
    return 0
