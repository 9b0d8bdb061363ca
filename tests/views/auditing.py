"""What the tests of the auditors' pages share: many entries, and how a database reads a page."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from models import AuditEntry, HistoryEntry, db
from tests.views.panel import sent
from tests.views.transfer_panel import Visitor

LIST = "/history/"
STREET, SOURCE, GENERAL, TOWN, VILLAGE = "东街街道工委", "军门第一支部", "军门社区总支", "古田镇党委", "五龙村支部"
COPIED = [column.key for column in sa.inspect(HistoryEntry).column_attrs if column.key not in ("id", "sequence", "at")]
UNGUARDED = {
    "sqlite": ("DROP TRIGGER history_entry_no_update", "DROP TRIGGER history_entry_no_delete"),
    "postgresql": ("DROP TRIGGER history_entry_append_only ON history_entry",),
}
_READS = re.compile(r"\bFROM (history_entry|audit_entry)\b")


@pytest.fixture
def moving(fujian):
    """林小雨's transfer, turned back once by 东街街道工委, now waiting at 五龙村支部: seven entries."""
    transfer = fujian.transfer("林小雨", SOURCE, to=VILLAGE, at=STREET)
    fujian.liaison_of(STREET).reject(transfer, reason="党费未缴清")
    fujian.bring(transfer, VILLAGE)
    return transfer


@pytest.fixture
def entries(moving, fujian):
    """The entries of 林小雨's transfer, the first one first."""
    return fujian.entries(moving)


def rows(response: TestResponse) -> list[str]:
    """The rows of a list, each as the text of its cells."""
    parts = [part.partition("</tr>")[0] for part in response.text.split("<tr>")[2:]]
    return [re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", part))) for part in parts]


def page_of(entry: HistoryEntry) -> str:
    """The address of an entry's own page."""
    return f"/history/details/?id={entry.id}"


def more_history(entry: HistoryEntry, count: int) -> None:
    """As many entries more behind this one, a minute apart. Their hashes prove nothing."""
    values = {name: getattr(entry, name) for name in COPIED}
    last = db.session.scalar(
        sa.select(sa.func.max(HistoryEntry.sequence)).where(HistoryEntry.transfer_id == entry.transfer_id)
    )
    db.session.add_all(
        HistoryEntry(**values, sequence=last + number, at=entry.at + timedelta(minutes=last + number))
        for number in range(1, count + 1)
    )
    db.session.commit()


def more_audit(count: int, **values: Any) -> None:
    """As many audit entries more, alike."""
    db.session.add_all(AuditEntry(**values) for _number in range(count))
    db.session.commit()


def behind_its_back(statement: str, **values: Any) -> None:
    """Run a statement on the history that its triggers would refuse."""
    for drop in UNGUARDED[db.engine.dialect.name]:
        db.session.execute(sa.text(drop))
    db.session.execute(sa.text(statement), values)
    db.session.commit()
    db.session.expire_all()


def reading(visitor: Visitor, path: str) -> tuple[int, str]:
    """How many statements the page reads entries by, and how the database goes about it, index by index."""
    with sent() as statements:
        assert visitor.get(path).status_code == 200
    reads = [(text, values) for text, values in statements if _READS.search(text)]
    return len(reads), "\n".join(_plan(text, values) for text, values in reads)


def _plan(statement: str, values: Any) -> str:
    """The plan, where the database would choose an index even for a handful of rows."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            return "\n".join(row[-1] for row in rows)
        for way in ("seqscan", "sort", "bitmapscan", "hashjoin", "mergejoin"):
            connection.exec_driver_sql(f"SET enable_{way} = off")
        plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values))
        connection.rollback()
        connection.invalidate()
        return plan


def unserved(plan: str) -> list[str]:
    """The lines of a plan that read a whole table of entries, or sort."""
    return [line for line in plan.splitlines() if re.search(r"Seq Scan on (history|audit)_entry|Sort|TEMP B-TREE", line)
            or re.fullmatch(r"SCAN (history|audit)_entry", line)]  # fmt: skip
