"""R31: the database itself refuses to change or to delete what must only grow, whoever asks."""

import pytest
import sqlalchemy as sa

from models import AuditEvent, db
from workflow import audit
from workflow.transaction import transaction

TABLES = ("history_entry", "audit_entry")


@pytest.fixture
def rows(fujian) -> dict[str, list]:
    """What stands in both tables: at least one entry each."""
    fujian.apply("陈国强", to="五龙村支部")
    with transaction():
        audit.record(AuditEvent.EXPORTED, None, subject="陈国强")
    return contents()


def contents() -> dict[str, list]:
    found = {name: db.session.execute(sa.text(f"SELECT * FROM {name} ORDER BY id")).all() for name in TABLES}
    assert all(found.values())
    db.session.commit()
    return found


def refused(statement: str) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        db.session.execute(sa.text(statement))
    db.session.rollback()


@pytest.mark.parametrize("table", TABLES)
def test_r31_no_entry_is_changed(rows, table):
    refused(f"UPDATE {table} SET actor_name = '别人'")
    assert contents() == rows


@pytest.mark.parametrize("table", TABLES)
def test_r31_not_even_to_what_it_says_already(rows, table):
    refused(f"UPDATE {table} SET actor_name = actor_name WHERE id = 1")
    assert contents() == rows


@pytest.mark.parametrize("table", TABLES)
def test_r31_no_entry_is_deleted(rows, table):
    refused(f"DELETE FROM {table}")
    assert contents() == rows


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
@pytest.mark.parametrize("table", TABLES)
def test_r31_nor_are_all_at_once(rows, table):
    refused(f"TRUNCATE {table}")
    assert contents() == rows


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("table", TABLES)
def test_r31_nor_does_another_take_its_place(rows, table):
    refused(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} WHERE id = 1")
    assert contents() == rows


@pytest.mark.parametrize("table", TABLES)
def test_r31_a_new_entry_is_added(rows, fujian, table):
    fujian.apply("林小雨", to="五龙村支部")
    with transaction():
        audit.record(AuditEvent.EXPORTED, None, subject="林小雨")
    assert contents()[table][:-1] == rows[table]
