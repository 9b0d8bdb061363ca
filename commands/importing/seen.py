"""What a file has brought so far, kept in a temporary table so that memory does not grow with the file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select
from sqlalchemy.schema import CreateTable, DropTable

from models import db

_TABLE = Table(
    "import_seen",
    MetaData(),
    Column("key", String(64), primary_key=True),
    Column("row", Integer, nullable=False),
    prefixes=["TEMPORARY"],
)


class Seen:
    """Keys of a file with the rows that brought them; only their hashes are kept."""

    def first_rows(self, keys: Mapping[str, int]) -> dict[str, int]:
        """Of `keys` (key -> row) those that an earlier batch brought, with its row; remembers the others."""
        hashed = {hashlib.sha256(key.encode()).hexdigest(): key for key in keys}
        found = db.session.execute(select(_TABLE).where(_TABLE.c.key.in_(hashed)))
        earlier = {hashed[row.key]: row.row for row in found}
        fresh = [{"key": digest, "row": keys[key]} for digest, key in hashed.items() if key not in earlier]
        if fresh:
            db.session.execute(insert(_TABLE), fresh)
        return earlier


@contextmanager
def seen() -> Iterator[Seen]:
    """The memory of one file, within its transaction."""
    db.session.execute(CreateTable(_TABLE))
    yield Seen()
    db.session.execute(DropTable(_TABLE))
