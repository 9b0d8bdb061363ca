"""The demo's phones: every SMS is printed and shown on a page, so that its codes can be read. In the demo alone."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field

import click
from flask import Blueprint, Flask, render_template
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from models import Message, MessageState, clock, db
from workflow import outbox
from workflow.errors import RuleError
from workflow.gateways import Sms
from workflow.transaction import transaction

EVERY = 1.0
KEPT = 100


@dataclass(frozen=True)
class Received:
    """One SMS as its phone shows it."""

    when: str
    phone: str
    text: str


@dataclass(frozen=True)
class Phones:
    """A gateway that delivers to a page and to the terminal; the latest come first."""

    received: deque[Received] = field(default_factory=lambda: deque(maxlen=KEPT))

    def send(self, sms: Sms) -> None:
        when = f"{clock.now().astimezone(clock.SHANGHAI):%H:%M:%S}"
        self.received.appendleft(Received(when, sms.phone, sms.text))
        click.echo(f"短信 {sms.phone}：{sms.text}")


def set_up(app: Flask) -> Phones:
    """Show the page at /demo/messages, and send in the background for as long as the demo is served."""
    phones = Phones()
    pages = Blueprint("demo_messages", __name__, url_prefix="/demo")
    pages.add_url_rule(
        "/messages", "index", lambda: render_template("demo/messages.html", messages=list(phones.received))
    )
    app.register_blueprint(pages)
    app.config["DEMO_MESSAGES"] = "/demo/messages"
    threading.Thread(target=_send, args=(app, phones), daemon=True).start()
    return phones


def forget_the_past() -> None:
    """What the demo's stories would have sent was sent long ago."""
    with transaction():
        sent = {"state": MessageState.SENT, "sent_at": Message.created_at}
        db.session.execute(update(Message).values(sent).execution_options(synchronize_session=False))


def _send(app: Flask, phones: Phones) -> None:
    while True:
        with app.app_context():
            try:
                outbox.send_due(phones)
            except (OperationalError, RuleError):
                db.session.rollback()  # the demo is writing just now; the next second will do
        time.sleep(EVERY)
