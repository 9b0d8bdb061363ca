"""`flask --app app demo up`: a believable Fujian to try the panel with. Everything is made up but the names of places.

`places` says which organizations there are, `people` who lives in them, `stories` what has happened; `loading` puts
them into an empty database through the same importers and actions that everybody uses; `keys` keeps the demo's secrets.
"""

from __future__ import annotations

import click
import flask_migrate
from flask import current_app
from flask.cli import AppGroup
from werkzeug.serving import run_simple

from commands.demo import keys, loading, phone
from commands.demo.people import SIGN_INS
from commands.support import friendly

demo = AppGroup("demo", help="演示：装入演示数据，启动服务。")


@demo.command("up")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=5000, show_default=True)
@friendly
def up(host: str, port: int) -> None:
    """Make the database by migrations, load the demo data into it where it is empty, and serve the panel."""
    prepare()
    phone.set_up(current_app._get_current_object())  # type: ignore[attr-defined]
    click.echo(f"演示短信：http://{host}:{port}{current_app.config['DEMO_MESSAGES']}")
    click.echo(f"转接演示：http://{host}:{port}（按 Ctrl+C 停止）")
    run_simple(host, port, current_app._get_current_object(), threaded=True)  # type: ignore[attr-defined]


@demo.command("load")
@friendly
def load() -> None:
    """The same without serving."""
    prepare()


def prepare() -> None:
    """Bring keys, tables and data to where the demo can be served."""
    keys.ensure(current_app)
    flask_migrate.upgrade()
    if loading.is_loaded():
        click.echo("演示数据已在数据库中。")
    else:
        click.echo("正在装入演示数据…")
        click.echo(loading.load())
    current_app.config["DEMO_ACCOUNTS"] = SIGN_INS
