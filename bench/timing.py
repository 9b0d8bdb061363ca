"""How long something takes: the median of some rounds, warm, with the time that its statements take.

Of the product's statements the execution and the fetching count, as far as a cursor lets one see them.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

ROUNDS, WARM_UP = 21, 2
_SLOW, _VERY_SLOW = 0.25, 1.5
_NOT_COUNTED = ("BEGIN", "SAVEPOINT", "RELEASE")


@dataclass
class Spent:
    """What one run took, in seconds; `log` has each statement with its own time."""

    seconds: float = 0.0
    sql_seconds: float = 0.0
    statements: int = 0
    log: list[tuple[str, Any, float]] = field(default_factory=list)


class SqlClock:
    """Notes what the statements of an engine take."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._now = Spent()
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)

    @contextmanager
    def watching(self) -> Iterator[Spent]:
        """What the block takes."""
        self._now = spent = Spent()
        started = time.perf_counter()
        try:
            yield spent
        finally:
            spent.seconds = time.perf_counter() - started
            self._now = Spent()  # what comes between two runs belongs to neither

    def remove(self) -> None:
        """Stop listening."""
        event.remove(self._engine, "before_cursor_execute", self._before)
        event.remove(self._engine, "after_cursor_execute", self._after)

    def _before(self, _connection: Any, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool) -> None:
        context.bench_started = time.perf_counter()

    def _after(self, _connection: Any, cursor: Any, statement: str, values: Any, context: Any, _many: bool) -> None:
        taken = time.perf_counter() - context.bench_started
        if statement.startswith(_NOT_COUNTED):
            return
        now = self._now
        now.statements += 1
        now.sql_seconds += taken
        now.log.append((statement, values, taken))
        context.cursor = _TimedCursor(cursor, now)


class _TimedCursor:
    """A cursor whose fetching is counted too: SQLite finds most rows only then."""

    def __init__(self, cursor: Any, spent: Spent) -> None:
        self._cursor, self._spent = cursor, spent

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def fetchall(self) -> Any:
        return self._timed(self._cursor.fetchall)

    def fetchone(self) -> Any:
        return self._timed(self._cursor.fetchone)

    def fetchmany(self, *size: int) -> Any:
        return self._timed(lambda: self._cursor.fetchmany(*size))

    def _timed(self, fetch: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        found = fetch()
        taken = time.perf_counter() - started
        spent = self._spent
        spent.sql_seconds += taken
        statement, values, so_far = spent.log[-1]
        spent.log[-1] = (statement, values, so_far + taken)
        return found


@dataclass(frozen=True)
class Timing:
    """The medians of one subject, in milliseconds: the product's, and what was written by hand."""

    ms: float
    sql_ms: float
    statements: int
    floor_ms: float
    floor_sql_ms: float
    floor_statements: int
    log: tuple[tuple[str, Any, float], ...] = ()


Run = Callable[[], Spent]


def compare(*contests: tuple[Run, Run], rounds: int = ROUNDS) -> list[Timing]:
    """Time the product and what is by hand, and that at each scale, in turn: what slows the machine slows them all."""
    slowest = 0.0
    for _ in range(WARM_UP):
        slowest = max(run().seconds for contest in contests for run in contest)
    if slowest > _SLOW:
        rounds = min(rounds, 3 if slowest > _VERY_SLOW else 5)
    spent = [[(product(), by_hand()) for product, by_hand in contests] for _ in range(rounds)]
    return [medians(*map(list, zip(*(each[at] for each in spent), strict=True))) for at in range(len(contests))]


def medians(ours: list[Spent], floor: list[Spent]) -> Timing:
    """The medians of some runs of both."""

    def middle(values: Iterator[float]) -> float:
        return round(1000 * statistics.median(values), 3)

    return Timing(
        ms=middle(spent.seconds for spent in ours),
        sql_ms=middle(spent.sql_seconds for spent in ours),
        statements=round(statistics.median(spent.statements for spent in ours)),
        floor_ms=middle(spent.seconds for spent in floor),
        floor_sql_ms=middle(spent.sql_seconds for spent in floor),
        floor_statements=round(statistics.median(spent.statements for spent in floor)),
        log=tuple(ours[-1].log),
    )
