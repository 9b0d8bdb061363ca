"""Walking the panel: its addresses, its forms as a browser would send them, what stands in the database, more rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any

import sqlalchemy as sa
from flask import Flask, url_for
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models import Account, AuditEntry, Member, Organization, OrganizationKind, Transfer, db, path_segment
from tests.views.transfer_panel import TOKEN, Visitor

SCOPED_VIEWS = ("organizations", "members", "levels", "transfers")
_HELP = re.compile(r'class="help bad"[^>]*>(.*?)</div>', re.S)
_NAME = re.compile(r'\bname="([^"]+)"')
_FLASH = re.compile(r'<div class="flash (\w+)"[^>]*>(.*?)</div>', re.S)


# --- Who and where ---


def signed_in(client: FlaskClient, account: Account) -> Visitor:
    """A visitor of any application of the test's database: `visit` for an app made by `make_app`."""
    with client.session_transaction() as session:
        session.update(_user_id=f"{account.key}:{account.session_token}", _fresh=True)
    return Visitor(client)


def rows_of(transfer: Transfer) -> dict[str, Any]:
    """view -> what names a row of it in an address, all of it about this transfer's member."""
    member = db.session.get_one(Member, transfer.member_id)
    return {"organizations": transfer.source_id, "members": member.key, "levels": 6, "transfers": transfer.key}


def addresses(app: Flask, method: str, transfer: Transfer, rows: Mapping[str, Any]) -> dict[str, str]:
    """endpoint -> an address that leads somewhere, for every endpoint that answers `method`."""
    parts = {"key": transfer.key, "identity": transfer.source_id, "action": "approve", "export_type": "csv"}
    parts |= {"filename": "css/app.css", "number": "20261100001"}
    with app.test_request_context():
        return {
            rule.endpoint: url_for(
                rule.endpoint,
                id=rows.get(rule.endpoint.partition(".")[0]),
                **{name: parts[name] for name in rule.arguments},
            )
            for rule in app.url_map.iter_rules()
            if method in (rule.methods or ())
        }


def post(visitor: Visitor, path: str, /, **form: Any) -> TestResponse:
    """A form sent with its token, and the whole answer, which an export sends in pieces, read."""
    visitor.token = visitor.token or TOKEN.search(visitor.get("/").text)[1]
    return visitor.client.post(path, data={"csrf_token": visitor.token, **form}, buffered=True)


# --- The database ---


def snapshot(*names: str) -> dict[str, list[Any]]:
    """Every row of every table, or of those named."""
    db.session.commit()
    tables = [table for table in db.metadata.sorted_tables if not names or table.name in names]
    return {table.name: list(db.session.execute(sa.select(table).order_by(*table.primary_key))) for table in tables}


def audited() -> list[tuple[str, str, str, str]]:
    """The audit log, oldest first: event, who, organization, subject."""
    db.session.commit()
    entries = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))
    return [(entry.event.value, entry.actor_name, entry.organization_name, entry.subject) for entry in entries]


def latest_audit() -> AuditEntry:
    db.session.commit()
    return db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()


def more_members(home: Organization, count: int) -> list[Member]:
    """As many members more, without accounts: each named 新党员 and a number of its own"""
    start = (db.session.scalar(sa.select(sa.func.max(Member.id))) or 0) + 1
    made = [
        Member(
            name=f"新党员{number:04d}",
            id_number=f"990102197001{number:06d}",
            gender="male",
            ethnicity="汉族",
            category="full",
            organization_id=home.id,
            org_path=home.path,
        )
        for number in range(start, start + count)
    ]
    db.session.add_all(made)
    db.session.commit()
    return made


def more_organizations(parent: Organization, count: int) -> list[Organization]:
    """As many branches more under one organization: each named 新支部 and a number of its own"""
    start = (db.session.scalar(sa.select(sa.func.max(Organization.id))) or 0) + 1
    made = [
        Organization(code=f"new{number}", name=f"新支部{number:04d}", kind=OrganizationKind.BRANCH, parent_id=parent.id)
        for number in range(start, start + count)
    ]
    db.session.add_all(made)
    db.session.flush()
    for organization in made:
        organization.path = parent.path + path_segment(organization.id)
    db.session.commit()
    return made


@contextmanager
def sent() -> Iterator[list[tuple[str, Any]]]:
    """The SQL statements that the block sends, each with its parameters."""
    noted: list[tuple[str, Any]] = []

    def note(_connection, _cursor, statement, parameters, *_more) -> None:
        noted.append((statement, parameters))

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield noted
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)


# --- Pages ---


@dataclass
class _Page(HTMLParser):
    """What a page is made of: its tags, and its forms with what a browser would send of each."""

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    _select: str = ""
    _text: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "form":
            self.forms.append({})
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            self._keep(self._select, value, "selected" in given)
        elif tag == "textarea":
            self._text = name
            self._keep(name, "")
        elif tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
            self._keep(name, value or ("y" if given.get("type") == "checkbox" else ""))

    def handle_endtag(self, tag: str) -> None:
        self._select = "" if tag == "select" else self._select
        self._text = "" if tag == "textarea" else self._text

    def handle_data(self, data: str) -> None:
        if self._text:
            self.forms[-1][self._text] += data

    def _keep(self, name: str, value: str, over: bool = True) -> None:
        if over or name not in self.forms[-1]:
            self.forms[-1][name] = value


def page_of(response: TestResponse) -> _Page:
    """The page, taken apart."""
    page = _Page()
    page.feed(response.get_data(as_text=True))
    return page


def fields(response: TestResponse, having: str = "version") -> dict[str, str]:
    """What a browser would send of the form that has a field of this name."""
    return next(form for form in page_of(response).forms if having in form)


def save(visitor: Visitor, path: str, having: str = "version", /, **changes: Any) -> TestResponse:
    """Open a form as a browser does, change some of its fields (None: leave one out), send it."""
    filled = {**fields(visitor.get(path), having), **changes}
    return send(visitor, path, **{name: value for name, value in filled.items() if value is not None})


def send(visitor: Visitor, path: str, /, **form: Any) -> TestResponse:
    """Send a form, and say yes where the panel first shows what follows from it (R16)."""
    answer = post(visitor, path, **form)
    reviews = [shown for shown in page_of(answer).forms if "seen" in shown] if answer.status_code == 200 else []
    return post(visitor, path, **reviews[0]) if reviews else answer


def told(response: TestResponse) -> dict[str, str]:
    """field -> what the form says is wrong with it."""
    parts = [part for part in response.get_data(as_text=True).split('<div class="field')[1:] if "help bad" in part]
    return {_NAME.search(part)[1]: unescape(" ".join(_HELP.findall(part))) for part in parts}


def not_refused(sent: Callable[..., TestResponse], cases: Iterable[tuple[dict[str, Any], str, str]]) -> list[Any]:
    """Of the cases (changed fields, field, words) those that were not refused with the words at the field alone."""
    wrong = []
    for changes, name, words in cases:
        answer = sent(**changes)
        said = told(answer)
        if answer.status_code != 422 or list(said) != [name] or words not in said[name]:
            wrong.append((changes, answer.status_code, said))
    return wrong


def flashed(response: TestResponse) -> dict[str, str]:
    """category -> what the message above a page says."""
    return {category: unescape(words) for category, words in _FLASH.findall(response.get_data(as_text=True))}


def listed(response: TestResponse) -> list[str]:
    """The first column of a list, in order."""
    return [unescape(name) for name in re.findall(r'<td[^>]*><(?:a|span) class="who"[^>]*>([^<]*)<', response.text)]


def link(response: TestResponse, rel: str) -> str:
    """Where 上一页 (prev) or 下一页 (next) leads."""
    return unescape(response.text.split(f'rel="{rel}" href="')[1].split('"')[0])


def policy_of(response: TestResponse) -> dict[str, list[str]]:
    """The Content-Security-Policy: directive -> its sources."""
    parts = response.headers["Content-Security-Policy"].split(";")
    return {name: sources for name, *sources in (part.split() for part in parts)}


def check_headers(response: TestResponse) -> None:
    """The headers that every answer carries, and a policy that lets nothing inline run."""
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "same-origin"
    policy = policy_of(response)
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == ["'none'"]
    assert policy["form-action"] == policy["default-src"] == ["'self'"]
    for name in ("script-src", "style-src"):
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "https:", "http:"} & set(policy[name])
