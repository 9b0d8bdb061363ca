"""What gunicorn writes: one JSON object a line, requests to standard output, all else to standard error.

Nobody's name, ID number, phone, address or search stands in it. A request is told by the rule of its address, which the
application left in the environment (admin_views.logs), and by its random id; an error by its stack, without messages,
which may quote what was typed. Only what fails before the first request, a setting most likely, is quoted.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime, timedelta
from typing import Any

from gunicorn.glogging import Logger

RULE, REQUEST_ID = "zhuanjie.rule", "zhuanjie.request_id"
PROBE = "/health"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
STARTING = "Exception in worker process"
# What gunicorn says of requests that it could not read or serve: it would quote their first line.
OF_REQUESTS = ("Error handling request", "Invalid request")


def line(**what: object) -> str:
    """One line of the log, its moment first."""
    return json.dumps({"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **what}, ensure_ascii=False)


class JsonFormatter(logging.Formatter):
    """Any record as one line."""

    def format(self, record: logging.LogRecord) -> str:
        what: dict[str, Any] = {"level": record.levelname, "logger": record.name, "message": self._message(record)}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            what["error"] = f"{type(error).__module__}.{type(error).__qualname__}"
            what["stack"] = "".join(traceback.format_tb(error.__traceback__))
            if what["message"] == STARTING:
                what["message"] = f"{STARTING}: {error}"
        return line(**what)

    @staticmethod
    def _message(record: logging.LogRecord) -> str:
        message = record.getMessage()
        return next((words for words in OF_REQUESTS if message.startswith(words)), message)


class JsonLogger(Logger):
    """gunicorn's own logger, its lines made of the above."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonFormatter())
        others = logging.StreamHandler(sys.stderr)
        others.setFormatter(JsonFormatter())
        logging.basicConfig(level=logging.WARNING, handlers=[others], force=True)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """One line a request; none for a probe that found everything well."""
        rule, status = environ.get(RULE, "-"), int(str(resp.status).split()[0])
        if rule == PROBE and status < 400:
            return
        method = environ.get("REQUEST_METHOD", "-")
        told = line(
            method=method if method in METHODS else "-",
            endpoint=rule,
            status=status,
            milliseconds=round(request_time.total_seconds() * 1000, 1),
            bytes=resp.sent,
            request=environ.get(REQUEST_ID, "-"),
        )
        self.access_log.info("%s", told)
