"""`run` a command, `bring` rows into the database as a CSV file, on the named world of tests/world.py."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.commands import shell
from tests.commands.shell import Bring, Outcome, Row, table
from tests.support.databases import open_rules
from tests.world import fujian

__all__ = ["fujian"]


@pytest.fixture(scope="session")
def opened():
    """The rules and the command line, without the panel around them."""
    return open_rules


@pytest.fixture
def run(app) -> Callable[..., Outcome]:
    """`run("import", "orgs", file)`: a command of the application on the test's world."""
    return lambda *words, **more: shell.run(app, *words, **more)


@pytest.fixture
def csv_file(tmp_path) -> Callable[..., str]:
    """`csv_file(text, encoding)`: the path of a file that holds it; bytes are written as they are."""

    def write(content: str | bytes, encoding: str = "utf-8", name: str = "rows.csv") -> str:
        data = content if isinstance(content, bytes) else content.encode(encoding)
        path: Path = tmp_path / name
        path.write_bytes(data)
        return str(path)

    return write


@pytest.fixture
def bring(run, csv_file) -> Bring:
    """`bring("orgs", row, row, options=["--dry-run"])`: import these rows."""

    def import_rows(what: str, *rows: Row, options: Sequence[str] = ()) -> Outcome:
        return run("import", what, csv_file(table(what, *rows)), *options)

    return import_rows
