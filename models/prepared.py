"""PostgreSQL statements that are planned once for a connection: those that find their rows by keys.

The driver prepares nothing by itself, since a generic plan ignores the prefix that a list is asked for. What goes by
keys has one good plan whatever the keys are, and planning it takes several times as long as running it.
"""

from __future__ import annotations

import sys
from typing import Any

from sqlalchemy import Engine, event

BY_KEYS = {"by_keys": True}
"""Execution options of a statement, or of a connection for all of a transaction's statements."""
ONLY_BY_KEYS = {"prepare_threshold": sys.maxsize}
"""Connection settings: the driver never prepares of its own accord, yet can (None would forbid it)."""


@event.listens_for(Engine, "do_execute")
def _prepare(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
    if context is None or not context.execution_options.get("by_keys") or context.dialect.driver != "psycopg":
        return False
    cursor.execute(statement, parameters, prepare=True)
    return True
