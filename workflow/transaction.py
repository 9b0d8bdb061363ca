"""One action = one transaction: all of it or nothing, and a clear sentence where somebody else was faster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError

from models import PermissionLevel, db, sqlite
from models.prepared import BY_KEYS
from workflow.errors import N_, RuleError

_OPEN_TRANSFER = ("uq_transfer_open_member", "transfer.member_id")


@contextmanager
def transaction(*, by_keys: bool = False) -> Iterator[None]:
    """Commit what the block did; on any error roll back all of it.

    `by_keys`: all of its statements find their rows by keys, so that PostgreSQL need not plan them again each time.

    Raises `RuleError` R20 where the database refused a second open transfer, R30 where another person's change came
    first; whatever else goes wrong passes through.
    """
    try:
        with sqlite.writing():
            if by_keys:
                db.session.connection().execution_options(**BY_KEYS)
            yield
            db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        if any(name in str(error.orig) for name in _OPEN_TRANSFER):
            raise open_transfer_exists() from error
        raise
    except StaleDataError as error:
        db.session.rollback()
        raise changed_meanwhile() from error
    except OperationalError as error:
        db.session.rollback()
        if "locked" not in str(error.orig):
            raise
        raise RuleError(N_("系统正忙，您的操作没有执行，请稍后再试。"), "R30") from error
    except BaseException:
        db.session.rollback()
        raise


def hold_tree(*, alone: bool = False) -> None:
    """Let nobody change the tree until this transaction ends (on SQLite the write transaction does).

    `alone` is for who changes it: then nobody relies on it meanwhile either. Comes before every other lock, and what
    was read before it may be out of date.
    """
    levels = select(PermissionLevel.rank).order_by(PermissionLevel.rank)
    db.session.execute(levels.with_for_update(read=not alone)).all()


def changed_meanwhile() -> RuleError:
    """R30 where a row is no more what the user saw."""
    return RuleError(N_("这条数据刚刚被其他人修改，请查看最新内容后再操作。"), "R30")


def open_transfer_exists() -> RuleError:
    """R20 in the manual's words."""
    return RuleError(
        N_("该党员目前仍有未走完的组织关系转接申请，不允许重复提交：必须先结束或作废当前流程，才可发起新的申请。"),
        "R20",
        "member",
    )
