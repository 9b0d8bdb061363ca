"""People at the pages of transfers: signed in by name, each with a session of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models import Member, Organization, Step, Transfer, db
from tests.world import Fujian

__all__ = ["Visitor", "copies", "statements", "text_of", "visit"]

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
COPIED_STEP = ("position", "stage", "side", "organization_id", "level_unset", "confirms", "objects", "state")


def text_of(response: TestResponse) -> str:
    """What a page says, its tags aside."""
    html = re.sub(r"<(script|style)\b.*?</\1>", "", response.get_data(as_text=True), flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


@dataclass
class Visitor:
    """Somebody at the panel."""

    client: FlaskClient
    token: str = ""

    def get(self, path: str, **more: object) -> TestResponse:
        return self.client.get(path, **more)

    def post(self, path: str, **form: object) -> TestResponse:
        """A form sent with the token that the session's pages carry."""
        if not self.token:
            self.token = TOKEN.search(self.client.get("/").get_data(as_text=True))[1]
        return self.client.post(path, data={"csrf_token": self.token, **form})

    def act(self, transfer: Transfer, action: str, **form: object) -> TestResponse:
        """A click on an action of a transfer, at the version that this visitor has seen."""
        return self.post(f"/transfers/{transfer.key}/act", action=action, **{"version": transfer.version, **form})


@pytest.fixture
def visit(app: Flask, fujian: Fujian) -> Callable[[str], Visitor]:
    """`visit("林小雨")`: a visitor signed in under this username."""

    def visitor(username: str) -> Visitor:
        account = fujian.account(username)
        client = app.test_client()
        with client.session_transaction() as session:
            session.update(_user_id=f"{account.key}:{account.session_token}", _fresh=True)
        return Visitor(client)

    return visitor


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL statements that the block sends."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_more) -> None:
        sent.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)


def copies(transfer: Transfer, count: int) -> None:
    """As many transfers more like this one, each of a member of its own."""
    home = db.session.get(Organization, transfer.source_id)
    steps = [{name: getattr(step, name) for name in COPIED_STEP} for step in transfer.steps]
    columns = [
        column.key for column in sa.inspect(Transfer).column_attrs if column.key not in ("id", "key", "member_id")
    ]
    values = {name: getattr(transfer, name) for name in columns}
    start = db.session.scalar(sa.select(sa.func.count()).select_from(Member))
    for number in range(start, start + count):
        member = Member(
            name=f"党员{number:04d}",
            id_number=f"990102198001{number:06d}",
            gender="male",
            ethnicity="汉族",
            category="full",
            organization_id=home.id,
            org_path=home.path,
        )
        db.session.add(Transfer(**values, member=member, steps=[Step(**step) for step in steps]))
    db.session.commit()
