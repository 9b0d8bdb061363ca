"""`flask --app app sms send`: what waits in the outbox goes out, reminders too, once or until stopped (R32, R47)."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.exc import InterfaceError, OperationalError

from commands.support import friendly
from models import db
from workflow import gateways, notices, outbox
from workflow.errors import RuleError
from workflow.gateways import Gateway
from workflow.outbox import Outcome

ROUND = 100
EVERY = 5.0
sms = AppGroup("sms", help="短信：发送待发送的短信。")


@sms.command("send")
@click.option("--watch", is_flag=True, help="一直运行，直到收到 SIGTERM 或按 Ctrl+C；手上的一条发完才停。")
@click.option(
    "--every",
    type=click.FloatRange(min=0.1),
    default=EVERY,
    show_default=True,
    metavar="SECONDS",
    help="隔几秒看一次。",
)
@friendly
def send(watch: bool, every: float) -> None:
    """Send what is due; without --watch, exit status 1 where anything could not be delivered."""
    gateway, lease = _gateway(), _lease()
    with _told_to_stop() as stop:
        if watch:
            _watch(gateway, lease, every, stop)
            return
        outcome = _send_all(gateway, lease, stop)
    click.echo(_in_words(outcome))
    if outcome.failed or outcome.dead:
        raise click.exceptions.Exit(1)


def _send_all(gateway: Gateway, lease: timedelta, stop: Stop) -> Outcome:
    """Whatever is due now, in rounds; first what R47 wants to remind of."""
    for remind in (notices.remind_due, notices.remind_letters):
        while remind() == notices.REMINDED_AT_ONCE and not stop.asked():
            pass
    outcome = latest = outbox.send_due(gateway, limit=ROUND, lease=lease, stop=stop.asked)
    while latest.total == ROUND:
        latest = outbox.send_due(gateway, limit=ROUND, lease=lease, stop=stop.asked)
        outcome += latest
    return outcome


def _watch(gateway: Gateway, lease: timedelta, every: float, stop: Stop) -> None:
    """The same again and again. What is wrong at the start ends it; a database that goes away later only delays."""
    outcome = _send_all(gateway, lease, stop)
    click.echo("正在等待新的短信。")
    while True:
        if outcome.total:
            click.echo(_in_words(outcome))
        stop.wait(every)
        if stop.asked():
            break
        try:
            outcome = _send_all(gateway, lease, stop)
        except (OperationalError, InterfaceError, RuleError):
            db.session.rollback()
            outcome = Outcome()
            click.echo("数据库暂时无法使用，稍后再试。", err=True)
    click.echo("已停止。")


def _in_words(outcome: Outcome) -> str:
    return f"已发送 {outcome.sent} 条，未成功、稍后重试 {outcome.failed} 条，放弃 {outcome.dead} 条。"


# --- Settings ---


def _gateway() -> Gateway:
    try:
        return gateways.gateway({name: _setting(name) for name in gateways.SETTINGS})
    except gateways.SettingsError as error:
        raise click.ClickException(str(error)) from error


def _lease() -> timedelta:
    typed = _setting("SMS_LEASE_SECONDS") or str(int(outbox.LEASE.total_seconds()))
    if not (typed.isascii() and typed.isdecimal()) or int(typed) < 1:
        raise click.ClickException("SMS_LEASE_SECONDS 应为不小于 1 的整数。")
    return timedelta(seconds=int(typed))


def _setting(name: str) -> str:
    """A setting of the application, else of the environment; "" where there is none."""
    return str(current_app.config.get(name) or os.environ.get(name) or "")


# --- Stopping ---


class Stop:
    """Whether SIGTERM or SIGINT has come. A signal only writes into a pipe, so nothing in hand is broken off."""

    def __init__(self) -> None:
        self._told, self._telling = os.pipe()

    def tell(self, _signal: int, _frame: FrameType | None) -> None:
        os.write(self._telling, b".")

    def asked(self) -> bool:
        return self._comes_within(0)

    def wait(self, seconds: float) -> None:
        """Wait so long, or until it comes."""
        self._comes_within(seconds)

    def close(self) -> None:
        os.close(self._told)
        os.close(self._telling)

    def _comes_within(self, seconds: float) -> bool:
        return bool(select.select([self._told], [], [], seconds)[0])


@contextmanager
def _told_to_stop() -> Iterator[Stop]:
    """Let both signals only be noted inside the block."""
    stop = Stop()
    before = {number: signal.signal(number, stop.tell) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop.close()
