"""The outbox on the named world: the rules and the command line, without the panel around them."""

from collections.abc import Callable

import pytest

from tests.commands import shell
from tests.commands.shell import Outcome
from tests.support.databases import open_rules
from tests.world import fujian

__all__ = ["fujian"]


@pytest.fixture(scope="session")
def opened():
    return open_rules


@pytest.fixture
def run(app) -> Callable[..., Outcome]:
    """`run("sms", "send")`: a command of the application on the test's world."""
    return lambda *words: shell.run(app, *words)
