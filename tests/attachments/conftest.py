"""The named world with a store of the test's own, and 林小雨 on her way out of the province."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from tests.support.databases import open_rules
from tests.views.transfer_panel import visit
from tests.world import Fujian, fujian
from workflow import storage as storing
from workflow.storage import Storage

__all__ = ["fujian", "visit"]


@pytest.fixture(scope="session")
def opened() -> Callable[[str], Flask]:
    """The rules alone; test_pages.py has the panel around them."""
    return open_rules


@pytest.fixture
def folder(app, tmp_path) -> Path:
    """Where the files of this test lie; it is made when the first one comes."""
    path = tmp_path / "kept"
    app.config["ATTACHMENTS_URL"] = str(path)
    return path


@pytest.fixture
def store(app, folder) -> Storage:
    return storing.storage(app.config)


@pytest.fixture
def leaving(fujian) -> Callable[..., object]:
    """`leaving("鼓楼区委")`: her transfer, approved until it waits there; `confirming`: at the step of 确认报到."""

    def make(at: str = "鼓楼区委", *, confirming: bool = False, member: str = "林小雨"):
        transfer = Fujian().apply(
            member,
            "省外组织",
            kind_code="out_of_province",
            addressee="中共厦门市委组织部",
            destination_unit="厦门市某支部",
        )
        fujian.bring(transfer, at, confirming=confirming)
        return fujian.fresh(transfer)

    return make
