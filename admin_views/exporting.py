"""Lists as files: streamed, with an audit entry, and harmless in a spreadsheet (R49)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from flask import Response, stream_with_context
from sqlalchemy import Select

from admin_views.listing import Column
from models import AuditEvent, Organization, clock, db
from workflow import audit
from workflow.actors import Actor
from workflow.transaction import transaction

BYTE_ORDER_MARK = "\ufeff"  # without it a spreadsheet takes UTF-8 for something else
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")
CHUNK = 500


def export_rows(
    actor: Actor,
    name: str,
    columns: Sequence[Column],
    query: Select[Any],
    *,
    organization: Organization | None = None,
    filters: Sequence[str] = (),
) -> Response:
    """The rows of `query` as CSV, in the words of the list. The audit entry stands before the first row is sent.

    `organization` and `filters` (in words) are what the list was narrowed to, for the audit entry.
    """
    with transaction():
        details = {"filters": list(filters)} if filters else {}
        audit.record(AuditEvent.EXPORTED, actor, organization=organization, subject=name, **details)

    def lines() -> Iterator[str]:
        yield BYTE_ORDER_MARK + line([column.label for column in columns])
        for row in db.session.scalars(query.execution_options(yield_per=CHUNK)):
            yield line([_both(column, row) for column in columns])

    filename = quote(f"{name}-{clock.today():%Y%m%d}.csv")
    return Response(
        stream_with_context(lines()),
        mimetype="text/csv",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{filename}"},
    )


def line(values: Sequence[Any]) -> str:
    """One line of CSV."""
    written = io.StringIO()
    csv.writer(written).writerow(["" if value is None else harmless(str(value)) for value in values])
    return written.getvalue()


def harmless(text: str) -> str:
    """A text that a spreadsheet would run as a formula, led by an apostrophe."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _both(column: Column, row: Any) -> str:
    """A cell's two lines in one."""
    parts = [column.value(row), column.note(row) if column.note else ""]
    return " ".join(str(part) for part in parts if part)
