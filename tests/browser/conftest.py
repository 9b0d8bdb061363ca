"""The named world behind the served panel."""

from collections.abc import Iterator

import pytest

from tests.world import Fujian


@pytest.fixture
def fujian(live_server) -> Iterator[Fujian]:
    """The world that the server answers from; changes made here are seen there."""
    with live_server.app.app_context():
        yield Fujian()
