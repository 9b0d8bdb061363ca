"""Why a page takes what it takes: each of its statements with its time, the slow ones with their plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.site import Site
from bench.timing import Timing

SLOW = 0.002


def explain(site: Site, name: str, timing: Timing, say: Callable[[str], None]) -> None:
    """Print the statements of the latest run."""
    say(f"\n--- {name}: {timing.ms} ms, SQL {timing.sql_ms} ms in {timing.statements} statements")
    for statement, values, seconds in timing.log:
        say(f"{seconds * 1000:8.3f} ms  {' '.join(statement.split())[:4000]}")
        if seconds > SLOW and statement.lstrip().upper().startswith(("SELECT", "WITH")):
            for line in _plan(site, statement, values):
                say(f"             {line}")


def _plan(site: Site, statement: str, values: Any) -> list[str]:
    prefix = "EXPLAIN QUERY PLAN " if site.raw.is_sqlite else "EXPLAIN (ANALYZE, BUFFERS) "
    rows = site.raw.connection.execute(prefix + statement, values).fetchall()
    return [str(row[-1]) for row in rows]
