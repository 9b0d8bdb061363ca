"""`flask --app app history verify`: proves that no history entry was changed or deleted (R48)."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from commands.support import friendly
from workflow.history import verify as problems_of_history

history = AppGroup("history", help="留痕：核验没有被改动或删除。")


@history.command("verify")
@friendly
def verify() -> None:
    """Walk the chain of every transfer; each break is one line on standard error, and the exit status 1."""
    broken = 0
    for transfer_id, sequence, problem in problems_of_history():
        broken += 1
        click.echo(f"transfer {transfer_id}, entry {sequence}: {problem}", err=True)
    if broken:
        raise SystemExit(1)
    click.echo("留痕完整，未发现改动。")
