"""Walking the panel's doors: one request, told in one sign; what it changed in the database is put back.

So all requests of a table run in one world, whatever they do there.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any, NamedTuple

import flask
import sqlalchemy as sa
from flask import Flask
from flask_wtf.csrf import generate_csrf
from pypdf import PdfReader
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from models import Account, db
from tests.views.panel import fields, post, snapshot
from tests.views.transfer_panel import Visitor

REFUSALS = {401: "!", 403: "-", 404: "?", 405: "x", 409: "c", 422: "v"}
ALLOWED = (200, 302, 303)
SIGN_IN = "/session/sign-in"
AUDIT = {"audit_entry"}
APPEND_ONLY = ("history_entry", "audit_entry")
_WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)')

_LOOK = re.compile(r'<form(?![^>]* action=)[^>]*>(?:(?!</form>).)*name="seen"', re.DOTALL)
"""A form that asks for a look at what follows before it is sent once more, to where it was sent before."""

Rows = Mapping[str, Sequence[Any]]


class Door(NamedTuple):
    """One request, and how it ends for each asker: one sign each, blanks set apart groups of askers.

    `names`: words of the row behind the door. Here, in `what` and in `form`, {words} stand for what the world holds.
    """

    what: str
    ends: str
    form: Mapping[str, Any] = {}
    names: str = ""

    @property
    def method(self) -> str:
        return self.what.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.what.partition(" ")[2]

    @property
    def expected(self) -> list[str]:
        return list(self.ends.replace(" ", ""))

    @property
    def shut(self) -> bool:
        """Whether nobody at all comes in, whoever they are and whatever they ask about."""
        return set(self.expected) <= set(">!-?x")


def endpoint_of(app: Flask, door: Door) -> str | None:
    """The endpoint that a door leads to, as "GET desk.index"; None where there is none."""
    path = door.path.partition("?")[0].format_map(_AnyNumber())
    try:
        endpoint, _arguments = app.url_map.bind("localhost").match(path, method=door.method)
    except HTTPException:
        return None
    return f"{door.method} {endpoint}"


def endpoints(app: Flask) -> set[str]:
    """Every endpoint of the panel with each method that it answers: "GET desk.index"."""
    rules = app.url_map.iter_rules()
    return {f"{method} {rule.endpoint}" for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}


class _AnyNumber(dict[str, str]):
    def __missing__(self, _name: str) -> str:
        return "1"


@dataclass(repr=False)
class Walk:
    """A world whose doors are tried; `names`: what the {words} of a door stand for."""

    app: Flask
    names: dict[str, Any] = field(default_factory=dict)
    before: Rows = field(default_factory=dict)
    wrote: set[str] = field(default_factory=set)
    _cookies: dict[str, str] = field(default_factory=dict)
    _token = ""
    _kept = ""
    """The token of every form, and what the sessions keep of it."""

    @contextmanager
    def here(self) -> Iterator[None]:
        """From now on the world stays as it is: what an answer changes is seen, and put back."""
        _take_guards_away()
        with self.app.test_request_context():
            self._token, self._kept = generate_csrf(), flask.session["csrf_token"]
        self.before = snapshot()
        with self._noting_writes():
            yield
        assert snapshot() == self.before, "the walk left something behind"

    def ends(self, door: Door, asker: str) -> tuple[str, str]:
        """How the request ends for an asker ("" is nobody), in one sign, and all that the answer says.

        Refused: > to the sign-in page, ! 401, - 403, ? 404, x 405, v 422, e back with an error. Otherwise: o 200 and
        + naming the row, r led on, a an audit entry and A naming the row too, d more than that has changed.
        """
        visitor = self._visitor(asker)
        path, form = door.path.format_map(self.names), {name: self._filled(value) for name, value in door.form.items()}
        self.wrote.clear()
        if door.method == "GET":
            answer = visitor.get(path)
        else:
            # A refusal is told without a page: that is the page that a GET brings, and would take most of the time.
            visitor.client.environ_base["HTTP_ACCEPT"] = "application/json"
            answer = post(visitor, path, **form)
            if answer.status_code == 200 and answer.mimetype == "text/html" and _LOOK.search(answer.text):
                answer = post(visitor, path, **fields(answer, "seen"))  # it asked for a look at what follows
        changed = self._put_back()
        said, names = _said(answer), door.names.format_map(self.names)
        return self._sign(visitor, answer, changed, bool(names) and names in said), said

    def _sign(self, visitor: Visitor, answer: TestResponse, changed: set[str], named: bool) -> str:
        status = answer.status_code
        if status not in ALLOWED:
            return REFUSALS.get(status, str(status)) if not changed else f"{status} changed {sorted(changed)}"
        if changed:
            return "d" if changed != AUDIT else "A" if named else "a"
        if status == 200:
            return "+" if named else "o"
        if answer.location.startswith(SIGN_IN):
            return ">"
        with visitor.client.session_transaction() as session:
            told = {category for category, _words in session.get("_flashes", ())}
        return "e" if "error" in told else "r"

    def _visitor(self, asker: str) -> Visitor:
        """A browser of its own a request, so that no answer depends on the one before."""
        client, name = self.app.test_client(), self.app.config["SESSION_COOKIE_NAME"]
        if asker not in self._cookies:
            with client.session_transaction() as session:
                session["csrf_token"] = self._kept
                if asker:
                    account = db.session.scalars(sa.select(Account).where(Account.username == asker)).one()
                    session.update(_user_id=f"{account.key}:{account.session_token}", _fresh=True)
            self._cookies[asker] = client.get_cookie(name).value
        client.set_cookie(name, self._cookies[asker])
        return Visitor(client, self._token)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        return value.format_map(self.names)

    @contextmanager
    def _noting_writes(self) -> Iterator[None]:
        """Only the tables that a request writes to are looked at afterwards: most requests write to none."""

        def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            self.wrote.update(_WRITES.findall(statement))

        sa.event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", note)

    def _put_back(self) -> set[str]:
        """Undo what has changed, row by row; the names of the tables that had."""
        if not self.wrote:
            return set()
        after = snapshot(*self.wrote)
        changed = {name for name in after if self.before[name] != after[name]}
        tables = [table for table in db.metadata.sorted_tables if table.name in changed]
        told = {key.column.table for table in db.metadata.sorted_tables for key in table.foreign_keys}
        kept = {}
        for table in reversed(tables):
            was, now = _by_key(table, self.before), _by_key(table, after)
            # A row that no other refers to is made anew: written over one by one, steps would for a moment wait twice.
            gone = [key for key in now if key not in was or (table not in told and was[key] != now[key])]
            for key in gone:
                db.session.execute(sa.delete(table).where(_is(table, key)))
            kept[table] = {key: row for key, row in now.items() if key not in gone}
        for table in tables:
            for key, row in _by_key(table, self.before).items():
                if key not in kept[table]:
                    db.session.execute(sa.insert(table).values(row._asdict()))
                elif row != kept[table][key]:
                    db.session.execute(sa.update(table).where(_is(table, key)).values(row._asdict()))
        db.session.commit()
        return changed


def _by_key(table: sa.Table, rows: Rows) -> dict[tuple[Any, ...], Any]:
    return {tuple(row._mapping[column] for column in table.primary_key): row for row in rows[table.name]}


def _is(table: sa.Table, key: tuple[Any, ...]) -> sa.ColumnElement[bool]:
    return sa.and_(*(column == value for column, value in zip(table.primary_key, key, strict=True)))


def _take_guards_away() -> None:
    """Entries that the database itself lets nobody take back are put back too."""
    for table in APPEND_ONLY:
        if db.engine.dialect.name == "sqlite":
            for change in ("update", "delete"):
                db.session.execute(sa.text(f"DROP TRIGGER {table}_no_{change}"))
        else:
            db.session.execute(sa.text(f"DROP TRIGGER {table}_append_only ON {table}"))
    db.session.commit()


def _said(answer: TestResponse) -> str:
    """All that an answer says: a page with its tags, what JSON, a workbook or a PDF holds."""
    if answer.is_json:
        return str(answer.json)
    if answer.data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
            # Some XML writers put every Chinese character as its number.
            return unescape("".join(book.read(name).decode() for name in book.namelist()))
    if answer.mimetype.startswith("image/"):
        return ""
    if answer.mimetype == "application/pdf":
        return "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    return answer.text
