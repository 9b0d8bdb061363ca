"""The panel with two doors more, for a server under test: one that a test holds open, one that breaks."""

from __future__ import annotations

import os
import socket

from flask import Flask, request

from app import create_app
from models import Organization, db
from workflow.transaction import transaction


def create() -> Flask:
    """The application; at the port HOLD a test listens, is told that a request is inside, and lets it go on."""
    app = create_app()

    @app.route("/slow/<int:identity>")
    def slow(identity: int) -> str:
        with socket.create_connection(("127.0.0.1", int(os.environ["HOLD"]))) as test:
            test.recv(1)
        with transaction():
            db.session.get_one(Organization, identity).contact_name = "写到最后"
        return "done"

    @app.route("/broken/<key>")
    def broken(key: str) -> str:
        raise ValueError(f"{key} {request.args}")

    return app
