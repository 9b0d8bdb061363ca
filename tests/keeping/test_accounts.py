"""§3, R10: passwords, signing in, new accounts, and who may hold which role by plain values."""

import json

import pytest
from sqlalchemy import select

from models import Account, AuditEntry, AuditEvent, OrganizationKind, RoleCode, clock, db
from tests.scenarios.telling import everything, refused
from tests.world import ADMIN, AUDITOR, PASSWORD, fujian
from workflow import accounts, grants
from workflow.transaction import transaction

__all__ = ["fujian"]

TYPED = "350102199003071234"  # what people type into the wrong field


def latest() -> tuple:
    """The newest audit entry: event, who, about whom."""
    db.session.commit()
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    return entry.event, entry.actor_name, entry.subject


# --- passwords ---


@pytest.mark.parametrize(
    ("password", "words"), [("a1" * 4 + "b", "至少10位"), ("", "至少10位"), ("a1" * 100 + "b", "最多200位")]
)
def test_s3_a_password_is_neither_short_nor_endless(password, words):
    with refused("§3", words, field="password"):
        accounts.check_password(password, "林小雨")


@pytest.mark.parametrize(
    "password", ["a1" * 5, "a1" * 100, "correct horse", "密码要长一点才行啊", "一二三四五六七八九十"]
)
def test_s3_anything_between_is_one(password):
    accounts.check_password(password.ljust(10, "。"), "林小雨")


@pytest.mark.parametrize("password", ["aaaaaaaaaa", "          ", "linxiaoyu.fuzhou", "LinXiaoYu.Fuzhou"])
def test_s3_what_everybody_tries_first_is_refused(password):
    with refused("§3", "同一个字符或与用户名相同", field="password"):
        accounts.check_password(password, "LinXiaoyu.fuzhou")


@pytest.mark.usefixtures("costly_passwords")
def test_s3_the_hash_tells_nothing_and_belongs_to_one_password_alone():
    kept = accounts.hash_password("a right password")
    assert kept.startswith("$argon2id$")
    assert "right" not in kept
    assert accounts.verify_password("a right password", kept) is True
    assert accounts.verify_password("a wrong password", kept) is False


@pytest.mark.parametrize("kept", [None, "", "not a hash"])
def test_s3_where_there_is_no_hash_no_password_is_right(kept):
    assert accounts.verify_password("a right password", kept) is False


def test_s3_a_new_password_ends_all_sessions(fujian):
    before = fujian.account("林小雨").session_token
    with transaction():
        accounts.set_password(fujian.account("林小雨"), "another password")
    assert fujian.account("林小雨").session_token != before
    assert accounts.authenticate("林小雨", PASSWORD) is None
    assert accounts.authenticate("林小雨", "another password") is not None


def test_s3_setting_one_is_an_audit_entry_that_does_not_hold_it(fujian):
    actor = fujian.actor_of(ADMIN)
    with transaction():
        accounts.set_password(fujian.account("林小雨"), "another password", actor)
    assert latest() == (AuditEvent.PASSWORD_SET, ADMIN, "林小雨")
    assert "another password" not in str(everything())


def test_s3_a_weak_one_changes_nothing(fujian):
    before = everything()
    with refused("§3"), transaction():
        accounts.set_password(fujian.account("林小雨"), "short")
    assert everything() == before


# --- signing in ---


@pytest.mark.parametrize("username", ["林小雨", " 林小雨 ", ADMIN, "东街街道工委联络员"])
def test_s3_the_right_password_signs_in(fujian, username):
    before = clock.now()
    account = accounts.authenticate(username, PASSWORD)
    assert account is not None
    assert account.username == username.strip()
    assert fujian.account(account.username).last_signed_in_at >= before
    assert latest() == (AuditEvent.SIGNED_IN, account.username, account.username)


@pytest.mark.parametrize("password", ["", "a wrong password", PASSWORD.upper(), f" {PASSWORD}", PASSWORD + "x" * 1000])
def test_s3_a_wrong_password_does_not(fujian, password):
    assert accounts.authenticate("林小雨", password) is None
    assert latest() == (AuditEvent.SIGN_IN_FAILED, "林小雨", "林小雨")
    assert fujian.account("林小雨").last_signed_in_at is None


def test_s3_a_password_is_looked_at_to_its_end(fujian):
    longest = "a1" * 100
    with transaction():
        accounts.set_password(fujian.account("林小雨"), longest)
    assert accounts.authenticate("林小雨", longest) is not None
    assert accounts.authenticate("林小雨", longest + "x") is None


@pytest.mark.parametrize("username", ["nobody", "", "x" * 61, "林小雨\x00", "林小\n雨", "%", "' OR 1=1 --"])
def test_s3_an_unknown_username_does_not(fujian, username):
    assert accounts.authenticate(username, PASSWORD) is None
    assert latest() == (AuditEvent.SIGN_IN_FAILED, "（未知账号）", "（未知账号）")


def test_s3_a_closed_account_does_not(fujian):
    fujian.account("林小雨").is_active = False
    db.session.commit()
    assert accounts.authenticate("林小雨", PASSWORD) is None
    assert latest() == (AuditEvent.SIGN_IN_FAILED, "林小雨", "林小雨")


def test_s3_an_account_without_a_password_does_not(fujian):
    fujian.account("林小雨").password_hash = None
    db.session.commit()
    assert accounts.authenticate("林小雨", "") is None


@pytest.mark.parametrize(("username", "password"), [(TYPED, PASSWORD), ("nobody", TYPED), ("林小雨", TYPED)])
def test_s3_nothing_that_was_typed_is_kept_where_it_names_no_account(fujian, username, password):
    accounts.authenticate(username, password)
    kept = json.dumps(everything(), ensure_ascii=False, default=str)
    assert TYPED not in kept
    assert PASSWORD not in kept


# --- new accounts ---


def test_s3_a_formal_account_belongs_to_a_member_and_a_virtual_one_to_an_organization(fujian):
    branch = fujian.org("花园弄社区支部")
    with transaction():
        virtual = accounts.create_account("花园弄二号", organization=branch, actor=fujian.actor_of(ADMIN))
    assert (virtual.is_formal, fujian.account("林小雨").is_formal) == (False, True)
    assert (virtual.password_hash, virtual.is_active) == (None, True)
    assert latest() == (AuditEvent.ACCOUNT_CREATED, ADMIN, "花园弄二号")


def test_s3_a_username_is_given_once(fujian):
    with refused("§3", "“林小雨”已存在", field="username"), transaction():
        accounts.create_account(" 林小雨 ", organization=fujian.org("五龙村支部"))


def test_s3_a_member_has_one_account(fujian):
    with refused("§3", "已有账号“林小雨”", field="member"), transaction():
        accounts.create_account("林小雨2", member=fujian.member("林小雨"))
    assert db.session.scalar(select(Account.id).where(Account.username == "林小雨2")) is None


@pytest.mark.parametrize(
    ("username", "words"),
    [
        ("", "请填写用户名"),
        ("  ", "请填写用户名"),
        ("x" * 61, "60字"),
        ("林 小雨", "不能含空格"),
        ("林\t小雨", "不能含空格"),
    ],
)
def test_s3_what_cannot_be_a_username_is_refused(username, words):
    with refused("§3", words, field="username"):
        accounts.check_username(username)


@pytest.mark.parametrize("username", ["林小雨", "x" * 60, "a.b-c_d@e"])
def test_s3_blanks_around_a_username_are_not_part_of_it(username):
    assert accounts.check_username(f" {username} ") == username


@pytest.mark.parametrize("username", ["军门第一支部联络员", AUDITOR, "林小雨"])
def test_s1_only_a_provincial_admin_makes_accounts(fujian, username):
    actor, place = fujian.actor_of(username), fujian.org("军门第一支部")
    before = everything()
    with refused("§3", "只有省级管理员"), transaction():
        accounts.create_account("新账号", organization=place, actor=actor)
    assert everything() == before


# --- R10: who may hold what, by plain values ---


def check(role: RoleCode, **values) -> None:
    """Like the grant of a role to an activated member on a branch, but for `values`."""
    grants.check_grant(
        role,
        **{
            "is_formal": True,
            "activated": True,
            "own_organization_id": None,
            "organization_id": 7,
            "organization_kind": OrganizationKind.BRANCH,
            **values,
        },
    )


VIRTUAL = {"is_formal": False, "activated": False}


@pytest.mark.parametrize("role", RoleCode)
def test_r10_an_activated_member_may_hold_every_role(role):
    check(role)


def test_r10_a_formal_liaison_must_be_phone_activated():
    with refused("R10", "尚未激活手机", field="account"):
        check(RoleCode.LIAISON, activated=False)


@pytest.mark.parametrize("role", [RoleCode.SECRETARY, RoleCode.AUDITOR, RoleCode.PROVINCIAL_ADMIN])
def test_r10_no_other_role_needs_a_phone(role):
    check(role, activated=False)


@pytest.mark.parametrize("role", [RoleCode.LIAISON, RoleCode.SECRETARY])
def test_r10_a_virtual_admin_account_acts_for_its_own_organization_alone(role):
    check(role, **VIRTUAL, own_organization_id=7)
    with refused("R10", "虚拟管理员只能在其所属组织", field="organization"):
        check(role, **VIRTUAL, own_organization_id=8)


def test_r10_an_account_of_nobody_acts_for_no_organization():
    with refused("R10", field="organization"):
        check(RoleCode.LIAISON, **VIRTUAL, own_organization_id=None)


@pytest.mark.parametrize("kind", ["out_of_province", "special", "unknown", "temporary"])
@pytest.mark.parametrize("role", [RoleCode.LIAISON, RoleCode.SECRETARY])
def test_r1_a_holding_organization_has_neither_liaison_nor_secretary(role, kind):
    with refused("R1", "不设联络员和书记", field="organization"):
        check(role, organization_kind=OrganizationKind(kind))


@pytest.mark.parametrize("role", [RoleCode.LIAISON, RoleCode.SECRETARY, RoleCode.AUDITOR])
def test_r10_only_a_provincial_admin_stands_on_no_organization(role):
    nowhere = {"organization_id": None, "organization_kind": None}
    check(RoleCode.PROVINCIAL_ADMIN, **nowhere)
    with refused("R10", "只有省级管理员可以不填", field="organization"):
        check(role, **nowhere)
