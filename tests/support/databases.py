"""Databases for tests: migrated once into templates, then copied for each test that needs one.

Two templates a backend: `empty` is what the migrations make, `world` also holds what `tests.world` puts in.
"""

from __future__ import annotations

import importlib.util
import itertools
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import flask_migrate
import sqlalchemy as sa
from flask import Flask

from app import create_app
from models import db

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "TESTING": True,
    "SECRET_KEY": "a secret of the tests",
    "DATA_KEYS": "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
}


def open_app(url: str, **settings: object) -> Flask:
    """The application on the database at `url`; close it with `close_app`."""
    app = create_app({**SETTINGS, "SQLALCHEMY_DATABASE_URI": url, **settings})
    with app.app_context():
        for engine in db.engines.values():
            _share_compiled_statements(engine)
    return app


_compiled: dict[str, tuple[sa.Dialect, object]] = {}


def _share_compiled_statements(engine: sa.Engine) -> None:
    """Let all applications of a run compile each statement once: it would be half of a test's time to do it again.

    SQLAlchemy keeps what it compiled by engine and dialect, and every test has an engine of its own.
    """
    if engine.dialect.name not in _compiled:
        try:
            engine.connect().close()  # a dialect learns of its server by its own first connection
        except sa.exc.OperationalError:
            return
        _compiled[engine.dialect.name] = (engine.dialect, engine._compiled_cache)
    engine.dialect, engine._compiled_cache = _compiled[engine.dialect.name]
    engine.pool._dialect = engine.dialect


def close_app(app: Flask) -> None:
    """Close the database connections of `app`, so that its database can be dropped or copied."""
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


class Databases(ABC):
    """Templates and copies on one backend, for one worker."""

    version: str

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._templates: set[str] = set()

    @abstractmethod
    def url(self, name: str) -> str: ...

    @abstractmethod
    def create(self, name: str, template: str | None = None) -> None: ...

    @abstractmethod
    def drop(self, name: str) -> None: ...

    @contextmanager
    def copy(self, template: str = "world") -> Iterator[str]:
        """The URL of a fresh copy of the template `empty` or `world`, or of a `blank` database."""
        name = f"copy{next(self._numbers)}"
        self.create(name, None if template == "blank" else self._template(template))
        try:
            yield self.url(name)
        finally:
            self.drop(name)

    def _template(self, name: str) -> str:
        if name not in self._templates:
            self.create(name, self._template("empty") if name == "world" else None)
            app = open_app(self.url(name))
            try:
                with app.app_context():
                    TEMPLATES[name](app)
            except BaseException:
                close_app(app)
                self.drop(name)  # so that the next test fails for the same reason, not for what is left of it
                raise
            close_app(app)
            self._templates.add(name)
        return name


def migrate(app: Flask) -> None:
    """Make the tables as every installation does."""
    flask_migrate.upgrade(directory=str(ROOT / "migrations"))


def populate(app: Flask) -> None:
    """Fill in the world that the tests name things of, where there is one."""
    if importlib.util.find_spec("tests.world"):
        importlib.import_module("tests.world").populate(app)
        db.session.commit()


TEMPLATES = {"empty": migrate, "world": populate}


class SqliteDatabases(Databases):
    """One file a database."""

    version = sqlite3.sqlite_version

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.sqlite3"

    def url(self, name: str) -> str:
        return f"sqlite:///{self._file(name)}"

    def create(self, name: str, template: str | None = None) -> None:
        if template:
            # A backup, unlike a copied file, holds what still stands in the write-ahead log.
            with (
                closing(sqlite3.connect(self._file(template))) as source,
                closing(sqlite3.connect(self._file(name))) as target,
            ):
                source.backup(target)

    def drop(self, name: str) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._file(name)}{suffix}").unlink(missing_ok=True)


class PostgresDatabases(Databases):
    """Databases of one worker on the server that all workers share."""

    def __init__(self, server_url: str, worker: str) -> None:
        super().__init__()
        self._server = sa.make_url(server_url)
        self._worker = worker
        engine = sa.create_engine(self._server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        self._engine = engine
        with engine.connect() as connection:
            self.version = connection.scalar(sa.text("SHOW server_version"))

    def _name(self, name: str) -> str:
        return f"{self._worker}_{name}"

    def _run(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(sa.text(statement))

    def url(self, name: str) -> str:
        return self._server.set(database=self._name(name)).render_as_string(hide_password=False)

    def create(self, name: str, template: str | None = None) -> None:
        source = self._name(template) if template else "template1"
        self._run(f'CREATE DATABASE "{self._name(name)}" TEMPLATE "{source}"')

    def drop(self, name: str) -> None:
        self._run(f'DROP DATABASE "{self._name(name)}" WITH (FORCE)')
