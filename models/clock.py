"""The one clock: UTC for storing, Asia/Shanghai for dates, months and numbers (spec §1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
_fixed: ContextVar[datetime | None] = ContextVar("fixed_now", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _fixed.get() or datetime.now(UTC)


def today() -> date:
    """Today's date in Shanghai."""
    return now().astimezone(SHANGHAI).date()


def this_month() -> str:
    """The current month in Shanghai as ``YYYY-MM``."""
    return today().strftime("%Y-%m")


def local_day(moment: datetime) -> str:
    """The day of a moment in Shanghai: ``2026-11-24``."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d}"


def local_time(moment: datetime) -> str:
    """The time of a moment in Shanghai, to the second: ``09:12:33``."""
    return f"{moment.astimezone(SHANGHAI):%H:%M:%S}"


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Run a block as if it were `moment` (aware): for demo histories and tests."""
    token = _fixed.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)
