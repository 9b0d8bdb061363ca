"""The named world, visitors, a clock that a test moves, and how somebody signs in by the form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models import clock
from tests.views.transfer_panel import TOKEN, visit
from tests.world import PASSWORD, fujian

__all__ = ["fujian", "visit"]

SIGN_IN = "/session/sign-in"


@dataclass
class Time:
    """The panel's clock, standing still until a test moves it; also for servers in other threads."""

    moment: datetime

    def passes(self, **amount: float) -> None:
        self.moment += timedelta(**amount)


@pytest.fixture
def time(monkeypatch) -> Time:
    """`time.passes(minutes=30)`."""
    standing = Time(datetime.now(UTC))
    monkeypatch.setattr(clock, "now", lambda: standing.moment)
    return standing


@pytest.fixture
def sign_in(client) -> Callable[..., TestResponse]:
    """`sign_in("林小雨", "wrong", by=client, address="192.0.2.7")`: the form of the sign-in page, sent."""

    def send(
        username: str, password: str = PASSWORD, by: FlaskClient = client, address: str = "192.0.2.1", **form: str
    ) -> TestResponse:
        here = {"REMOTE_ADDR": address}
        token = TOKEN.search(by.get(SIGN_IN, environ_base=here).text)[1]
        data = {"csrf_token": token, "username": username, "password": password, **form}
        return by.post(SIGN_IN, data=data, environ_base=here)

    return send
