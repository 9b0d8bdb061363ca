"""A province into a database: tables by the real migrations, rows in bulk, and a sample of them checked."""

from __future__ import annotations

import hashlib
import itertools
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import flask_migrate
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app import create_app
from bench import checking
from bench.databases import Backend
from bench.province import people, rows
from bench.province.places import Place, places
from bench.province.size import Size
from bench.province.stories import Stories
from bench.stores import PostgresStore, SqliteStore, Store
from models import Anchor, OrganizationKind, Qualification, Side, Stage, TransferKind, Walk, db
from models.crypto import Keyring
from workflow import planning
from workflow.routes import Node

ROOT = Path(__file__).parents[1]
SETTINGS = {
    "SECRET_KEY": "a secret of the benchmark",
    "DATA_KEYS": "bench:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
}
BATCH = 5_000
_MOMENT = "2021-11-20 08:00:00.000000"
ORGANIZATION_COLUMNS = (
    *("id", "code", "name", "kind", "parent_id", "path", "level_rank", "is_active", "contact_name"),
    *("contact_phone", "created_at", "updated_at", "version"),
)


@dataclass(frozen=True)
class RuleLeg:
    """A stage rule as the planner reads it, without the database behind it."""

    walk: Walk
    anchor: Anchor
    side: Side
    until: Qualification | None
    branch_stage: Stage | None
    general_branch_stage: Stage | None
    committee_stage: Stage | None
    last_stage: Stage | None
    shared_stage: Stage | None
    confirms: bool
    objects: bool


def open_app(url: str) -> Flask:
    """The product on a database of the benchmark, as it would be served."""
    return create_app({**SETTINGS, "SQLALCHEMY_DATABASE_URI": url})


def name_of(scale: float) -> str:
    """The database of a scale."""
    return f"province_{scale:g}".replace(".", "_")


def ensure(backend: Backend, size: Size, say: Callable[[str], None]) -> None:
    """Load the province where the folder does not hold it already."""
    name = name_of(size.scale)
    mark = backend.folder / f"{name}.json"
    wanted = {"scale": size.scale, "made_by": _fingerprint()}
    if mark.exists() and json.loads(mark.read_text())["made_by"] == wanted["made_by"]:
        say(f"{backend.name}: the province at {size.scale:g} is loaded already")
        return
    mark.unlink(missing_ok=True)
    started = time.perf_counter()
    backend.create(name)
    app = open_app(backend.url(name))
    with app.app_context():
        flask_migrate.upgrade(directory=str(ROOT / "migrations"))
        connection = backend.connect(name)
        try:
            counts = _load(_store(connection), size, say)
        finally:
            connection.close()
        checking.check_sample()
        db.session.remove()
        db.engine.dispose()
    mark.write_text(json.dumps({**wanted, **counts, "loaded": f"{datetime.now(UTC):%Y-%m-%d %H:%M}"}))
    seconds = time.perf_counter() - started
    say(f"{backend.name}: loaded the province at {size.scale:g} in {seconds:.0f} s: {counts}")


def _fingerprint() -> str:
    """Names the generator and the schema: what was loaded by others is loaded anew."""
    files = [*(ROOT / "migrations" / "versions").glob("*.py"), *Path(rows.__file__).parent.glob("*.py"), Path(__file__)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()


def _store(connection: Any) -> Store:
    return SqliteStore(connection) if isinstance(connection, sqlite3.Connection) else PostgresStore(connection)


def _load(store: Store, size: Size, say: Callable[[str], None]) -> dict[str, int]:
    everywhere = places(size.organizations)
    stories = Stories(size, everywhere, _kinds(), _lookup(everywhere))
    scribe = rows.Scribe(everywhere, stories.names)
    clock = _Stopwatch(say)
    with store.bulk():
        store.write("organization", ORGANIZATION_COLUMNS, _organization_rows(everywhere))
        for told in _batched(stories.tell(), BATCH):
            batch = scribe.write(told)
            store.write("transfer", rows.TRANSFER_COLUMNS, batch.transfers)
            store.write("step", rows.STEP_COLUMNS, batch.steps)
            store.write("history_entry", rows.ENTRY_COLUMNS, batch.entries)
        clock.say(f"{size.transfers:,} transfers with {scribe.entries:,} history entries")
        ring = Keyring.parse(SETTINGS["DATA_KEYS"])
        members = people.member_rows(stories.names, stories.homes, scribe.paths, ring)
        store.write("member", people.MEMBER_COLUMNS, members)
        store.write("account", people.ACCOUNT_COLUMNS, people.account_rows(everywhere, stories.homes))
        grants = people.grant_rows(everywhere, stories.homes)
        store.write("role_grant", people.GRANT_COLUMNS, grants)
        clock.say(f"{size.members:,} members")
    clock.say("indexes and foreign keys")
    store.analyze()
    clock.say("VACUUM ANALYZE")
    return {
        "organizations": size.organizations,
        "members": size.members,
        "transfers": size.transfers,
        "history_entries": scribe.entries,
    }


class _Stopwatch:
    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._since = say, time.perf_counter()

    def say(self, what: str) -> None:
        """How long it took since the last time."""
        now = time.perf_counter()
        self._say(f"  {what}: {now - self._since:.1f} s")
        self._since = now


def _batched(stories: Iterator[Any], count: int) -> Iterator[list[Any]]:
    while batch := list(itertools.islice(stories, count)):
        yield batch


def _organization_rows(everywhere: Sequence[Place]) -> Iterator[tuple]:
    for place in everywhere:
        parent = place.parent.id if place.parent else None
        contact, phone = f"{people.COMMON_SURNAME}干事", f"0591-{place.id:08d}"
        yield (
            *(place.id, place.code, place.name, place.kind, parent, place.path, place.level, True),
            *(contact, phone, _MOMENT, _MOMENT, 1),
        )


def _kinds() -> Mapping[str, Sequence[RuleLeg]]:
    kinds = db.session.scalars(select(TransferKind).options(selectinload(TransferKind.rules)))
    names = RuleLeg.__dataclass_fields__
    found = {kind.code: [RuleLeg(*(getattr(rule, name) for name in names)) for rule in kind.rules] for kind in kinds}
    db.session.rollback()
    return found


def _lookup(everywhere: Sequence[Place]) -> Mapping[int, Node]:
    by_rank = planning.qualifications_by_rank()
    db.session.rollback()
    return {
        place.id: Node(
            id=place.id,
            code=place.code,
            name=place.name,
            kind=OrganizationKind(place.kind),
            parent_id=place.parent.id if place.parent else None,
            qualifications=None if place.level is None else by_rank[place.level],
        )
        for place in everywhere
    }
