"""Puts the demo into an empty database: through the importers, then through the actions of the workflow."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import select

from commands.demo import phone, stories
from commands.demo.people import SIGN_INS, grants, people
from commands.demo.places import places
from commands.importing import grants as grant_import
from commands.importing import members as member_import
from commands.importing import organizations as organization_import
from commands.importing.reading import CsvTable
from commands.importing.reporting import RowErrors
from models import Account, AuditEntry, AuditEvent, Member, Organization, db
from workflow import accounts, audit
from workflow.errors import RuleError
from workflow.transaction import transaction

BEGUN, LOADED = "演示数据（开始装入）", "演示数据"


def is_loaded() -> bool:
    """Whether this database holds the demo. Raises `RuleError` where it holds anything else: it is not touched then."""
    marks = set(
        db.session.scalars(
            select(AuditEntry.subject).where(
                AuditEntry.event == AuditEvent.DATA_IMPORTED, AuditEntry.subject.in_((BEGUN, LOADED))
            )
        )
    )
    if LOADED in marks:
        return True
    if BEGUN in marks:
        raise RuleError(
            "上次装入演示数据没有完成，请删除这个数据库（默认为实例目录中的 zhuanjie.sqlite）后重试。", "R22"
        )
    if db.session.scalar(select(Organization.id).limit(1)) is not None:
        raise RuleError("数据库中已有其他数据，演示不会改动它。请把 DATABASE_URL 设为一个空的数据库。", "R22")
    return False


def load() -> str:
    """Load everything into an empty database; returns what there is now, in words."""
    everywhere = places()
    everybody = people(everywhere)
    _mark(BEGUN)
    _import(organization_import, (place.row(number) for number, place in enumerate(everywhere, 1)))
    _import(member_import, (person.row() for person in everybody))
    _import(grant_import, grants(everywhere, everybody))
    _open_accounts()
    count = stories.tell_all()
    phone.forget_the_past()
    _mark(LOADED)
    return f"已装入演示数据：组织{len(everywhere)}个，党员{len(everybody)}名，转接记录{count}条。"


def _mark(subject: str) -> None:
    with transaction():
        audit.record(AuditEvent.DATA_IMPORTED, None, subject=subject)


def _import(importer: ModuleType, rows: Iterable[Sequence[str]]) -> None:
    errors = RowErrors()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.csv"
        with file.open("w", encoding="utf-8", newline="") as written:
            csv.writer(written).writerows([importer.COLUMNS, *rows])
        with CsvTable(str(file), importer.COLUMNS, errors, _nobody_watches) as table, transaction():
            importer.run_import(table, errors)
            if errors:
                errors.print()
                raise AssertionError("the demo's own rows must be right")


def _nobody_watches(_position: int) -> None:
    """The progress of an import that takes a moment."""


def _open_accounts() -> None:
    """The accounts of the sign-in page get their password; a member's own account, which no grant made, is made."""
    for sign_in in SIGN_INS:
        with transaction():
            account: Any = db.session.scalar(select(Account).where(Account.username == sign_in.username))
            if account is None:
                member = db.session.scalars(select(Member).where(Member.name == sign_in.member)).first()
                account = accounts.create_account(sign_in.username, member=member)
            accounts.set_password(account, sign_in.password)
