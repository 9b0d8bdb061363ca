"""The numbers of a run: how they are kept, and which of them are over the budgets of design.md §4."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.site import LOOKUP, PAGE
from bench.timing import Timing

FILE = Path(__file__).with_name("results.json")
TRANSITION, PLANNER, REFERENCE = "transition", "planner", "Flask-Admin"

SQL_RATIO, PAGE_RATIO, GROWTH_RATIO, TRANSITION_RATIO = 1.5, 4.0, 1.5, 2.0
LOOKUP_SQL_MS, PLANNER_MS = 15.0, 10_000.0


@dataclass(frozen=True)
class Result:
    """One line of results.json."""

    page: str
    scale: float
    ms: float
    sql_ms: float
    statements: int
    floor_ms: float
    floor_sql_ms: float
    kind: str
    backend: str
    machine: str
    measured: str

    @classmethod
    def of(cls, page: str, kind: str, backend: str, scale: float, timing: Timing) -> Result:
        """What was measured just now."""
        return cls(
            page=page,
            scale=scale,
            ms=timing.ms,
            sql_ms=timing.sql_ms,
            statements=timing.statements,
            floor_ms=timing.floor_ms,
            floor_sql_ms=timing.floor_sql_ms,
            kind=kind,
            backend=backend,
            machine=machine(),
            measured=f"{datetime.now(UTC):%Y-%m-%d}",
        )

    @property
    def page_ratio(self) -> float:
        """The whole page against the one by hand."""
        return self.ms / self.floor_ms if self.floor_ms else 0.0

    @property
    def sql_ratio(self) -> float:
        """Its statements against those by hand."""
        return self.sql_ms / self.floor_sql_ms if self.floor_sql_ms else 0.0


@dataclass(frozen=True)
class Row:
    """One line of the table: a page at full size, and at a hundredth where that was measured."""

    full: Result
    small: Result | None

    @property
    def growth(self) -> float | None:
        """The page at full size against the same page at a hundredth."""
        return self.full.ms / self.small.ms if self.small else None

    def over(self) -> list[str]:
        """Which budgets it is over, in short."""
        full, kind = self.full, self.full.kind
        checks = {
            "SQL": kind == PAGE and full.sql_ratio > SQL_RATIO and full.floor_sql_ms > 0,
            "page": kind == PAGE and full.page_ratio > PAGE_RATIO,
            "growth": kind in (PAGE, LOOKUP) and self.growth is not None and self.growth > GROWTH_RATIO,
            "15 ms": kind == LOOKUP and full.sql_ms > LOOKUP_SQL_MS,
            "transition": kind == TRANSITION and full.page_ratio > TRANSITION_RATIO,
            "Flask-Admin": kind == REFERENCE and full.page_ratio > 1,
            "10 s": kind == PLANNER and full.ms > PLANNER_MS,
        }
        return [name for name, is_over in checks.items() if is_over]


def rows(results: Iterable[Result]) -> Iterator[Row]:
    """Each page once, in the order in which it was measured, backend by backend."""
    by_page: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        by_page.setdefault((result.backend, result.page), []).append(result)
    for found in by_page.values():
        found.sort(key=lambda result: result.scale)
        yield Row(found[-1], found[0] if len(found) > 1 else None)


def keep(results: Iterable[Result], file: Path = FILE) -> None:
    """Write results.json anew."""
    lines = ",\n".join(json.dumps(asdict(result), ensure_ascii=False) for result in results)
    file.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def kept(file: Path = FILE) -> list[Result]:
    """What results.json says."""
    return [Result(**line) for line in json.loads(file.read_text(encoding="utf-8"))]


def machine() -> str:
    """The machine in a few words."""
    processor = _first(Path("/proc/cpuinfo"), "model name") or platform.processor() or platform.machine()
    memory = _first(Path("/proc/meminfo"), "MemTotal")
    size = f", {round(int(memory.split()[0]) / 1024**2)} GB" if memory else ""
    return f"{processor}, {os.cpu_count()} cores{size}, Python {platform.python_version()}"


def _first(file: Path, name: str) -> str:
    if not file.exists():
        return ""
    lines: Mapping[str, str] = dict(
        reversed([(key.strip(), value.strip()) for key, _colon, value in map(_parted, file.read_text().splitlines())])
    )
    return lines.get(name, "")


def _parted(line: str) -> tuple[str, str, str]:
    return line.partition(":")
