"""The application factory: settings, extensions, views and commands. Nothing else.

Settings come from the environment (README names them all); `create_app` needs no argument and creates no tables.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
from flask import Flask, request
from flask_babel import Babel
from flask_migrate import Migrate
from sqlalchemy.engine import URL, make_url
from werkzeug.middleware.proxy_fix import ProxyFix

import admin_views
import commands
from models import crypto, db, prepared, sqlite
from workflow.letter_pdf import SealPlace

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SETTINGS = ("SECRET_KEY", "DATA_KEYS")
NUMBERS = {"SESSION_IDLE_MINUTES": (30, 1), "SESSION_HOURS": (8, 1), "TRUSTED_PROXIES": (0, 0)}
"""Settings that are whole numbers: the default, and the least that makes sense."""
MEGABYTE = 1024 * 1024
migrate = Migrate(render_as_batch=True)
babel = Babel()


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Build the application; `config` goes over the environment's settings (tests, the demo)."""
    app = Flask(__name__)
    app.config.from_mapping(
        SQLALCHEMY_DATABASE_URI=os.environ.get("DATABASE_URL")
        or f"sqlite:///{Path(app.instance_path) / 'zhuanjie.sqlite'}",
        SECRET_KEY=os.environ.get("SECRET_KEY"),
        DATA_KEYS=os.environ.get("DATA_KEYS"),
        SESSION_COOKIE_SECURE=os.environ.get("SESSION_COOKIE_SECURE") == "1",
        RATE_LIMIT_URL=os.environ.get("RATE_LIMIT_URL"),
        LETTER_SEAL=_seal_place(os.environ.get("LETTER_SEAL")),
        TRUSTED_HOSTS=[host.strip() for host in os.environ.get("TRUSTED_HOSTS", "").split(",") if host.strip()] or None,
        MAX_CONTENT_LENGTH=32 * MEGABYTE,
        MAX_FORM_MEMORY_SIZE=MEGABYTE // 2,
        BABEL_DEFAULT_LOCALE="zh_Hans_CN",
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
    )
    app.config.from_mapping({name: _number(name) for name in NUMBERS})
    app.config.from_mapping(config or {})
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", engine_options(url))
    db.init_app(app)
    migrate.init_app(app, db, directory=str(Path(app.root_path) / "migrations"))
    babel.init_app(app, locale_selector=admin_views.languages.chosen)
    app.before_request(_say_whether_it_writes)
    app.teardown_request(_end_reading)
    admin_views.build_admin(app)
    commands.register(app)
    _refuse_without_keys(app)
    if proxies := app.config["TRUSTED_PROXIES"]:
        # The host is what the last proxy passes on as such: nothing that a visitor could have written.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]
    return app


def _number(name: str) -> int:
    default, least = NUMBERS[name]
    typed = os.environ.get(name) or str(default)
    if not (typed.isascii() and typed.isdecimal()) or int(typed) < least:
        raise click.ClickException(f"{name} must be a whole number from {least} up (see README, Settings).")
    return int(typed)


def _seal_place(text: str | None) -> SealPlace:
    """Where on the letter the middle of a seal stands, and how wide it is: X,Y,WIDTH in millimetres."""
    try:
        return SealPlace(*map(float, text.split(","))) if text else SealPlace()
    except (ValueError, TypeError):
        raise click.ClickException("LETTER_SEAL must be X,Y,WIDTH in millimetres (see README, Settings).") from None


def engine_options(url: URL) -> dict[str, Any]:
    """Parameters are left out of errors, and so out of logs: they are what people typed."""
    options: dict[str, Any] = {"hide_parameters": True}
    if url.get_backend_name() == "postgresql":
        options |= {"connect_args": prepared.ONLY_BY_KEYS, "pool_pre_ping": True}
    return options


def _say_whether_it_writes() -> None:
    sqlite.begin_as_writer(request.method not in SAFE_METHODS)


def _end_reading(error: BaseException | None) -> None:
    """End what only read by a commit: at a rollback the driver forgets the statements that it has prepared."""
    if error is None and request.method in SAFE_METHODS and db.session.registry.has():
        db.session.commit()


def _refuse_without_keys(app: Flask) -> None:
    """Serving needs both secrets: say so in one line at `flask run`, and to any other server's every request."""
    context = click.get_current_context(silent=True)
    if context is not None and context.info_name == "run" and _missing_keys(app):
        raise click.ClickException(_missing_keys(app))
    serve = app.wsgi_app

    def guarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        message = _missing_keys(app)
        if not message:
            return serve(environ, start_response)
        environ["wsgi.errors"].write(message + "\n")
        start_response("503 Service Unavailable", [("Content-Type", "text/plain; charset=utf-8")])
        return [message.encode() + b"\n"]

    app.wsgi_app = guarded  # type: ignore[method-assign]


def _missing_keys(app: Flask) -> str:
    """Why this application cannot serve, in one line; "" where it can."""
    missing = [name for name in SETTINGS if not app.config.get(name)]
    if missing:
        return f"Cannot serve: {' and '.join(missing)} must be set in the environment (see README, Settings)."
    try:
        crypto.Keyring.parse(app.config["DATA_KEYS"])
    except crypto.KeysMissing as error:
        return f"Cannot serve: {error}"
    return ""
