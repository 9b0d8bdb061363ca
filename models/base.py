"""What all tables share: the declarative base, labelled enums, UTC timestamps, random keys, subtree paths."""

from __future__ import annotations

import enum
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Enum,
    Index,
    MetaData,
    SQLColumnExpression,
    String,
    func,
    literal_column,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

PATH_WIDTH = 8
PATH_LENGTH = 160
AFTER_DIGITS = ":"  # the character after "9": closes the range of all paths below a prefix
PLACE_DEPTHS = range(2, 8)
"""The depths of a path at which an organization can stand (R1); at 1 stands the root, above everything."""


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


def segment(path: SQLColumnExpression[str], depth: int) -> ColumnElement[str]:
    """The organization that a path passes at `depth` (the root: 1), as its fixed-width id; "" where it ends above."""
    start = PATH_WIDTH * (depth - 1) + 1
    # Written out, not as parameters: only so do both databases know the expression of an index.
    return func.substr(path, literal_column(str(start)), literal_column(str(PATH_WIDTH)))


class Checked(FunctionElement[str]):
    """An expression that SQLite only checks, row by row, and never looks up in an index.

    SQLite knows nothing of how rare a value is and takes any that has an index for rare; PostgreSQL knows better.
    """

    type = String()
    inherit_cache = True


@compiles(Checked)
def _as_it_is(element: Checked, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(Checked, "sqlite")
def _without_index(element: Checked, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


def place_indexes(
    table: str, order: Sequence[str], path: str = "path", depths: Iterable[int] = PLACE_DEPTHS
) -> tuple[Index, ...]:
    """What lists the rows of any subtree in an order, by the column that holds their path.

    A range of paths is in no order of time: the newest of a county's rows would have to be sorted out of all of them.
    In an index on the segment at the county's depth its rows stand together, and in order.
    """
    prefix = path.removesuffix("path")
    return tuple(
        Index(f"ix_{table}_{prefix}place_{depth}", text(str(segment(literal_column(path), depth))), *order)
        for depth in depths
    )
