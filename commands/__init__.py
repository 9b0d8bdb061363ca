"""The command line: what `flask --app app ...` can do beside Flask's own commands. Rules are in `workflow`."""

from __future__ import annotations

from flask import Flask

from commands.account import account
from commands.attachments import attachments
from commands.demo import demo
from commands.history import history
from commands.importing import importing
from commands.route import route
from commands.sms import sms


def register(app: Flask) -> None:
    """Add the commands to the application's command line."""
    for command in (importing, account, route, history, sms, attachments, demo):
        app.cli.add_command(command)
