"""Before `flask db upgrade`: every command says in one plain line what to do."""

import pytest

from tests.commands import shell
from tests.commands.shell import CODE, grant, org, person, table

IMPORTS = [("orgs", org("n1")), ("members", person(100)), ("grants", grant("新管理员", role="provincial_admin"))]
COMMANDS = [
    ("route", "--kind", "intra", "--from", CODE["军门第一支部"], "--to", CODE["五龙村支部"]),
    ("route", "--kind", "out", "--from", CODE["军门第一支部"], "--to", CODE["省外组织"], "--json"),
    ("account", "create", "admin", "--role", "provincial_admin"),
    ("account", "password", "admin"),
    ("history", "verify"),
]


@pytest.fixture
def blank(backend, new_app):
    """The application on a database without a single table."""
    with new_app(backend, "blank") as app:
        yield app


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_before_the_tables_exist_says_what_to_do(blank, words):
    outcome = shell.run(blank, *words, stdin="a long passphrase\n")
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert "db upgrade" in outcome.err


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
@pytest.mark.parametrize(("what", "row"), IMPORTS)
def test_an_import_before_the_tables_exist_says_what_to_do(blank, csv_file, what, row, options):
    outcome = shell.run(blank, "import", what, csv_file(table(what, row)), *options)
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert "db upgrade" in outcome.err


@pytest.mark.parametrize("url", ["sqlite:///{folder}", "postgresql+psycopg://nobody@127.0.0.1:1/none"])
def test_a_database_that_cannot_be_opened_is_one_line(tmp_path, url):
    outcome = shell.flask("history", "verify", DATABASE_URL=url.format(folder=tmp_path))
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
