"""How much of everything there is, from the whole province down to a hundredth of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

SEED = 20171200002
SMALLEST = 0.01
START = datetime(2021, 11, 24, 1, tzinfo=UTC)
PRESENT = datetime(2026, 11, 24, 1, tzinfo=UTC)
"""When everything is measured: no number depends on the day of the run."""


@dataclass(frozen=True)
class Size:
    """The counts of the province dataset at a scale; the whole is 1 (design.md §4)."""

    scale: float

    def __post_init__(self) -> None:
        if not SMALLEST <= self.scale <= 1:
            raise ValueError(f"the scale must lie between {SMALLEST} and 1")

    @property
    def organizations(self) -> int:
        return round(90_000 * self.scale)

    @property
    def members(self) -> int:
        return round(1_600_000 * self.scale)

    @property
    def transfers(self) -> int:
        return round(1_500_000 * self.scale)

    @property
    def entries(self) -> int:
        """History entries, within one story of it."""
        return round(10_000_000 * self.scale)
