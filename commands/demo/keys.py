"""The demo's own secrets, made once and kept in the instance folder; what the environment sets comes first."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path

from flask import Flask

FILE = "demo-keys.json"


def ensure(app: Flask) -> None:
    """Set SECRET_KEY and DATA_KEYS on the application where the environment did not."""
    missing = [name for name in ("SECRET_KEY", "DATA_KEYS") if not app.config.get(name)]
    if not missing:
        return
    kept = _kept(Path(app.instance_path) / FILE)
    app.config.update({name: kept[name] for name in missing})


def _kept(path: Path) -> dict[str, str]:
    """The secrets in the file, which is made where there is none and readable by its owner alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = {
            "SECRET_KEY": secrets.token_hex(32),
            "DATA_KEYS": f"demo:{base64.b64encode(os.urandom(32)).decode()}",
        }
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made, file)
    read: dict[str, str] = json.loads(path.read_text())
    return read
