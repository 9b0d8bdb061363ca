"""What an import says: its errors line by line, a progress bar where somebody watches, a summary at the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

MOST_ERRORS = 200
_LONGEST = 40
_MOST_DIGITS = 6

Advance = Callable[[int], None]
"""Called with the number of bytes read so far."""


class Stop(Exception):
    """Reading on makes no sense; what was wrong has been collected."""


@dataclass(frozen=True, order=True)
class RowError:
    """One thing that is wrong, by the row as a spreadsheet counts it (the header is row 1)."""

    row: int
    position: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"row {self.row}, column {one_line(self.column) or '?'}: {one_line(self.reason)}"


class RowErrors:
    """The errors of a file, up to `MOST_ERRORS`; false while there are none."""

    def __init__(self) -> None:
        self._found: list[RowError] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, row: int, column: str, reason: str) -> None:
        """Collect one error; raises `Stop` at the first that is too many, which then stands for the rest."""
        if len(self._found) == MOST_ERRORS:
            reason = f"…（错误已超过{MOST_ERRORS}处，其余未列出）"
        self._found.append(RowError(row, len(self._found), column, reason))
        if len(self._found) > MOST_ERRORS:
            raise Stop

    def print(self) -> None:
        """One line an error, by row; the line that stands for the rest comes last."""
        listed, rest = self._found[:MOST_ERRORS], self._found[MOST_ERRORS:]
        for error in sorted(listed) + rest:
            click.echo(str(error), err=True)


@dataclass
class Counts:
    """What an import did; `notes` are remarks that refuse nothing."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def changed(self) -> int:
        return self.created + self.updated

    def as_details(self) -> dict[str, int]:
        """For the audit entry."""
        return {name: value for name, value in asdict(self).items() if name != "notes"}


def summary(what: str, counts: Counts, dry_run: bool) -> str:
    """The last words of an import that found no error."""
    unchanged = counts.rows - counts.changed
    ending = "试运行：未保存任何数据。" if dry_run else "已保存。"
    text = f"{what}：共{counts.rows}行，新增{counts.created}，更新{counts.updated}，未变{unchanged}。{ending}"
    return "\n".join([*counts.notes, text])


def one_line(text: str) -> str:
    """Text from a file for a line of ours: no line breaks, nothing invisible, not too long."""
    flat = "".join(char if char.isprintable() else " " for char in " ".join(text.split()))
    return flat if len(flat) <= 5 * _LONGEST else flat[: 5 * _LONGEST] + "…"


def shown(value: str) -> str:
    """A cell's value, short enough for a reason; so many digits may be somebody's number and are not repeated."""
    if sum(char.isdigit() for char in value) > _MOST_DIGITS:
        return "…"
    return value if len(value) <= _LONGEST else value[:_LONGEST] + "…"


@contextmanager
def progress(file: str) -> Iterator[Advance]:
    """A progress bar over the file's bytes on standard error, and none at all where that is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _position: None
        return
    columns = TextColumn("导入"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=os.path.getsize(file) if os.path.isfile(file) else None)
        yield lambda position: bar.update(task, completed=position)
