"""The test client that behaves like separate browsers."""

from __future__ import annotations

import contextvars

from flask import has_app_context
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models import db


class SeparateClient(FlaskClient):
    """A client whose requests see what the test committed, and share nothing else with it.

    Flask would run a request inside the test's own application context: two clients would then share `g`,
    with Flask-Login's user in it, and the test's database session.
    """

    def open(self, *args: object, **kwargs: object) -> TestResponse:
        kwargs.setdefault("buffered", True)  # a streamed answer is read to its end in the context that made it
        if has_app_context():
            db.session.commit()  # ends the test's snapshot too, so it sees what the request changes
        return contextvars.Context().run(super().open, *args, **kwargs)
