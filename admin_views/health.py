"""/health: whether this process can serve, for a load balancer or a watchdog. Open to all, so it tells no more."""

from __future__ import annotations

from alembic.script import ScriptDirectory
from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from models import db

NO_ANSWER = "The database does not answer."
NOT_MIGRATED = "The schema is not the newest: run flask --app app db upgrade."

pages = Blueprint("health", __name__)


@pages.route("/health")
def health() -> ResponseReturnValue:
    """200 where the database answers with the newest schema, else 503 and why."""
    reason = _why_not()
    return (jsonify(ok=False, reason=reason), 503) if reason else jsonify(ok=True)


def _why_not() -> str:
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return NO_ANSWER
    try:
        stands = set(db.session.scalars(text("SELECT version_num FROM alembic_version")))
    except SQLAlchemyError:
        return NOT_MIGRATED
    return "" if stands == _newest() else NOT_MIGRATED


def _newest() -> set[str]:
    """The newest migrations of the program, read once a process."""
    known: set[str] | None = current_app.extensions.get("newest_migrations")
    if known is None:
        directory = current_app.extensions["migrate"].directory
        known = current_app.extensions["newest_migrations"] = set(ScriptDirectory(directory).get_heads())
    return known
