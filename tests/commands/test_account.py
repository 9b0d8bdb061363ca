"""`flask account`: the first account of an installation, and passwords from standard input (§3, R10)."""

import json

import pytest
from sqlalchemy import select

from models import Account, AuditEvent, Organization, RoleCode, RoleGrant, db
from tests.commands.shell import CODE, audited, count, everything, one, run, table
from tests.world import ADMIN
from workflow import accounts

PASSWORD = " 一个 long passphrase "


def grants_of(username: str) -> list[tuple[str, int | None]]:
    query = select(RoleGrant.role_code, RoleGrant.organization_id).join(RoleGrant.account)
    return [tuple(row) for row in db.session.execute(query.where(Account.username == username))]


def fresh(username: str) -> Account:
    return one(Account, username=username)


# --- account create ---


def test_the_first_account_of_a_new_installation_is_a_provincial_admin(empty_app):
    outcome = run(empty_app, "account", "create", "admin", "--role", "provincial_admin")
    assert (outcome.status, outcome.err) == (0, "")
    made = fresh("admin")
    assert (made.member_id, made.organization_id, made.password_hash, made.is_active) == (None, None, None, True)
    assert grants_of("admin") == [(RoleCode.PROVINCIAL_ADMIN, None)]


def test_an_account_may_belong_to_an_organization(app):
    outcome = run(app, "account", "create", "新联络员", "--role", "liaison", "--org", CODE["鼓楼区卫健局党委"])
    home = one(Organization, name="鼓楼区卫健局党委").id
    assert outcome.status == 0
    assert fresh("新联络员").organization_id == home
    assert grants_of("新联络员") == [(RoleCode.LIAISON, home)]


def test_a_new_account_and_its_role_are_audit_entries(app):
    run(app, "account", "create", "新管理员", "--role", "provincial_admin")
    events = [(event, subject) for event, subject, _ in audited()]
    assert events == [(AuditEvent.ACCOUNT_CREATED, "新管理员"), (AuditEvent.ROLE_GRANTED, "新管理员")]


@pytest.mark.parametrize(
    "words",
    [
        (ADMIN, "--role", "provincial_admin"),  # taken
        ("", "--role", "provincial_admin"),
        ("两 个词", "--role", "provincial_admin"),
        ("x" * 61, "--role", "provincial_admin"),
        ("新管理员", "--role", "liaison"),  # of no organization
        ("新管理员", "--role", "auditor"),
        ("新管理员", "--role", "liaison", "--org", "no-such"),
        ("新管理员", "--role", "liaison", "--org", CODE["省外组织"]),
    ],
)
def test_r10_an_account_that_cannot_be_is_refused_in_one_line_and_nothing_is_made(app, words):
    before = everything()
    outcome = run(app, "account", "create", *words)
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert everything() == before


@pytest.mark.parametrize("words", [(), ("--role", "member")])
def test_a_role_that_is_none_is_a_usage_error(app, words):
    before = count(Account)
    assert run(app, "account", "create", "新管理员", *words).status == 2
    assert count(Account) == before


# --- account password ---


@pytest.mark.parametrize("line_end", ["", "\n", "\r\n"])
def test_a_password_is_one_line_of_standard_input_and_signs_in(app, line_end):
    outcome = run(app, "account", "password", ADMIN, stdin=PASSWORD + line_end)
    assert (outcome.status, outcome.err) == (0, "")
    db.session.commit()
    assert accounts.authenticate(ADMIN, PASSWORD) is not None
    assert accounts.authenticate(ADMIN, PASSWORD.strip()) is None


def test_what_follows_the_first_line_does_not_belong_to_the_password(app):
    run(app, "account", "password", ADMIN, stdin=f"{PASSWORD}\nmore\n")
    assert accounts.authenticate(ADMIN, PASSWORD) is not None


def test_a_new_password_ends_the_sessions_of_the_account_and_of_no_other(app):
    mine, others = fresh(ADMIN).session_token, fresh("林小雨").session_token
    run(app, "account", "password", ADMIN, stdin=PASSWORD)
    assert fresh(ADMIN).session_token != mine
    assert fresh("林小雨").session_token == others


def test_an_account_that_an_import_made_gets_its_password_here(app, csv_file):
    row = {"username": "卫健局管理员", "id_number": "", "org_code": CODE["鼓楼区卫健局党委"], "role": "liaison"}
    run(app, "import", "grants", csv_file(table("grants", row)))
    assert run(app, "account", "password", "卫健局管理员", stdin=PASSWORD).status == 0
    assert accounts.authenticate("卫健局管理员", PASSWORD) is not None


@pytest.mark.parametrize("typed", ["", "\n", "too short", "x" * 201, "a" * 12, "九个字的密码一二三"])
def test_a_weak_password_is_refused_in_one_line_and_the_old_one_stays(app, typed):
    before = everything()
    outcome = run(app, "account", "password", ADMIN, stdin=typed)
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert everything() == before


def test_a_password_is_not_the_username(app):
    run(app, "account", "create", "an-account-name", "--role", "provincial_admin")
    assert run(app, "account", "password", "an-account-name", stdin="An-Account-Name").status == 1
    assert fresh("an-account-name").password_hash is None


def test_an_account_that_is_not_there_is_one_line(app):
    outcome = run(app, "account", "password", "no-such", stdin=PASSWORD)
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert "no-such" in outcome.err


def test_setting_a_password_is_audited_and_the_password_is_seen_nowhere(app, caplog):
    outcome = run(app, "account", "password", ADMIN, stdin=PASSWORD)
    assert [(event, subject) for event, subject, _ in audited()] == [(AuditEvent.PASSWORD_SET, ADMIN)]
    assert PASSWORD not in outcome.said + caplog.text + json.dumps(audited(), ensure_ascii=False)
    assert PASSWORD not in fresh(ADMIN).password_hash
