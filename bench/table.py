"""The results as people read them: on the terminal, and as Markdown for docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bench.results import Result, Row, rows

HEADINGS = ("page", "ms", "SQL", "n", "hand ms", "hand SQL", "× page", "× SQL", "× 1/100", "over")
_WIDTHS = (48, 9, 9, 4, 9, 9, 8, 8, 8, 14)


def lines(results: Iterable[Result]) -> Iterator[str]:
    """The table for the terminal."""
    yield " ".join(_padded(HEADINGS))
    for row in rows(results):
        yield " ".join(_padded(_cells(row)))


def line(result: Result) -> str:
    """One page as it comes."""
    return " ".join(_padded(_cells(Row(result, None))[:-2]))


def markdown(results: Iterable[Result]) -> Iterator[str]:
    """One table a backend, with the machine and the day."""
    found = list(results)
    for backend in dict.fromkeys(result.backend for result in found):
        here = [result for result in found if result.backend == backend]
        scales = sorted({result.scale for result in here})
        compared = f", × 1/100 against the same at {scales[0]:g}" if len(scales) > 1 else ""
        yield f"### {'PostgreSQL' if backend == 'postgresql' else 'SQLite'}, the province at {scales[-1]:g}"
        yield ""
        yield f"{here[-1].machine}; {here[-1].measured}. Medians in milliseconds, warm{compared}."
        yield ""
        yield "| " + " | ".join(HEADINGS) + " |"
        yield "|---|" + "--:|" * (len(HEADINGS) - 2) + "---|"
        for row in rows(here):
            yield "| " + " | ".join(_cells(row)) + " |"
        yield ""


def _cells(row: Row) -> tuple[str, ...]:
    full = row.full
    return (
        full.page,
        f"{full.ms:,.2f}",
        f"{full.sql_ms:,.2f}",
        str(full.statements),
        f"{full.floor_ms:,.2f}",
        f"{full.floor_sql_ms:,.2f}",
        f"{full.page_ratio:.1f}",
        f"{full.sql_ratio:.1f}" if full.floor_sql_ms else "",
        f"{row.growth:.2f}" if row.growth is not None else "",
        ", ".join(row.over()),
    )


def _padded(cells: Iterable[str]) -> Iterator[str]:
    for position, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=False)):
        yield f"{cell:<{width}}" if position in (0, len(_WIDTHS) - 1) else f"{cell:>{width}}"
