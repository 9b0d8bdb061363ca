"""The product and its bare counterpart over one database, both in process, both behind a test client."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from bench.byhand import Raw, Written
from bench.databases import Backend
from bench.frame import asking, framed
from bench.loading import name_of, open_app
from bench.timing import Run, Spent, SqlClock
from models import Account, db

PAGE, LOOKUP = "page", "look-up"


class NotTheSame(AssertionError):
    """The product and the page by hand do not show the same rows: their times cannot be compared."""


@dataclass(frozen=True)
class Page:
    """What is measured: an address, who opens it, the same by hand, and what tells one row from another in both."""

    name: str
    who: str
    path: str
    by_hand: Written
    row: str = ""
    """A pattern that finds each row, the same in both pages; "" where there are no rows."""
    kind: str = PAGE


class Site:
    """One database with everything that asks it; close it."""

    def __init__(self, backend: Backend, scale: float) -> None:
        name = name_of(scale)
        self.backend, self.scale = backend.name, scale
        self.app = open_app(backend.url(name))
        self.raw = Raw(backend.connect(name))
        with self.app.app_context():
            self.clock = SqlClock(db.engine)
        self._visitors: dict[str, tuple[FlaskClient, tuple[str, str]]] = {}
        self._bare = Flask("bench.bare")
        self._bare.testing = True  # what is wrong by hand is raised, not answered
        self._bare.add_url_rule("/", view_func=lambda: self._by_hand(self.raw))
        self._by_hand: Callable[[Raw], str] = lambda _raw: ""
        self._reader = self._bare.test_client()

    def close(self) -> None:
        self.clock.remove()
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        self.raw.connection.close()

    def visitor(self, username: str) -> FlaskClient:
        """A client that is signed in."""
        return self._signed_in(username)[0]

    def _signed_in(self, username: str) -> tuple[FlaskClient, tuple[str, str]]:
        if username not in self._visitors:
            client = self.app.test_client()
            with self.app.app_context():
                account = db.session.scalars(select(Account).where(Account.username == username)).one()
            with client.session_transaction() as session:
                session.update(_user_id=f"{account.key}:{account.session_token}", _fresh=True)
            self._visitors[username] = client, (account.key, account.session_token)
        return self._visitors[username]

    def runs(self, page: Page) -> tuple[Run, Run]:
        """The page and the same by hand, ready to be timed. Raises `NotTheSame`, also where the page does not open."""
        visitor, session = self._signed_in(page.who)
        self._by_hand = partial(_page_by_hand if page.kind == PAGE else _answer_by_hand, page.by_hand, session)
        answer = visitor.get(page.path)
        if answer.status_code != 200:
            raise NotTheSame(f"{page.name}: {page.path} answers {answer.status_code}")
        if page.row:
            _check_same(page, answer.text, self._reader.get("/").text)
        return lambda: self._spent(lambda: visitor.get(page.path)), lambda: self._spent_by_hand(self._reader)

    def _spent(self, run: Callable[[], Any]) -> Spent:
        with self.clock.watching() as spent:
            run()
        return spent

    def _spent_by_hand(self, reader: FlaskClient) -> Spent:
        self.raw.seconds, self.raw.statements = 0.0, 0
        with self.clock.watching() as spent:
            reader.get("/")
        spent.sql_seconds, spent.statements = self.raw.seconds, self.raw.statements
        return spent


def _page_by_hand(written: Written, session: tuple[str, str], raw: Raw) -> str:
    return framed(raw, session, written(raw))


def _answer_by_hand(written: Written, session: tuple[str, str], raw: Raw) -> str:
    asking(raw, session)
    return written(raw)


def _check_same(page: Page, ours: str, by_hand: str) -> None:
    here, there = (re.findall(page.row, text) for text in (ours, by_hand))
    if here != there:
        raise NotTheSame(f"{page.name}: {len(here)} rows on the page, {len(there)} by hand; {here[:3]} {there[:3]}")
    if not here and "none" not in page.name:
        raise NotTheSame(f"{page.name}: no rows at all")
