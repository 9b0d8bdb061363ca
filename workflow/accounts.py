"""Accounts: passwords, signing in, creating, granting (spec §1, §3; R10).

Every function but `authenticate` leaves the commit to the caller's `transaction`. Activation by SMS is another desk.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models import (
    HOLDING_KINDS,
    Account,
    AuditEntry,
    AuditEvent,
    Member,
    Organization,
    OrganizationKind,
    RoleCode,
    RoleGrant,
    clock,
    db,
    new_session_token,
)
from workflow import audit, policy
from workflow.errors import N_, RuleError
from workflow.people_data import has_control_characters
from workflow.policy import Actor
from workflow.transaction import transaction

USERNAME_LENGTH = 60
PASSWORD_MIN, PASSWORD_MAX = 10, 200
BOUND_ROLES = frozenset({RoleCode.LIAISON, RoleCode.SECRETARY})
"""Roles that a virtual admin account holds only on its own organization, and nobody on a holding organization."""
_ACCOUNTS = "§3"
_UNKNOWN = "（未知账号）"
_hasher = PasswordHasher()


# --- Passwords ---------------------------------------------------------------------------------------------------


def hash_password(password: str) -> str:
    """The argon2 hash to keep."""
    return _hasher.hash(password)


def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether `password` belongs to the hash; costs the same where there is none."""
    try:
        return _hasher.verify(password_hash or _nobodys_hash(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(new_session_token())


def check_password(password: str, username: str) -> None:
    """Refuse a weak password with a `RuleError`."""
    if len(password) < PASSWORD_MIN:
        raise RuleError(N_("密码至少%(limit)s位，请重新设置。"), _ACCOUNTS, "password", limit=PASSWORD_MIN)
    if len(password) > PASSWORD_MAX:
        raise RuleError(N_("密码最多%(limit)s位，请重新设置。"), _ACCOUNTS, "password", limit=PASSWORD_MAX)
    if len(set(password)) == 1 or password.casefold() == username.casefold():
        raise RuleError(N_("密码不能是同一个字符或与用户名相同，请重新设置。"), _ACCOUNTS, "password")


def set_password(account: Account, password: str, actor: Actor | None = None) -> None:
    """Set a password and end the account's sessions. Raises `RuleError` where it is weak."""
    check_password(password, account.username)
    account.password_hash = hash_password(password)
    account.session_token = new_session_token()
    audit.record(AuditEvent.PASSWORD_SET, actor, subject=account.username)
    db.session.flush()


def authenticate(username: str, password: str) -> Account | None:
    """The account of a right username and password, else None, at the same cost either way; COMMITS an audit entry."""
    with transaction():
        account: Account | None = None
        if len(username) <= USERNAME_LENGTH and not has_control_characters(username):
            account = db.session.scalar(
                select(Account)
                .where(Account.username == username.strip())
                .options(joinedload(Account.member), joinedload(Account.organization))
            )
        right = verify_password(password[: PASSWORD_MAX + 1], account.password_hash if account else None)
        if account is None or not right or not account.is_active:
            _record_sign_in(AuditEvent.SIGN_IN_FAILED, account)
            return None
        account.last_signed_in_at = clock.now()
        if account.password_hash and _hasher.check_needs_rehash(account.password_hash):
            account.password_hash = hash_password(password)
        _record_sign_in(AuditEvent.SIGNED_IN, account)
        return account


def _record_sign_in(event: AuditEvent, account: Account | None) -> None:
    """What was typed is not kept where it names no account: it may be a password or an ID number in the wrong field."""
    name = account.username if account else _UNKNOWN
    db.session.add(
        AuditEntry(event=event, actor_id=account.id if account else None, actor_name=name, subject=name, details={})
    )


# --- Accounts ----------------------------------------------------------------------------------------------------


def check_username(text: str) -> str:
    """The username without blanks around it. Raises `RuleError` where it is empty, too long or holds blanks."""
    username = text.strip()
    if not username:
        raise RuleError(N_("请填写用户名。"), _ACCOUNTS, "username")
    if len(username) > USERNAME_LENGTH:
        raise RuleError(N_("用户名过长，请控制在%(limit)s字以内。"), _ACCOUNTS, "username", limit=USERNAME_LENGTH)
    if not username.isprintable() or any(char.isspace() for char in username):
        raise RuleError(N_("用户名不能含空格、换行或控制字符。"), _ACCOUNTS, "username")
    return username


def create_account(
    username: str,
    member: Member | None = None,
    organization: Organization | None = None,
    actor: Actor | None = None,
) -> Account:
    """A new account without a password, flushed: formal for a member, else virtual.

    Raises `RuleError` where the username is taken or cannot be used, or the member has an account.
    """
    username = check_username(username)
    if db.session.scalar(select(Account.id).where(Account.username == username)) is not None:
        raise RuleError(N_("用户名“%(name)s”已存在，请换一个。"), _ACCOUNTS, "username", name=username)
    if member is not None:
        other = db.session.scalar(select(Account.username).where(Account.member_id == member.id))
        if other is not None:
            raise RuleError(N_("该党员已有账号“%(name)s”。"), _ACCOUNTS, "member", name=other)
    account = Account(username=username, member=member, organization=organization)
    db.session.add(account)
    db.session.flush()
    audit.record(AuditEvent.ACCOUNT_CREATED, actor, organization=organization, subject=username)
    db.session.flush()
    return account


# --- Grants ------------------------------------------------------------------------------------------------------


def check_grant(
    role: RoleCode,
    *,
    is_formal: bool,
    activated: bool,
    own_organization_id: int | None,
    organization_id: int | None,
    organization_kind: OrganizationKind | None,
) -> None:
    """Whether an account may be granted `role` on an organization, by plain values. Raises `RuleError` R1 or R10.

    `activated`: its member's phone is; `own_organization_id`: the organization that a virtual account belongs to.
    """
    if organization_id is None:
        if role is not RoleCode.PROVINCIAL_ADMIN:
            raise RuleError(N_("请填写组织：只有省级管理员可以不填。"), "R10", "organization")
        return
    if role not in BOUND_ROLES:
        return
    if organization_kind in HOLDING_KINDS:
        raise RuleError(N_("%(kind)s不设联络员和书记。"), "R1", "organization", kind=organization_kind.label)
    if not is_formal and own_organization_id != organization_id:
        raise RuleError(N_("虚拟管理员只能在其所属组织担任联络员或书记。"), "R10", "organization")
    if role is RoleCode.LIAISON and is_formal and not activated:
        raise RuleError(N_("该党员尚未激活手机，不能授予联络员。"), "R10", "account")


def grant(actor: Actor | None, account: Account, role: RoleCode, organization: Organization | None) -> RoleGrant:
    """Grant `role` to an account on an organization, flushed; a grant that stands already is left as it is.

    Raises `RuleError` R1, R10.
    """
    if actor is not None and not policy.may_keep_data(actor):
        raise RuleError(N_("只有省级管理员可以维护这些数据。"), "R10")
    member = db.session.get(Member, account.member_id) if account.member_id else None
    check_grant(
        role,
        is_formal=account.is_formal,
        activated=member is not None and member.phone_activated_at is not None,
        own_organization_id=account.organization_id,
        organization_id=organization.id if organization else None,
        organization_kind=organization.kind if organization else None,
    )
    place = RoleGrant.organization_id == organization.id if organization else RoleGrant.organization_id.is_(None)
    standing = select(RoleGrant).where(RoleGrant.account_id == account.id, RoleGrant.role_code == role, place)
    known: RoleGrant | None = db.session.scalar(standing)
    if known is not None:
        return known
    granted = RoleGrant(account=account, organization=organization, role_code=role)
    db.session.add(granted)
    db.session.flush()
    audit.record(AuditEvent.ROLE_GRANTED, actor, organization=organization, subject=account.username, role=role)
    db.session.flush()
    return granted


def granted_roles(account_ids: Collection[int]) -> set[tuple[int, int | None, RoleCode]]:
    """(account id, organization id, role) of every grant that these accounts hold."""
    rows = db.session.execute(
        select(RoleGrant.account_id, RoleGrant.organization_id, RoleGrant.role_code).where(
            RoleGrant.account_id.in_(account_ids)
        )
    )
    return {(row.account_id, row.organization_id, row.role_code) for row in rows}
