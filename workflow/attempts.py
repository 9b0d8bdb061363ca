"""How soon one may try to sign in again: a delay that grows with the failures under one username (spec §3).

The count is a row of the database, since that is what all the workers of a server share, and what is still there after
one of them was replaced; in memory five workers would grant five times the attempts. It is taken *before* the password
is looked at, with the row locked: of a hundred attempts that arrive at once one is hashed, and a flood costs an
attacker's time and not ours. A username that exists and one that does not are counted alike, so that a delay tells
nobody which accounts there are.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Delete, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from models import SignInFailures, clock, crypto, db
from workflow.transaction import transaction

FREE = 5
"""Failures after which waiting begins: a minute, then twice as long after each further one, up to `LONGEST`."""
LONGEST = timedelta(hours=1)
FORGOTTEN = timedelta(days=1)
NONE = timedelta(0)


def delay(failures: int) -> timedelta:
    """How long to wait after so many failures in a row."""
    return NONE if failures < FREE else min(timedelta(minutes=2 ** min(failures - FREE, 16)), LONGEST)


def begin(username: str) -> timedelta:
    """Count an attempt as failed until it succeeds; how long it must wait instead, `NONE`: go ahead. COMMITS.

    An attempt that has to wait is not counted, so that impatience makes nothing longer.
    """
    mark, now = _mark(username), clock.now()
    with transaction():
        insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
        row = {"mark": mark, "count": 0, "latest_at": now}
        db.session.execute(insert(SignInFailures).values(row).on_conflict_do_nothing())
        failures: SignInFailures = db.session.scalars(
            select(SignInFailures)
            .where(SignInFailures.mark == mark)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()
        wait = _remaining(failures)
        if wait == NONE:
            failures.count = 1 if failures.latest_at <= now - FORGOTTEN else failures.count + 1
            failures.latest_at = now
        return wait


def succeeded(username: str) -> None:
    """Forget the failures under this username, and all that are too old to count. COMMITS."""
    with transaction():
        forget(username)
        db.session.execute(_delete().where(SignInFailures.latest_at <= clock.now() - FORGOTTEN))


def forget(username: str) -> None:
    """Forget the failures under this username; the caller commits."""
    db.session.execute(_delete().where(SignInFailures.mark == _mark(username)))


def remaining(username: str) -> timedelta:
    """How long the next attempt under this username has to wait."""
    failures: SignInFailures | None = db.session.get(SignInFailures, _mark(username), populate_existing=True)
    return _remaining(failures) if failures else NONE


def _delete() -> Delete:
    return delete(SignInFailures).execution_options(synchronize_session=False)


def _remaining(failures: SignInFailures) -> timedelta:
    return max(failures.latest_at + delay(failures.count) - clock.now(), NONE)


def _mark(username: str) -> str:
    return crypto.keyring().index(f"sign-in:{username.strip()}")
