"""At the command line: running a command, writing a CSV file, and looking at all that stands in the database.

`app`'s commands run in this process, each in a context and a session of its own; `flask` starts a real process.
Rows of files are made by name from tests/world.py: what a row does not say is right.
"""

from __future__ import annotations

import contextvars
import csv
import io
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, has_app_context
from stdnum.iso7064 import mod_11_2

from models import AuditEntry, Gender, MemberCategory, OrganizationKind, db
from tests.world import PEOPLE, REGION, TREE, id_number

ROOT = Path(__file__).parents[2]
COLUMNS = {
    "orgs": ["code", "name", "kind", "parent_code", "level", "contact_name", "contact_phone"],
    "members": ["id_number", "name", "gender", "ethnicity", "category", "org_code", "phone", "joined_on"],
    "grants": ["username", "id_number", "org_code", "role"],
}
ERROR_LINE = r"row \d+, column \S+: \S.*"

CODE = {name: f"35{number:04d}" for number, (name, *_) in enumerate(TREE, 1)}
"""The codes of the world's organizations by their names."""
NUMBER = {name: number for number, (name, *_) in enumerate(PEOPLE, 1)}

Row = dict[str, str]
Bring = Callable[..., "Outcome"]


@dataclass(frozen=True)
class Outcome:
    """What a command left behind: its exit status and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        return self.err.splitlines()

    @property
    def places(self) -> list[str]:
        """Of each error line what stands before its reason: `row 2, column level`."""
        return [line.partition(":")[0] for line in self.errors]

    @property
    def said(self) -> str:
        return self.out + self.err


def run(app: Flask, *words: str, stdin: str | bytes = "") -> Outcome:
    """`flask --app app WORDS...` in this process; an exception that the command lets through fails the test."""
    if has_app_context():
        db.session.commit()  # ends the test's snapshot, so that it sees what the command does
    runner = app.test_cli_runner()
    with_context_of_its_own = contextvars.Context().run
    result = with_context_of_its_own(runner.invoke, args=list(words), input=stdin, catch_exceptions=False)
    return Outcome(result.exit_code, result.stdout, result.stderr)


def flask(*words: str, stdin: str = "", **settings: str) -> Outcome:
    """The same in a process of its own, whose environment holds `settings` and nothing else of ours."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *words],
        cwd=ROOT,
        env={**kept, "LANG": "C.UTF-8", "FLASK_SKIP_DOTENV": "1", **settings},
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


# --- files ---


def table(what: str, *rows: Mapping[str, str]) -> str:
    """The text of a CSV file with the columns of an import."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS[what], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def org(code: str, /, **cells: str) -> Row:
    """A new branch under the street of 东街, where `cells` say nothing else."""
    return {
        "code": code,
        "name": f"新建组织{code}",
        "kind": OrganizationKind.BRANCH,
        "parent_code": CODE["东街街道工委"],
        "level": "7",
        "contact_name": "",
        "contact_phone": "",
        **cells,
    }


def known_org(name: str, /, **cells: str) -> Row:
    """The row of an organization of the world as it stands there, but for `cells`."""
    number = list(CODE).index(name) + 1
    _, kind, parent, level = TREE[number - 1]
    as_it_is = {
        "name": name,
        "kind": kind,
        "parent_code": CODE.get(parent or "", ""),
        "level": str(level or ""),
        "contact_name": "王干事",
        "contact_phone": f"0591-8700{number:04d}",
    }
    return org(CODE[name], **{**as_it_is, **cells})


def person(number: int, /, **cells: str) -> Row:
    """A new member of 军门第一支部; each `number` from 100 up is somebody else."""
    return {
        "id_number": id_number(Gender.MALE, number),
        "name": f"新党员{number}",
        "gender": Gender.MALE.label,
        "ethnicity": "汉族",
        "category": MemberCategory.FULL.label,
        "org_code": CODE["军门第一支部"],
        "phone": f"1390000{number:04d}",
        "joined_on": "2015-07-01",
        **cells,
    }


def known_person(name: str, /, **cells: str) -> Row:
    """The row of a member of the world as they stand there, but for `cells`."""
    number = NUMBER[name]
    _, gender, home, special = PEOPLE[number - 1]
    as_it_is = {
        "id_number": id_number(gender, number),
        "name": name,
        "gender": gender.label,
        "category": special.get("category", MemberCategory.FULL).label,
        "org_code": CODE[home],
        "phone": special.get("phone", f"1380000{number:04d}"),
        "joined_on": "2010-07-01",
    }
    return person(number, **{**as_it_is, **cells})


def checked(body: str) -> str:
    """An ID number: 17 digits with their check character."""
    return body + mod_11_2.calc_check_digit(body)


def crowd(size: int) -> list[Row]:
    """So many new members without phones, each somebody else."""
    days = (date(1940, 1, 1) + timedelta(days=number) for number in range(size))
    return [
        person(0, id_number=checked(f"{REGION}{day:%Y%m%d}001"), phone="", name=f"第{day:%Y%m%d}人") for day in days
    ]


def grant(username: str, /, place: str = "", role: str = "liaison", *, member: str = "", **cells: str) -> Row:
    """A grant on the organization named `place`; of a formal account where `member` names somebody of the world."""
    identity = known_person(member)["id_number"] if member else ""
    return {"username": username, "id_number": identity, "org_code": CODE.get(place, ""), "role": role, **cells}


# --- the database ---


def everything() -> dict[str, list[Any]]:
    """Every row of every table as it stands now."""
    db.session.commit()
    return {
        name: db.session.execute(sa.select(table).order_by(*table.primary_key)).all()
        for name, table in db.metadata.tables.items()
    }


def one(model: type, **values: Any) -> Any:
    """The one row with these values, as it stands in the database now."""
    db.session.commit()
    return db.session.scalars(sa.select(model).filter_by(**values).execution_options(populate_existing=True)).one()


def count(model: type, **values: Any) -> int:
    """How many rows have these values."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).filter_by(**values))


def audited() -> list[tuple[str, str, dict[str, Any]]]:
    """The audit log, oldest first: event, organization or else subject, details."""
    entries = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))
    return [(entry.event, entry.organization_name or entry.subject, entry.details) for entry in entries]
