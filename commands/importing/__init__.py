"""`flask --app app import orgs|members|grants FILE.csv [--dry-run]`: all of a file or nothing of it.

`reading` opens and streams the file, `cells` reads one row, `reporting` collects and prints errors, `seen` remembers
what the file has brought so far; one file each knows how the rows of its kind are checked and saved.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from commands.importing import grants, members, organizations
from commands.importing.reading import CsvTable, UnreadableFile
from commands.importing.reporting import Counts, RowErrors, Stop, progress, summary
from commands.support import friendly
from models import AuditEvent, db
from models.crypto import keyring
from workflow import audit
from workflow.transaction import transaction

Importer = Callable[[CsvTable, RowErrors], Counts]

importing = AppGroup("import", help="导入 CSV 数据：组织、党员、账号与角色。")


def _run(importer: Importer, columns: tuple[str, ...], what: str, file: str, dry_run: bool) -> None:
    """Import a file in one transaction; any row error undoes everything, prints the errors and exits with status 1."""
    errors = RowErrors()
    try:
        with progress(file) as report, CsvTable(file, columns, errors, report) as table, transaction():
            counts = _import(importer, table, errors, what, Path(file).name)
            if errors or dry_run:
                db.session.rollback()
    except (UnreadableFile, OSError) as error:
        raise click.ClickException(str(error)) from error
    if errors:
        errors.print()
        raise SystemExit(1)
    click.echo(summary(what, counts, dry_run))


def _import(importer: Importer, table: CsvTable, errors: RowErrors, what: str, file_name: str) -> Counts:
    try:
        counts = importer(table, errors)
    except Stop:  # the header cannot be used, or there are more errors than anybody reads
        return Counts()
    if counts.changed and not errors:
        audit.record(AuditEvent.DATA_IMPORTED, None, subject=f"{what}：{file_name}"[:120], counts=counts.as_details())
    return counts


def _command(name: str, what: str, importer: Importer, columns: tuple[str, ...], *, personal: bool) -> None:
    """Register one import; `personal`: it cannot even begin without DATA_KEYS."""

    @importing.command(name, help=f"导入{what}。列：{','.join(columns)}")
    @click.argument("file", metavar="FILE.csv")
    @click.option("--dry-run", is_flag=True, help="只检查，不保存。")
    @friendly
    def run(file: str, dry_run: bool) -> None:
        if personal:
            keyring()
        _run(importer, columns, what, file, dry_run)


_COMMANDS: tuple[tuple[str, str, Any, bool], ...] = (
    ("orgs", "组织", organizations, False),
    ("members", "党员", members, True),
    ("grants", "账号与角色", grants, False),
)
for _name, _what, _module, _personal in _COMMANDS:
    _command(_name, _what, _module.run_import, _module.COLUMNS, personal=_personal)
