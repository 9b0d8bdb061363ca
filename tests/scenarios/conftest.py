"""The named world, for tests that read like the manual: the rules alone, without the panel around them."""

import pytest

from tests.scenarios.newcomers import claimed, county, created, number_of
from tests.support.databases import open_rules
from tests.world import fujian

__all__ = ["claimed", "county", "created", "fujian", "number_of"]


@pytest.fixture(scope="session")
def opened():
    return open_rules
