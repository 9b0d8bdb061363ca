"""`flask --app app attachments sweep`: files that no attachment needs any more (R38)."""

from __future__ import annotations

from datetime import timedelta

import click
from flask import current_app
from flask.cli import AppGroup

from commands.support import friendly
from workflow import attachments as rules
from workflow import storage

HOURS = 24
MEGABYTE = 1024 * 1024
attachments = AppGroup("attachments", help="附件：清理不再需要的文件。")


@attachments.command("sweep")
@click.option(
    "--older-than",
    "hours",
    type=click.IntRange(min=1),
    default=HOURS,
    show_default=True,
    metavar="HOURS",
    help="只清理这么多小时以前的文件：较新的可能正在上传。",
)
@click.option("--dry-run", is_flag=True, help="只统计，不删除。")
@friendly
def sweep(hours: int, dry_run: bool) -> None:
    """Delete files without a row, those of removed attachments, and photos that were held for a form nobody sent."""
    try:
        swept = rules.sweep(storage.storage(current_app.config), timedelta(hours=hours), dry_run=dry_run)
    except storage.SettingsError as error:
        raise click.ClickException(str(error)) from error
    done = "可清理" if dry_run else "已清理"
    click.echo(f"{done} {swept.files} 个文件，共 {swept.size / MEGABYTE:.1f} MB。")
