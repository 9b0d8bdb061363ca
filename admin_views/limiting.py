"""How often one address may fail to sign in, and how a wait is told. The delay of an account is in `workflow.attempts`.

The limit of an address is a coarse sieve against trying one password on many accounts, wide enough for an office whose
people share one address. Flask-Limiter keeps it where `RATE_LIMIT_URL` says: in Redis all workers count together; in
memory, the default, each counts for itself, and an address gets at most as many times the limit as there are workers.
What guards an account does not depend on it. Where Redis is down, sign-in goes on with counts in memory.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

import click
from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter, RateLimitExceeded
from limits import RateLimitItem, parse
from limits.errors import ConfigurationError, StorageError
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter, RateLimiter

from admin_views.translating import gettext as _
from models import clock
from models.crypto import keyring

FAILURES = "30 per 15 minutes"
CODES = (parse("1 per minute"), parse("10 per day"))
"""How often a code is sent, counted for a phone and for whose it is to become, each by itself."""
ADDRESS_CODES = (parse("60 per hour"),)
"""The same for an address, against who would have codes sent to many phones; wide enough for an office."""
LOOK_UPS = (parse("30 per hour"), parse("120 per day"))
"""How many ID numbers an account may look up (R41): enough for a county, and too few to try numbers out."""
CHECKS = (parse("30 per minute"),)
"""How many letters an address may check (R46)."""
IN_MEMORY = "memory://"
FAILED = 401
_COUNTER = "zhuanjie-limiter"
_in_memory = MovingWindowRateLimiter(MemoryStorage())
"""Counts where Redis is down, each process for itself."""


def limit(app: Flask, endpoint: str, refuse: Callable[[timedelta], ResponseReturnValue]) -> None:
    """Refuse POSTs to `endpoint` from an address with too many failed ones; `refuse` answers with the time left."""
    try:
        limiter = Limiter(
            address,
            app=app,
            storage_uri=app.config.get("RATE_LIMIT_URL") or IN_MEMORY,
            strategy="moving-window",
            in_memory_fallback_enabled=True,
            key_prefix="zhuanjie",
        )
    except ConfigurationError as error:
        raise click.ClickException(f"RATE_LIMIT_URL cannot be used: {error}") from error
    app.extensions[_COUNTER] = limiter
    view: Callable[..., Any] = app.view_functions[endpoint]
    app.view_functions[endpoint] = limiter.limit(FAILURES, methods=["POST"], deduct_when=_has_failed)(view)

    def too_many(_error: RateLimitExceeded) -> ResponseReturnValue:
        broken = limiter.current_limit
        # It rounds the moment up, past the window.
        left = min(broken.reset_at - clock.now().timestamp(), broken.limit.get_expiry()) if broken else 0
        return refuse(timedelta(seconds=max(left, 1)))

    app.register_error_handler(RateLimitExceeded, too_many)


def wait_for_code(*names: str) -> timedelta:
    """Count a code for each of the names, or how long it has to wait until it may be sent: then nothing is counted.

    The address that asks is counted too.
    """
    # A phone is not kept in clear, wherever the counts are.
    counts = [(item, keyring().index(f"codes of {name}")) for item in CODES for name in names]
    counts += [(item, f"codes to {address()}") for item in ADDRESS_CODES]
    return _wait(counts)


def wait_for_look_up(name: str) -> timedelta:
    """Count a look-up by ID number for whoever asks, or how long they have to wait."""
    return _wait([(item, f"look-ups by {name}") for item in LOOK_UPS])


def wait_for_address(what: str, items: Sequence[RateLimitItem]) -> timedelta:
    """Count one of `what` for the address that asks, or how long it has to wait."""
    return _wait([(item, f"{what} by {address()}") for item in items])


def _wait(counts: Sequence[tuple[RateLimitItem, str]]) -> timedelta:
    limiter: Limiter = current_app.extensions[_COUNTER]
    try:
        return _counted(limiter.limiter, counts)
    except StorageError:
        return _counted(_in_memory, counts)


def _counted(counter: RateLimiter, counts: Sequence[tuple[RateLimitItem, str]]) -> timedelta:
    full = [(item, mark) for item, mark in counts if not counter.test(item, mark)]
    if full:
        latest = max(counter.get_window_stats(item, mark).reset_time for item, mark in full)
        return timedelta(seconds=max(latest - time.time(), 1))
    for item, mark in counts:
        counter.hit(item, mark)
    return timedelta(0)


def address() -> str:
    """Whom the limit counts: an IPv4 address, or the /64 of an IPv6 one, which belongs to one place as a whole."""
    try:
        known = ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if not isinstance(known, IPv6Address):
        return str(known)
    return str(known.ipv4_mapped or ip_network((int(known), 64), strict=False))


def in_words(wait: timedelta) -> str:
    """A time to wait as people say it, in whole minutes upwards: 3分钟, 1小时."""
    minutes = math.ceil(wait.total_seconds() / 60)
    return _("%(hours)s小时", hours=minutes // 60) if minutes % 60 == 0 else _("%(minutes)s分钟", minutes=minutes)


def _has_failed(response: Response) -> bool:
    return response.status_code == FAILED
