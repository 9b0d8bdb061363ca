"""What all tables share: the declarative base, labelled enums, UTC timestamps, random keys, subtree paths."""

from __future__ import annotations

import enum
import secrets
from datetime import UTC, datetime
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Enum, MetaData, String
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator, TypeEngine

PATH_WIDTH = 8
PATH_LENGTH = 160
AFTER_DIGITS = ":"  # the character after "9": closes the range of all paths below a prefix


class Base(DeclarativeBase):
    """Declarative base with named constraints, so that every migration can drop what another made."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# Objects stay readable after a commit: every door that changes something loads it anew under its lock first.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


class LabelledEnum(enum.StrEnum):
    """A closed set whose members carry the manual's word: ``COMMITTEE = "committee", "党委"``."""

    label: str

    def __new__(cls, value: str, label: str = "") -> LabelledEnum:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


def enum_type(kind: type[LabelledEnum], name: str | None = None) -> Enum:
    """A string column with a check constraint that holds the values of `kind`.

    `name` tells apart two columns of one table that hold the same set.
    """
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=name or kind.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC moment; SQLite, which has no time zones, stores it without one."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def ordered_text(length: int) -> TypeEngine[str]:
    """Text that both databases compare byte by byte, so that ranges and prefixes use the index."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def new_key() -> str:
    """A random name for URLs: 96 bits, so nothing about a person can be guessed from an address."""
    return secrets.token_urlsafe(12)


def path_segment(identity: int) -> str:
    """The fixed-width piece of a subtree path for one organization id."""
    return f"{identity:0{PATH_WIDTH}d}"


def below(path: str) -> tuple[str, str]:
    """The half-open range [low, high) of the paths of a subtree, its top included."""
    return path, path + AFTER_DIGITS


def ancestor_ids(path: str) -> list[int]:
    """The ids along a path from the root to the organization itself."""
    return [int(path[start : start + PATH_WIDTH]) for start in range(0, len(path), PATH_WIDTH)]
