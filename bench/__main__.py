"""The command line of the benchmark."""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from bench import explaining, loading, pages, planner, results, table, transitions, tuned
from bench.databases import BACKENDS, Backend
from bench.province.size import PRESENT, SMALLEST, Size
from bench.results import PLANNER, REFERENCE, TRANSITION, Result
from bench.sample import Sample
from bench.site import NotTheSame, Site
from bench.timing import Timing, compare
from models import clock


@click.command()
@click.option("--backend", "backends", type=click.Choice(list(BACKENDS)), multiple=True, help="Both by default.")
@click.option("--scale", type=click.FloatRange(SMALLEST, 1), help=f"Only this size; {SMALLEST:g} by default.")
@click.option("--full", is_flag=True, help="The whole province (a tenth of it on SQLite), and a hundredth beside it.")
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="Keep what is loaded here.")
@click.option("--only", default="", help="Only what has this in its name; results.json stays as it is.")
@click.option("--explain", is_flag=True, help="Show the statements of each page, the slow ones with their plan.")
@click.option("--table", "as_table", is_flag=True, help="Print results.json as Markdown, measure nothing.")
def main(
    backends: tuple[str, ...],
    scale: float | None,
    full: bool,
    keep: Path | None,
    only: str,
    explain: bool,
    as_table: bool,
) -> None:
    """Load the province into a database of its own and measure every page, look-up and transition."""
    if as_table:
        click.echo("\n".join(table.markdown(results.kept())))
        return
    found: list[Result] = []
    wrong: list[str] = []
    for name in backends or tuple(BACKENDS):
        with _backend(name, keep) as backend:
            _say(f"{backend.version()}; {results.machine()}")
            scales = [SMALLEST, backend.full] if full else [scale or SMALLEST]
            for wanted in scales:
                loading.ensure(backend, Size(wanted), _say)
            gc.collect()
            gc.freeze()  # what was imported is not looked through during a measurement
            with _sites(backend, scales) as sites:
                runner = Runner(sites, only, explain, found, wrong)
                runner.measure_pages()
                runner.measure_the_rest()
    click.echo("\n".join(table.lines(found)))
    if not only:
        results.keep(found)
    for line in wrong:
        _say(f"WRONG: {line}")
    sys.exit(1 if wrong else 0)


def _say(text: str) -> None:
    click.echo(text)
    sys.stdout.flush()


@contextmanager
def _backend(name: str, keep: Path | None) -> Iterator[Backend]:
    with tempfile.TemporaryDirectory(prefix="zhuanjie-bench-", ignore_cleanup_errors=True) as temporary:
        backend = BACKENDS[name]((keep.resolve() if keep else Path(temporary)) / name)
        try:
            yield backend
        finally:
            backend.stop()


@contextmanager
def _sites(backend: Backend, scales: Sequence[float]) -> Iterator[list[Site]]:
    with ExitStack() as stack:
        yield [stack.enter_context(closing(Site(backend, scale))) for scale in scales]


@dataclass
class Runner:
    """Measures one backend at one scale or at two side by side; adds to `found` and `wrong`."""

    sites: list[Site]
    only: str
    explain: bool
    found: list[Result]
    wrong: list[str]

    def measure_pages(self) -> None:
        """Each page at every scale."""
        started = time.perf_counter()
        with clock.at(PRESENT):
            for same in zip(*(pages.pages(Sample(site.raw)) for site in self.sites), strict=True):
                if self.only not in same[0].name:
                    continue
                try:
                    timings = compare(*(site.runs(page) for site, page in zip(self.sites, same, strict=True)))
                except NotTheSame as error:
                    self.wrong.append(str(error))
                    continue
                for site, timing in zip(self.sites, timings, strict=True):
                    self._add(site, same[0].name, same[0].kind, timing)
        _say(f"pages: {time.perf_counter() - started:.0f} s")

    def measure_the_rest(self) -> None:
        """Flask-Admin's lists, transitions and the planner, one scale after the other."""
        started = time.perf_counter()
        for site in self.sites:
            for kind, measured in ((REFERENCE, tuned.measure), (TRANSITION, transitions.measure)):
                if self.only in kind:
                    for name, timing in measured(site):
                        self._add(site, name, kind, timing)
            if self.only in planner.NAME:
                self._add(site, planner.NAME, PLANNER, planner.measure(site))
        _say(f"Flask-Admin's lists, transitions, planner: {time.perf_counter() - started:.0f} s")

    def _add(self, site: Site, name: str, kind: str, timing: Timing) -> None:
        self.found.append(Result.of(name, kind, site.backend, site.scale, timing))
        _say(f"{site.scale:<5g} {table.line(self.found[-1])}")
        if self.explain and site is self.sites[-1]:
            explaining.explain(site, name, timing, _say)


if __name__ == "__main__":
    main()
