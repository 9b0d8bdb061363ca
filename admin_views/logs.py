"""What is written down of a request and of an error: enough to find it again, nothing about a person.

A request is known by a random id, which its answer and the page of an error carry too, and by the rule of its address
(`/transfers/<key>`): the address itself may hold the key of a person or what somebody searched for. Of an error the
stack is kept, and the statement that the database refused, but no message and no parameter: both may quote what was
typed. `commands.serving_logs` finds the rule and the id in the environment of the request.
"""

from __future__ import annotations

import secrets
import traceback
from functools import partial
from types import TracebackType
from typing import Any

from flask import Flask, Response, request
from sqlalchemy.exc import StatementError

RULE, REQUEST_ID = "zhuanjie.rule", "zhuanjie.request_id"
UNKNOWN = "-"


def set_up(app: Flask) -> None:
    """Name every request, and log errors without what came with them."""
    app.before_request(_name_it)
    app.after_request(_tell_its_name)
    app.log_exception = partial(log_exception, app)  # type: ignore[method-assign]


def request_id() -> str:
    """The random name of this request."""
    name: str = request.environ.setdefault(REQUEST_ID, secrets.token_hex(8))
    return name


def rule() -> str:
    """The rule of this request's address, "-" where there is no such address."""
    return request.url_rule.rule if request.url_rule else UNKNOWN


def log_exception(app: Flask, exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None]) -> None:
    """In place of Flask's, which names the path and quotes the exception."""
    error = exc_info[1]
    name = _name(error) if error else UNKNOWN
    app.logger.error("%s at %s %s, request %s\n%s", name, request.method, rule(), request_id(), stack(error))


def stack(error: BaseException | None) -> str:
    """Where an error was raised, and those that led to it, the first one on top."""
    told: list[str] = []
    while error is not None:
        refused = [f"statement: {error.statement}\n"] if isinstance(error, StatementError) else []
        told.insert(0, "".join([*traceback.format_tb(error.__traceback__), f"{_name(error)}\n", *refused]))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "which led to:\n".join(told)


def _name(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _name_it() -> None:
    environ: dict[str, Any] = request.environ
    environ[RULE] = rule()
    request_id()


def _tell_its_name(response: Response) -> Response:
    response.headers["X-Request-ID"] = request_id()
    return response
