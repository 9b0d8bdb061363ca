"""The named world, and reading the code that a phone has received."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from models import Message, MessageKind, db
from tests.support.databases import open_rules
from tests.world import fujian

__all__ = ["fujian"]


@pytest.fixture(scope="session")
def opened():
    """The rules alone, without the panel around them; `served` asks for the whole."""
    return open_rules


@pytest.fixture
def received(app) -> Callable[[str], str]:
    """`received("13800000001")`: the latest code that was sent to the phone."""

    def latest(phone: str) -> str:
        db.session.commit()
        codes = select(Message).where(Message.phone == phone, Message.kind == MessageKind.CODE)
        message = db.session.scalars(codes.order_by(Message.id.desc()).limit(1)).one()
        return str(message.params["code"])

    return latest
