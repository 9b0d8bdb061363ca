"""What the commands share: turning errors that an operator can mend into one line, and an exit status of 1."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError

from models import db
from models.crypto import KeysMissing
from workflow.errors import RuleError

P = ParamSpec("P")
R = TypeVar("R")
# How SQLite and PostgreSQL say that a table or a column is not there.
_NOT_MIGRATED = ("no such table", "no such column", "UndefinedTable", "UndefinedColumn")


def friendly(command: Callable[P, R]) -> Callable[P, R]:
    """Run a command in the application's context; a refusal or a missing preparation is one line, exit status 1."""

    @with_appcontext
    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (RuleError, KeysMissing) as error:
            raise click.ClickException(str(error)) from error
        except IntegrityError as error:
            # Not in the database's words: they may quote a phone.
            raise click.ClickException("数据刚刚被其他人修改，本次未保存任何内容，请再运行一次。") from error
        except (OperationalError, ProgrammingError) as error:
            raise click.ClickException(_database_words(error)) from error
        finally:
            # Bulk statements go past the session: whatever it still holds must be read anew.
            db.session.rollback()
            db.session.expire_all()

    return run


def _database_words(error: DBAPIError) -> str:
    said = f"{type(error.orig).__name__}: {error.orig}"
    if any(words in said for words in _NOT_MIGRATED):
        return "数据库尚未建表或不是最新版本，请先运行：flask --app app db upgrade"
    return f"数据库无法使用：{' '.join(str(error.orig).split())}"
