"""What the tests of the outbox share: messages of each kind, gateways that note and fail, a web server for one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sqlalchemy import select

from models import Message, MessageKind, MessageState, TransferState, db
from workflow import outbox
from workflow.gateways import Sms
from workflow.transaction import transaction

NOW = datetime(2026, 11, 25, 1, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PHONE, CODE = "13800000001", "907315"
PARAMS: dict[MessageKind, dict[str, Any]] = {
    MessageKind.CODE: {"code": CODE, "minutes": 5, "until": (NOW + 5 * MINUTE).isoformat()},
    MessageKind.ARRIVED: {"organization": "东街街道工委", "member": "林小雨", "kind": "省内转接"},
    MessageKind.RETURNED: {"member": "林小雨", "state": TransferState.REJECTED},
    MessageKind.ENDED: {"member": "林小雨", "state": TransferState.COMPLETED},
    MessageKind.UNBOUND: {"username": "陈国强"},
    MessageKind.LETTER: {"organization": "鼓楼区委", "member": "林小雨", "number": "20261100001"},
    MessageKind.REMINDER: {"organization": "东街街道工委", "count": 3},
    MessageKind.URGE: {"member": "林小雨", "organization": "东街街道工委"},
    MessageKind.DIGEST: {"organization": "东街街道工委", "count": 2},
}


def put(kind: MessageKind = MessageKind.ARRIVED, phone: str = PHONE, **more: Any) -> Message:
    """A message in the outbox, due at NOW unless `at` says otherwise."""
    db.session.commit()  # a request begins with a snapshot of its own
    with transaction():
        return outbox.put(kind, phone, **{"at": NOW, **PARAMS[kind], **more})


def put_many(count: int, **more: Any) -> list[str]:
    """As many messages, each to a phone of its own; their keys."""
    with transaction():
        made = [
            outbox.put(MessageKind.ARRIVED, f"139{number:08d}", **{"at": NOW, **PARAMS[MessageKind.ARRIVED], **more})
            for number in range(count)
        ]
    return [message.key for message in made]


def put_dead(kind: MessageKind = MessageKind.ARRIVED, **more: Any) -> Message:
    """A message that was given up after all its attempts."""
    message = put(kind, **more)
    with transaction():
        message.state, message.attempts, message.last_error = MessageState.DEAD, outbox.ATTEMPTS, "HTTP 500"
    return message


def messages() -> list[Message]:
    """The outbox as it stands in the database now, oldest first."""
    db.session.commit()
    return list(db.session.scalars(select(Message).order_by(Message.id).execution_options(populate_existing=True)))


def only() -> Message:
    [message] = messages()
    return message


def states() -> list[MessageState]:
    return [message.state for message in messages()]


def send(gateway: Noting, at: datetime = NOW, **more: Any) -> outbox.Outcome:
    """A round of a sender at a moment."""
    return outbox.send_due(gateway, now=lambda: at, **more)


@dataclass
class Noting:
    """A gateway that takes everything and notes it; `then` is done after that, and may raise."""

    then: Callable[[Sms], object] = lambda sms: None
    taken: list[Sms] = field(default_factory=list)

    def send(self, sms: Sms) -> None:
        self.taken.append(sms)
        self.then(sms)

    @property
    def keys(self) -> list[str]:
        return [sms.key for sms in self.taken]


def raising(error: BaseException) -> Noting:
    """A gateway that always fails so."""

    def fail(_sms: Sms) -> None:
        raise error

    return Noting(fail)


# --- a web server as a gateway ---


@dataclass
class Server:
    """What it was sent: headers and body of each request. It answers `status`, once `answers` is set."""

    url: str = ""
    status: int = 200
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)
    answers: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving() -> Iterator[Server]:
    """A server on a port of its own."""
    told = Server()
    told.answers.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.requests.append((dict(self.headers), body))
            told.asked.set()
            told.answers.wait(30)
            self.send_response(told.status)
            self.send_header("Location", f"{told.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}/sms"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield told
    finally:
        told.answers.set()
        server.shutdown()
        thread.join()
        server.server_close()
