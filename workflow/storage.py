"""Where files lie: a folder, or an object store, behind one setting and fsspec. Knows nothing of what is in them.

Names are drawn here and are random: no path is ever made of what somebody typed. A file is written once and never
changed. Who may read it, and what it is, stands in the database.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem
from sqlalchemy.engine import make_url

SETTING = "ATTACHMENTS_URL"
_INSTANCE = Path(__file__).parents[1] / "instance"
_NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{30}")
_CHANGED = ("mtime", "LastModified")
"""Where a listing says when a file was written: in a folder, in an S3 store."""


class SettingsError(Exception):
    """The storage cannot work with its setting; the sentence is for the operator."""


class Unavailable(Exception):
    """The storage did not take a file."""


@dataclass(frozen=True)
class Storage:
    """A place for files under names of its own."""

    filesystem: AbstractFileSystem
    root: str

    def write(self, content: bytes) -> str:
        """Keep `content` and return the name it is kept under. Raises `Unavailable`."""
        drawn = secrets.token_hex(16)
        name = f"{drawn[:2]}/{drawn[2:]}"
        try:
            if isinstance(self.filesystem, LocalFileSystem):
                _write_to_disk(Path(self._path(name)), content)
            else:
                self.filesystem.pipe_file(self._path(name), content)
        except Exception as error:  # each store has errors of its own, and not all of them are an OSError
            raise Unavailable(type(error).__name__) from error
        return name

    def read(self, name: str) -> bytes:
        """What is kept under a name. Raises what the store raises: a row whose file is gone is damage, no refusal."""
        content: bytes = self.filesystem.cat_file(self._path(name))
        return content

    def delete(self, names: Iterable[str]) -> None:
        for name in names:
            self.filesystem.rm_file(self._path(name))

    def files(self) -> Iterator[tuple[str, datetime, int]]:
        """Name, moment and size of each file that was written here; what else may lie there is left alone."""
        self.filesystem.invalidate_cache()
        for path, facts in self.filesystem.find(self.root, detail=True).items():
            name = path[len(self.root) :].lstrip("/")
            if _NAME.fullmatch(name):
                yield name, self._written(path, facts), int(facts["size"])

    def _written(self, path: str, facts: Mapping[str, Any]) -> datetime:
        moment = next((facts[name] for name in _CHANGED if name in facts), None) or self.filesystem.modified(path)
        return moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment, UTC)

    def _path(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError("no name of a stored file")
        return f"{self.root}/{name}"


def _write_to_disk(path: Path, content: bytes) -> None:
    """On the disk before its row is committed, and readable for nobody else."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(file)


def storage(settings: Mapping[str, Any]) -> Storage:
    """The storage of `ATTACHMENTS_URL`, from the settings, else the environment, else a folder. Raises `SettingsError`.

    Made anew each time: fsspec keeps connections itself, and must make its own in each process.
    """
    url = str(settings.get(SETTING) or os.environ.get(SETTING) or _beside_the_database(settings))
    try:
        filesystem, root = url_to_fs(url)
    except (ImportError, ValueError) as error:
        # Not in the library's words: the URL may hold a password.
        scheme = url.partition("://")[0]
        raise SettingsError(
            f"{SETTING}: “{scheme}://” cannot be used here; s3:// needs the extra s3 (see README)."
        ) from error
    return Storage(filesystem, root.rstrip("/"))


def _beside_the_database(settings: Mapping[str, Any]) -> Path:
    """The folder `attachments` beside an SQLite file, for any other database in the instance folder."""
    url = make_url(settings["SQLALCHEMY_DATABASE_URI"])
    in_a_file = url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:"
    return (Path(url.database).absolute().parent if in_a_file and url.database else _INSTANCE) / "attachments"
