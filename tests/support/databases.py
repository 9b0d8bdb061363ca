"""Databases for tests: migrated once into templates, then copied for each test that needs one.

Two templates a backend: `empty` is what the migrations make, `world` also holds what `tests.world` puts in.
"""

from __future__ import annotations

import importlib.util
import itertools
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import flask_migrate
import psycopg
import sqlalchemy as sa
from flask import Flask

import commands
from app import babel, create_app, engine_options
from models import db

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "TESTING": True,
    "SECRET_KEY": "a secret of the tests",
    "ATTACHMENTS_URL": "memory://tests",
    "DATA_KEYS": "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
}


def open_app(url: str, **settings: object) -> Flask:
    """The application on the database at `url`; close it with `close_app`."""
    return _with_shared_statements(create_app({**SETTINGS, "SQLALCHEMY_DATABASE_URI": url, **settings}))


def open_rules(url: str) -> Flask:
    """The rules and the command line on the database at `url`, without the panel, which takes a while to build."""
    app = Flask("rules")
    options = engine_options(sa.make_url(url))
    app.config.from_mapping(SETTINGS, SQLALCHEMY_DATABASE_URI=url, SQLALCHEMY_ENGINE_OPTIONS=options)
    db.init_app(app)
    babel.init_app(app)
    commands.register(app)
    return _with_shared_statements(app)


def _with_shared_statements(app: Flask) -> Flask:
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

    @contextmanager
    def app(self, opened: Callable[[str], Flask], template: str = "world") -> Iterator[Flask]:
        """What `opened` makes of the URL of a fresh copy; closed at the end."""
        with self.copy(template) as url:
            app = opened(url)
            try:
                yield app
            finally:
                close_app(app)

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
            # Whoever closed the template last has emptied its write-ahead log into the file.
            assert not Path(f"{self._file(template)}-wal").exists()
            shutil.copyfile(self._file(template), self._file(name))

    def drop(self, name: str) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._file(name)}{suffix}").unlink(missing_ok=True)


_KEEP = """
CREATE SCHEMA kept;
CREATE TABLE kept.altered ();
CREATE FUNCTION kept.note() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO kept.altered DEFAULT VALUES; END $$;
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE TABLE kept.%1$I AS TABLE public.%1$I', name);
    END LOOP;
END $$;
CREATE TABLE kept.sequences AS SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public';
CREATE EVENT TRIGGER altered ON ddl_command_end EXECUTE FUNCTION kept.note();
"""
"""Keeps the rows of a template beside its tables, and notes when a test alters the tables themselves."""
_PUT_BACK = """
BEGIN;
SET LOCAL session_replication_role = replica;
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DELETE FROM public.%1$I', name);
        EXECUTE format('INSERT INTO public.%1$I SELECT * FROM kept.%1$I', name);
    END LOOP;
END $$;
SELECT setval(format('public.%I', sequencename)::regclass, coalesce(last_value, 1), last_value IS NOT NULL)
    FROM kept.sequences;
COMMIT;
"""
"""Triggers and foreign keys sleep meanwhile; what is put back was checked when the template was made."""
_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid <> ALL (%s)
"""
_USES = 50
"""After so many tests a database is made anew: nobody sweeps what was deleted in it."""


@dataclass
class Copy:
    """A database that serves one test after the other."""

    url: str
    keeper: psycopg.Connection
    """Puts the rows back."""
    uses: int
    pool: sa.Pool | None = None
    """The connections that the last test's application had open."""


class PostgresDatabases(Databases):
    """Databases of one worker on the server that all workers share.

    To make one takes longer than most tests, so a database serves many: after each its rows are put back. The
    connections of the application serve on as well, since the server reads its catalogue anew for each.
    """

    def __init__(self, server_url: str, worker: str) -> None:
        super().__init__()
        self._free: dict[str, list[Copy]] = {}
        self._server = sa.make_url(server_url)
        self._worker = worker
        engine = sa.create_engine(self._server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        self._engine = engine
        with engine.connect() as connection:
            self.version = connection.scalar(sa.text("SHOW server_version"))

    @contextmanager
    def app(self, opened: Callable[[str], Flask], template: str = "world") -> Iterator[Flask]:
        with self._copy(template) as copy:
            app = opened(copy.url)
            with app.app_context():
                engine = db.engine
            if copy.pool:
                engine.pool = copy.pool
            try:
                yield app
            finally:
                with app.app_context():
                    db.session.remove()
                copy.pool = engine.pool

    @contextmanager
    def copy(self, template: str = "world") -> Iterator[str]:
        with self._copy(template) as copy:
            yield copy.url

    @contextmanager
    def _copy(self, template: str) -> Iterator[Copy]:
        free = self._free.setdefault(template, [])
        copy = free.pop() if free else self._new_copy(template)
        try:
            yield copy
        finally:
            if copy.uses < _USES and self._put_back(copy):
                copy.uses += 1
                free.append(copy)
            else:
                self._give_up(copy)

    def _new_copy(self, template: str) -> Copy:
        name = f"copy{next(self._numbers)}"
        blank = template == "blank"
        self.create(name, None if blank else self._template(template))
        return Copy(self.url(name), self._connected(name), uses=_USES if blank else 1)

    def _give_up(self, copy: Copy) -> None:
        if copy.pool:
            copy.pool.dispose()
        name = copy.keeper.info.dbname
        copy.keeper.close()
        self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _template(self, name: str) -> str:
        made = name in self._templates
        template = super()._template(name)
        if not made:
            with self._connected(name) as connection:
                connection.execute("DROP SCHEMA IF EXISTS kept CASCADE; DROP EVENT TRIGGER IF EXISTS altered")
                connection.execute(_KEEP)
        return template

    def _put_back(self, copy: Copy) -> bool:
        """Give a database the rows of its template again; False where a test altered more than rows."""
        kept = self._at_rest(copy)
        copy.keeper.execute(_END_OTHERS, [kept])
        if copy.keeper.execute("SELECT EXISTS (SELECT FROM kept.altered)").fetchone() != (False,):
            return False
        copy.keeper.execute(_PUT_BACK)
        return True

    def _at_rest(self, copy: Copy) -> list[int]:
        """The server's processes behind the connections of the application, their settings as they were at first.

        Where one is still in use, all are given up.
        """
        if copy.pool is None:
            return []
        if copy.pool.checkedout():
            copy.pool.dispose()
            copy.pool = None
            return []
        connections = [copy.pool.connect() for _ in range(copy.pool.checkedin())]
        for connection in connections:
            connection.cursor().execute("RESET ALL")
            connection.commit()
        pids = [connection.driver_connection.info.backend_pid for connection in connections]
        for connection in connections:
            connection.close()
        return pids

    def _connected(self, name: str) -> psycopg.Connection:
        url = self._server.set(drivername="postgresql", database=self._name(name))
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)

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
