"""What the scenarios share: expecting a refusal, saying where a record stands, seeing that nothing was changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select

from models import Transfer, db
from tests.world import Fujian
from workflow import actions
from workflow.errors import RuleError


@contextmanager
def refused(rule: str, words: str = "", field: str | None = None) -> Iterator[None]:
    """The block must be refused by this rule, in these words, at this field of the form where one is named."""
    with pytest.raises(RuleError, match=words or None) as caught:
        yield
    assert caught.value.rule == rule
    assert field in (None, caught.value.field)


def stands(transfer: Transfer) -> str:
    """Where the record stands in the database now: 待东街街道工委办理, 已驳回至申请人, 已办结."""
    return str(actions.where_it_stands(Fujian().fresh(transfer)))


def waiting_stage(transfer: Transfer) -> str:
    """The stage of the step that waits, in the manual's words."""
    return Fujian().fresh(transfer).current_step.stage.label


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Each row of each table, so that a test can say that nothing was changed."""
    db.session.commit()
    rows = {
        table.name: [tuple(row) for row in db.session.execute(select(table).order_by(*table.primary_key))]
        for table in db.metadata.sorted_tables
    }
    db.session.commit()
    return rows
