"""Failures to sign in, counted so that the next attempt can be made to wait."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import UtcDateTime, db


class SignInFailures(db.Model):
    """The failures under one username since the last success, of known and of unknown usernames alike.

    What was typed is not kept, it may be a password in the wrong field: `mark` is its keyed hash. Unlike the audit log
    this is no record: a success deletes the row, and a day without failures makes it worthless.
    """

    __tablename__ = "sign_in_failures"

    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    latest_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
