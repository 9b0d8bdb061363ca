"""Senders that can be killed: `flask --app app sms send` in processes of their own.

A process takes a second to make the panel. So one that has made it, this module run by itself, forks each sender, and
says how it ended. It never touches the database.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from flask.cli import ScriptInfo, cli

from app import create_app
from tests.support.databases import ROOT

PATIENCE = 30


class Senders:
    """Starts one sender after another, all with the same settings."""

    def __init__(self, forking: subprocess.Popen[str]) -> None:
        self._forking = forking

    def start(self) -> int:
        """A sender that has just been started: its process id."""
        self._forking.stdin.write("start\n")
        self._forking.stdin.flush()
        return int(self._forking.stdout.readline())

    def ended(self) -> int:
        """Wait until it has ended; its exit status, negative where a signal killed it."""
        return int(self._forking.stdout.readline())

    def killed_once(self, done: Callable[[], bool]) -> int:
        """Start a sender and kill it with SIGKILL as soon as `done`; its exit status."""
        pid = self.start()
        wait_for(done, pause=0)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return self.ended()


@contextmanager
def senders(settings: Mapping[str, str]) -> Iterator[Senders]:
    """Senders whose environment has `settings`."""
    words = [sys.executable, "-m", "tests.messages.sending"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "encoding": "utf-8"}
    with subprocess.Popen(words, cwd=ROOT, env={**os.environ, **settings}, **pipes) as forking:
        yield Senders(forking)
        forking.stdin.close()


def wait_for(done: Callable[[], bool], pause: float = 0.01) -> None:
    """Wait until it is so; fails where it never is."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(pause)


def lines(path: Path) -> list[str]:
    """The whole lines of a file that may not be there yet."""
    with suppress(FileNotFoundError):
        return path.read_text(encoding="utf-8").splitlines()
    return []


def _fork_senders() -> None:
    made = create_app()
    for _line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.dup2(os.open(os.devnull, os.O_RDWR), 0)
            os.dup2(0, 1)
            cli.main(args=["sms", "send"], obj=ScriptInfo(create_app=lambda: made), prog_name="flask")
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    _fork_senders()
