"""`flask --app app sms send`: once, and until it is told to stop. What it says names no phone and no code."""

import importlib
import json
import os
import signal
import subprocess
import sys

import pytest
from sqlalchemy.exc import OperationalError

from models import MessageKind, MessageState, clock
from tests.messages.parts import CODE, MINUTE, PARAMS, PHONE, messages, put, serving, states
from tests.messages.sending import PATIENCE, lines, wait_for
from tests.support.databases import ROOT
from workflow import outbox

WAITING, SENT, DEAD = MessageState.WAITING, MessageState.SENT, MessageState.DEAD


def put_now(kind=MessageKind.ARRIVED, **more):
    """A message that is due now, by the clock of the command."""
    valid = {"until": (clock.now() + 5 * MINUTE).isoformat()} if kind is MessageKind.CODE else {}
    return put(kind, **{"at": clock.now(), **valid, **more})


@pytest.fixture
def out(app, tmp_path):
    """The file of the gateway that the application is set to."""
    path = tmp_path / "sms.jsonl"
    app.config.update(SMS_GATEWAY="file", SMS_FILE=str(path))
    return path


# --- Once ---


def test_it_sends_what_is_due_and_says_how_many(run, out):
    put_now()
    put_now(MessageKind.CODE)
    put_now(at=clock.now() + MINUTE)
    done = run("sms", "send")
    assert (done.status, done.out, done.err) == (0, "已发送 2 条，未成功、稍后重试 0 条，放弃 0 条。\n", "")
    assert [json.loads(line)["kind"] for line in lines(out)] == ["code", "arrived"]


def test_nothing_to_send_is_no_failure(run, out):
    assert run("sms", "send").status == 0


def test_more_than_a_round_is_sent_too(run, out, monkeypatch):
    monkeypatch.setattr(importlib.import_module("commands.sms"), "ROUND", 2)
    for _ in range(5):
        put_now()
    assert run("sms", "send").out.startswith("已发送 5 条")


def test_the_console_is_the_gateway_where_none_is_set(run):
    put_now(MessageKind.CODE)
    assert f"{PHONE} 【转接】您的验证码是{CODE}" in run("sms", "send").out


@pytest.fixture
def broken(app, tmp_path):
    """A gateway that takes nothing."""
    app.config.update(SMS_GATEWAY="file", SMS_FILE=str(tmp_path / "nowhere" / "sms"))


def test_what_failed_makes_the_exit_status_1(run, broken):
    put_now(MessageKind.CODE)
    done = run("sms", "send")
    assert (done.status, done.out) == (1, "已发送 0 条，未成功、稍后重试 1 条，放弃 0 条。\n")
    assert PHONE not in done.said and CODE not in done.said
    assert run("sms", "send").status == 0, "it is not due again at once"


def test_so_does_what_was_given_up(run, out):
    put_now(MessageKind.CODE, until=(clock.now() - MINUTE).isoformat())
    done = run("sms", "send")
    assert done.status == 1 and "放弃 1 条" in done.out
    assert states() == [DEAD] and lines(out) == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"SMS_GATEWAY": "pigeon"}, "SMS_GATEWAY"),
        ({"SMS_GATEWAY": "file"}, "SMS_FILE"),
        ({"SMS_LEASE_SECONDS": "0"}, "SMS_LEASE_SECONDS"),
        ({"SMS_LEASE_SECONDS": "1.5"}, "SMS_LEASE_SECONDS"),
    ],
)
def test_wrong_settings_are_one_line_and_nothing_is_sent(app, run, settings, words):
    put_now()
    app.config.update(settings)
    done = run("sms", "send")
    assert done.status == 1 and words in done.err and len(done.errors) == 1
    assert states() == [WAITING]


def test_the_lease_is_a_setting(app, run, out, monkeypatch):
    asked = []
    monkeypatch.setattr(outbox, "send_due", lambda _gateway, *, lease, **_more: asked.append(lease) or outbox.Outcome())
    run("sms", "send")
    app.config["SMS_LEASE_SECONDS"] = "7"
    run("sms", "send")
    assert [lease.total_seconds() for lease in asked] == [60, 7]


# --- Until it is told to stop ---


@pytest.fixture
def watching(app):
    """`watching(**settings)`: the command as a process that keeps watching."""
    started = []

    def start(**settings):
        environment = {
            **os.environ,
            "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
            "PYTHONUNBUFFERED": "1",
            **settings,
        }
        words = [sys.executable, "-m", "flask", "--app", "app", "sms", "send", "--watch", "--every", "0.1"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
        started.append(subprocess.Popen(words, cwd=ROOT, env=environment, **pipes))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_told_to_stop_it_finishes_the_message_in_hand(watching):
    put_now(MessageKind.CODE)
    with serving() as gateway:
        process = watching(SMS_GATEWAY="webhook", SMS_WEBHOOK_URL=gateway.url, SMS_WEBHOOK_SECRET="s")
        wait_for(lambda: states() == [SENT])
        gateway.answers.clear()
        gateway.asked.clear()
        put_now()
        put_now()
        assert gateway.asked.wait(PATIENCE)
        process.send_signal(signal.SIGTERM)
        gateway.answers.set()
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    assert states() == [SENT, SENT, WAITING], "the one in hand was finished, and no other begun"
    assert len(gateway.requests) == 2
    assert out.splitlines()[-1] == "已停止。" and "已发送 1 条" in out
    assert PHONE not in out and CODE not in out and PARAMS[MessageKind.ARRIVED]["member"] not in out


def test_a_database_that_goes_away_for_a_while_delays_and_ends_nothing(app, monkeypatch, run, out):
    put_now()
    real, rounds = outbox.send_due, iter(["started", "away", "back", "stop"])

    def send_due(*args, **more):
        now = next(rounds)
        if now == "away":
            raise OperationalError("SELECT", {}, Exception("the server closed the connection"))
        if now == "stop":
            signal.raise_signal(signal.SIGINT)  # Ctrl+C stops it like SIGTERM
        put_now()
        return real(*args, **more)

    monkeypatch.setattr(outbox, "send_due", send_due)
    done = run("sms", "send", "--watch", "--every", "0.1")
    assert done.status == 0
    assert done.err == "数据库暂时无法使用，稍后再试。\n"
    assert len(lines(out)) == len(messages()) - 1 == 3
