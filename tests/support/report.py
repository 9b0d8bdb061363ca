"""Which databases and which browser the tests ran on: noted where they start, told at the end of the run.

Under xdist each worker keeps its own notes and hands them to the controller, which tells them all.
"""

from __future__ import annotations

import pytest

PARTS = ("SQLite", "PostgreSQL", "browser")
NOTES = pytest.StashKey[dict[str, str]]()


def note(config: pytest.Config, part: str, text: str) -> None:
    """Keep what is to be told of `part`: its version where it ran, the reason where it could not."""
    config.stash.setdefault(NOTES, {})[part] = text


class RunReport:
    """The pytest plugin that carries the notes from the workers to the end of the run."""

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["run_report"] = session.config.stash.get(NOTES, {})

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node) -> None:
        output = getattr(node, "workeroutput", {})  # a worker that crashed has none
        for part, text in output.get("run_report", {}).items():
            note(node.config, part, text)

    def pytest_terminal_summary(self, terminalreporter, config: pytest.Config) -> None:
        notes = config.stash.get(NOTES, {})
        terminalreporter.section("databases and browser")
        for part in PARTS:
            text = notes.get(part, "not used by the tests that were selected")
            terminalreporter.line(f"{part + ':':<12}{text}")
