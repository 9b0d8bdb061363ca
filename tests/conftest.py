"""The fixtures: the application on each database, clients, pages in a browser. Their parts are in support/.

A test that asks for `app`, or for anything made from it, runs twice: on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, Page
from sqlalchemy.orm import Session, scoped_session
from werkzeug.routing import Rule

from models import db
from tests.support import browser as chromium
from tests.support import postgres
from tests.support.addresses import compiled_once
from tests.support.client import SeparateClient
from tests.support.databases import Databases, PostgresDatabases, SqliteDatabases, close_app, open_app
from tests.support.garbage import collect_seldom
from tests.support.report import RunReport, note
from tests.support.templates import Compiled
from workflow import accounts

POSTGRES_FOLDER = pytest.StashKey[Path]()
FAILED = pytest.StashKey[bool]()

BACKENDS = ("sqlite", "postgresql")
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
COSTLY = accounts._hasher

# A slow machine is no failure; a failure on a machine that nobody can look at says how to repeat it.
settings.register_profile("default", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


# --- the run: one PostgreSQL server for all workers, one report ---


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(RunReport())
    given = getattr(config, "workerinput", {}).get("postgres_folder")
    config.stash[POSTGRES_FOLDER] = Path(given) if given else postgres.new_folder()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """Tell an xdist worker where the server is."""
    node.workerinput["postgres_folder"] = str(node.config.stash[POSTGRES_FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        postgres.stop(config.stash[POSTGRES_FOLDER])
        shutil.rmtree(config.stash[POSTGRES_FOLDER], ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests in the browser first: they take longest, and a worker left alone with them keeps the others waiting."""
    items.sort(key=lambda item: "browser" not in item.fixturenames)


def pytest_collection_finish() -> None:
    collect_seldom()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call):
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


# --- databases ---


@pytest.fixture(scope="session")
def databases(request, tmp_path_factory) -> Callable[[str], Databases]:
    """`databases("sqlite")`: the templates of a backend; skips the test where the backend cannot run."""
    made: dict[str, Databases] = {}
    missing: dict[str, str] = {}

    def sqlite() -> Databases:
        backend = SqliteDatabases(tmp_path_factory.mktemp("sqlite"))
        note(request.config, "SQLite", f"ran, version {backend.version}")
        return backend

    def postgresql() -> Databases:
        try:
            server = postgres.start(request.config.stash[POSTGRES_FOLDER])
        except postgres.Unavailable as error:
            missing["postgresql"] = f"PostgreSQL cannot start: {error}"
            note(request.config, "PostgreSQL", f"DID NOT RUN: {error}")
            pytest.skip(missing["postgresql"])
        backend = PostgresDatabases(server, os.environ.get("PYTEST_XDIST_WORKER", "main"))
        note(request.config, "PostgreSQL", f"ran, version {backend.version}")
        return backend

    makers = {"sqlite": sqlite, "postgresql": postgresql}

    def get(name: str) -> Databases:
        if name in missing:
            pytest.skip(missing[name])
        if name not in made:
            made[name] = makers[name]()
        return made[name]

    return get


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request, databases) -> str:
    """The name of the database that the test runs on: it runs on each."""
    databases(request.param)
    return request.param


@pytest.fixture(scope="session")
def new_app(databases) -> Callable[..., AbstractContextManager[Flask]]:
    """`with new_app(backend, template="world") as app`: an application on a database of its own.

    For what needs several in one test, such as the examples of a property. No context is pushed.
    """

    @contextmanager
    def make(backend: str, template: str = "world", opened: Callable[[str], Flask] = open_app) -> Iterator[Flask]:
        with databases(backend).app(opened, template) as app:
            app.test_client_class = SeparateClient
            yield app

    return make


@pytest.fixture
def app_without_context(backend, new_app, opened) -> Iterator[Flask]:
    """The application on a fresh world, for tests that push their contexts themselves."""
    with new_app(backend, opened=opened) as app:
        yield app


@pytest.fixture(scope="session")
def opened() -> Callable[[str], Flask]:
    """How `app` is opened: with the panel, unless the tests of a folder ask for the rules alone."""
    return open_app


@pytest.fixture
def app(app_without_context) -> Iterator[Flask]:
    """The application on a fresh world, its context pushed."""
    with app_without_context.app_context():
        yield app_without_context


@pytest.fixture
def empty_app(backend, new_app) -> Iterator[Flask]:
    """The application on a migrated database without the world, its context pushed."""
    with new_app(backend, "empty") as app, app.app_context():
        yield app


@pytest.fixture
def make_app(app_without_context) -> Iterator[Callable[..., Flask]]:
    """`make_app(**settings)`: another application on the test's own database, like a second process."""
    made: list[Flask] = []

    def make(**more: object) -> Flask:
        url = app_without_context.config["SQLALCHEMY_DATABASE_URI"]
        made.append(open_app(url, **more))
        made[-1].test_client_class = SeparateClient
        return made[-1]

    yield make
    for app in made:
        close_app(app)


@pytest.fixture
def db_session(app) -> scoped_session[Session]:
    """The session of the test's own application context."""
    return db.session


@pytest.fixture
def client(app) -> FlaskClient:
    """A browser without scripts; `app.test_client()` makes more, each signed in on its own."""
    return app.test_client()


@pytest.fixture(scope="session", autouse=True)
def compiled() -> Iterator[None]:
    """Every test makes an application of its own; compiling its templates and rules again takes long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": Compiled()})
        patch.setattr(Rule, "_compile_builder", compiled_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """To hash a password is slow on purpose: a sixth of a second for each that is set, and for each sign-in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_hasher", CHEAP)
        yield


@pytest.fixture
def costly_passwords(monkeypatch) -> None:
    """Hashed as outside of the tests."""
    monkeypatch.setattr(accounts, "_hasher", COSTLY)


# --- browser ---


@pytest.fixture(scope="session")
def browser(request) -> Iterator[Browser]:
    """Chromium, one a worker; skips the test where there is none."""
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(chromium.chromium())
        except chromium.Unavailable as error:
            note(request.config, "browser", f"DID NOT RUN: {error}")
            pytest.skip(f"no browser: {error}")
        note(request.config, "browser", f"ran, Chromium {browser.version}")
        yield browser


@pytest.fixture
def live_server(request, new_app) -> Iterator[chromium.LiveServer]:
    """The panel served on a fresh world: `base_url`, `app`. On SQLite, unless parametrized indirectly:
    `@pytest.mark.parametrize("live_server", ["sqlite", "postgresql"], indirect=True)`.
    """
    with new_app(getattr(request, "param", "sqlite")) as app, chromium.serve(app) as server:
        yield server


@pytest.fixture
def new_page(request, browser, live_server) -> Iterator[chromium.Pages]:
    """`new_page()`: a page of the panel in a browser of its own; `new_page(PHONE)`: on a phone.

    At the end no page may have a console error left, a refused script or style among them. A test that
    provokes one clears `page.problems`. Of a test that fails, each page is kept as a picture.
    """
    pages = chromium.Pages(browser, live_server.base_url)
    yield pages
    if request.node.stash.get(FAILED, False):
        for number, page in enumerate(pages.pages(), 1):
            chromium.screenshot(page, f"failed-{request.node.name}-{number}")
    pages.close()
    assert [problem for problems in pages.problems for problem in problems] == []


@pytest.fixture
def page(new_page) -> Page:
    """One page of the panel at the default size."""
    return new_page()
