"""Rows that no rule of their own keeps: created, changed and deleted as they are typed, each with an audit entry.

For what an installation adds to the panel (docs/extending.md). The caller's `transaction` commits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, inspect, select

from models import AuditEvent, Organization, db
from workflow import audit
from workflow.actors import Actor
from workflow.errors import N_, RuleError


def create(actor: Actor, model: type[Any], noun: str, scope: ColumnElement[bool], fields: Mapping[str, Any]) -> Any:
    """A new row, flushed. Raises `RuleError` R22 where a needed field is empty or the row lies outside `scope`."""
    row = model(**_filled(model, fields))
    db.session.add(row)
    db.session.flush()
    _refuse_outside(row, scope)
    audit.record(
        AuditEvent.RECORD_CREATED,
        actor,
        organization=_organization(row),
        subject=_subject(noun, row),
        values=audit.values(fields),
    )
    return row


def change(actor: Actor, row: Any, noun: str, scope: ColumnElement[bool], fields: Mapping[str, Any]) -> None:
    """Change fields of a row; what stays outside `scope` afterwards is refused, like an empty field that is needed."""
    before = {name: getattr(row, name) for name in fields}
    for name, value in _filled(type(row), fields).items():
        setattr(row, name, value)
    db.session.flush()
    _refuse_outside(row, scope)
    changed = audit.changes(before, dict(fields))
    if changed:
        audit.record(
            AuditEvent.RECORD_CHANGED,
            actor,
            organization=_organization(row),
            subject=_subject(noun, row),
            changes=changed,
        )


def delete(actor: Actor, row: Any, noun: str) -> None:
    """Delete a row; the audit log keeps what it said."""
    names = [column.key for column in inspect(type(row)).column_attrs]
    audit.record(
        AuditEvent.RECORD_DELETED,
        actor,
        organization=_organization(row),
        subject=_subject(noun, row),
        values=audit.values({name: getattr(row, name) for name in names}),
    )
    db.session.delete(row)
    db.session.flush()


def _filled(model: type[Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    columns = inspect(model).columns
    for name, value in fields.items():
        if value in (None, "") and not columns[name].nullable:
            raise RuleError(N_("请填写这一项。"), "R22", name)
        length = getattr(columns[name].type, "length", None)
        if length and isinstance(value, str) and len(value) > length:
            raise RuleError(N_("内容过长，请控制在%(limit)s字以内。"), "R22", name, limit=length)
    return dict(fields)


def _refuse_outside(row: Any, scope: ColumnElement[bool]) -> None:
    """Nobody writes what they could not read afterwards."""
    model = type(row)
    key = inspect(model).primary_key[0]
    if db.session.scalar(select(key).where(key == inspect(row).identity[0], scope)) is None:
        raise RuleError(N_("这条数据不在您的管理范围内，没有保存。"), "R22")


def _organization(row: Any) -> Organization | None:
    """The organization that a row names, which says who may read its audit entries."""
    identity = getattr(row, "organization_id", None)
    return db.session.get(Organization, identity) if identity is not None else None


def _subject(noun: str, row: Any) -> str:
    return f"{noun} {row}"[:120]
