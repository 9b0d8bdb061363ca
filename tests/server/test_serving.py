"""`make serve`: a real gunicorn, started by the Makefile's own command, asked over the network, stopped by a signal."""

import http.client
import json
import os
import shlex
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from models import db
from tests.support.databases import ROOT, SETTINGS
from tests.views.transfer_panel import TOKEN

ID_NUMBER, NAME, PHONE = "990102198001150011", "林小雨", "13800009999"
LIMIT = 60
"""Seconds after which a server that hangs is killed and its test fails."""


def command(target: str) -> list[str]:
    """What `make serve` runs, with another application in the place of the panel's."""
    told = subprocess.run(
        ["make", "--no-print-directory", "-n", "serve"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    words = shlex.split(told.stdout.splitlines()[-1])
    assert words[0] == "exec" and words[-1] == "app:create_app()"
    return [*words[1:-1], target]


@dataclass
class Server:
    """A running gunicorn."""

    process: subprocess.Popen
    out: Path
    port: int
    said: list[str]

    def ask(self, method: str, path: str, body: str = "", cookie: str = "") -> tuple[int, str, str]:
        """Status, body and cookie of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie, "Connection": "close"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        set_cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
        return answer.status, answer.read().decode(), set_cookie

    def until(self, words: str) -> str:
        """Read what it says until a line holds these words."""
        for line in self.process.stderr:
            self.said.append(line)
            if words in line:
                return line
        raise AssertionError(f"it never said {words!r}: {self.said}")

    def stop(self) -> int:
        """End it by SIGTERM and read the rest of what it said; its exit status."""
        self.process.terminate()
        self.said += self.process.stderr.readlines()
        return self.process.wait(LIMIT)

    @property
    def requests(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.out.read_text().splitlines()]


@pytest.fixture
def gate() -> Iterator[socket.socket]:
    """Where the slow door reports that a request is inside: `gate.accept()`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(LIMIT)
        yield listener


@pytest.fixture
def serve(app, gate, tmp_path) -> Iterator:
    """`serve("app:create_app()")`: gunicorn on a port of its own, with one worker, on the test's database."""
    running = []

    def start(target: str = "app:create_app()", **settings: str) -> Server:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        ours = {
            "SECRET_KEY": SETTINGS["SECRET_KEY"],
            "DATA_KEYS": SETTINGS["DATA_KEYS"],
            "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
            "BIND": "127.0.0.1:0",
            "WEB_CONCURRENCY": "1",
            "HOLD": str(gate.getsockname()[1]),
        }
        db.session.commit()
        out = tmp_path / "out"
        with out.open("w") as stream:
            process = subprocess.Popen(
                command(target),
                cwd=ROOT,
                env={**kept, **ours, **settings},
                stdout=stream,
                stderr=subprocess.PIPE,
                encoding="utf-8",
            )
        guard = threading.Timer(2 * LIMIT, process.kill)
        guard.start()
        running.append((process, guard))
        server = Server(process, out, 0, [])
        listening = json.loads(server.until("Listening at"))["message"]
        server.port = int(listening.partition("127.0.0.1:")[2].partition(" ")[0])
        return server

    yield start
    for process, guard in running:
        guard.cancel()
        process.kill()
        process.wait()
        process.stderr.close()


def test_the_panel_is_served_and_its_requests_are_told_without_a_person_in_them(serve):
    server = serve()
    assert server.ask("GET", "/health")[:2] == (200, '{"ok":true}\n')
    status, page, cookie = server.ask("GET", f"/session/sign-in?next=/members/?name={quote(NAME)}")
    form = {"csrf_token": TOKEN.search(page)[1], "username": ID_NUMBER, "password": "typed-and-wrong"}
    assert (status, server.ask("POST", "/session/sign-in", urlencode(form), cookie)[0]) == (200, 401)
    assert server.ask("GET", f"/transfers/{PHONE}?q={quote(NAME)}")[0] == 303
    assert server.ask("GET", f"/{quote(NAME)}")[0] == 404
    assert server.stop() == 0
    told = [(line["method"], line["endpoint"], line["status"]) for line in server.requests]
    assert sorted(told) == [
        ("GET", "-", 404),
        ("GET", "/session/sign-in", 200),
        ("GET", "/transfers/<key>", 303),
        ("POST", "/session/sign-in", 401),
    ]
    written = server.out.read_text() + "".join(server.said)
    people = (ID_NUMBER, NAME, quote(NAME), PHONE, "typed-and-wrong")
    assert [words for words in people if words in written] == []
    assert "127.0.0.1" not in server.out.read_text()


def test_all_that_it_says_is_json(serve):
    server = serve("tests.server.slow_app:create()")
    assert server.ask("GET", f"/broken/{PHONE}?name={quote(NAME)}")[0] == 500
    assert server.stop() == 0
    (error,) = [told for told in map(json.loads, server.said) if told["level"] == "ERROR"]
    assert error["message"].startswith("builtins.ValueError at GET /broken/<key>, request ")
    assert str(server.requests[0]["request"]) in error["message"], "it names the request"
    assert "slow_app.py" in error["message"]
    assert PHONE not in str(error) and NAME not in str(error)


def test_a_request_that_runs_is_finished_before_the_server_stops(serve, fujian, gate):
    organization = fujian.org("东街街道工委")
    server = serve("tests.server.slow_app:create()")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(server.ask, "GET", f"/slow/{organization.id}")
        inside, _address = gate.accept()
        server.process.send_signal(signal.SIGTERM)
        server.until("Handling signal: term")
        assert server.process.poll() is None and not running.done()
        inside.sendall(b"!")
        inside.close()
        assert running.result(LIMIT)[:2] == (200, "done")
    assert server.process.wait(LIMIT) == 0
    db.session.commit()
    assert fujian.org("东街街道工委").contact_name == "写到最后"
    assert [line["status"] for line in server.requests] == [200]


def test_a_setting_that_makes_no_sense_is_said_and_nothing_is_served(serve):
    server = serve(SESSION_HOURS="many")
    said = server.until("Exception in worker process")
    assert "SESSION_HOURS must be a whole number from 1 up" in json.loads(said)["message"]
    assert server.process.wait(LIMIT) != 0


def test_without_keys_it_answers_which_is_missing(serve):
    server = serve(DATA_KEYS="")
    status, page, _cookie = server.ask("GET", "/")
    assert status == 503 and "DATA_KEYS must be set" in page
