"""Accounts: passwords, signing in, creating, closing (spec §1, §3). Who holds which role is in `grants`.

Every function but `authenticate` leaves the commit to the caller's `transaction`. Activation by SMS is another desk.
"""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from models import (
    Account,
    AuditEntry,
    AuditEvent,
    Member,
    Organization,
    RoleCode,
    clock,
    db,
    new_session_token,
)
from workflow import attempts, audit, grants, policy
from workflow.actors import Actor
from workflow.errors import N_, RuleError
from workflow.people_data import has_control_characters
from workflow.transaction import transaction

USERNAME_LENGTH = 60
PASSWORD_MIN, PASSWORD_MAX = 10, 200
INITIAL_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is misread from a note: no l, 1, i, o, 0
INITIAL_GROUPS, INITIAL_GROUP = 4, 4
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
    """Set a password and end the account's sessions. Raises `RuleError` where it is weak.

    One that somebody else has set must be replaced at the first sign-in.
    """
    check_password(password, account.username)
    account.password_hash = hash_password(password)
    account.password_is_initial = actor is not None and actor.account_id != account.id
    account.session_token = new_session_token()
    attempts.forget(account.username)
    audit.record(AuditEvent.PASSWORD_SET, actor, subject=account.username)
    db.session.flush()


def set_initial_password(actor: Actor, account: Account) -> str:
    """【设置初始密码】: a generated password, to be shown once and told to its owner; the account's sessions end.

    Raises `RuleError` where the actor keeps no data.
    """
    _require_keeper(actor)
    password = _initial_password()
    set_password(account, password, actor)
    return password


def _initial_password() -> str:
    groups = ("".join(secrets.choice(INITIAL_ALPHABET) for _ in range(INITIAL_GROUP)) for _ in range(INITIAL_GROUPS))
    return "-".join(groups)


def change_password(actor: Actor, password: str, *, current: str | None) -> Account:
    """【修改密码】: one's own, by the current one; None where the phone has proved who it is. COMMITS.

    Ends all sessions; returns the account, for the one that goes on. Raises `RuleError` naming current or password.
    """
    account = db.session.get_one(Account, actor.account_id)
    if current is not None and not verify_password(current[: PASSWORD_MAX + 1], account.password_hash):
        raise RuleError(N_("当前密码不正确，请重新输入。"), _ACCOUNTS, "current")
    if verify_password(password[: PASSWORD_MAX + 1], account.password_hash):
        raise RuleError(N_("新密码不能与当前密码相同，请重新设置。"), _ACCOUNTS, "password")
    with transaction():
        set_password(account, password, actor)
    return account


def sign_in_by_phone(account: Account) -> None:
    """Note a sign-in that a code has proved. The caller commits."""
    account.last_signed_in_at = clock.now()
    attempts.forget(account.username)
    _record_sign_in(AuditEvent.SIGNED_IN, account)


def end_sessions(account: Account, actor: Actor | None = None) -> None:
    """退出全部登录: a new session token, so that whoever is signed in under this account must sign in again.

    Raises `RuleError` where it is another's account and the actor keeps no data.
    """
    if actor is not None and actor.account_id != account.id:
        _require_keeper(actor)
    account.session_token = new_session_token()
    audit.record(AuditEvent.SESSIONS_ENDED, actor, subject=account.username)
    db.session.flush()


def authenticate(username: str, password: str) -> Account | None:
    """The account of a right username and password, else None, at the same cost either way; COMMITS an audit entry.

    The password is looked at between two transactions: hashing takes long on purpose, and nobody's write waits for it.
    `attempts.begin` must have let the attempt through.
    """
    account: Account | None = None
    with transaction():
        if len(username) <= USERNAME_LENGTH and not has_control_characters(username):
            account = db.session.scalar(select(Account).where(Account.username == username.strip()))
    password_hash = account.password_hash if account else None
    right = verify_password(password[: PASSWORD_MAX + 1], password_hash)
    rehashed = hash_password(password) if right and _hasher.check_needs_rehash(password_hash or "") else password_hash
    with transaction():
        if account is not None:
            db.session.refresh(account)
        if account is None or not right or not account.is_active or account.password_hash != password_hash:
            _record_sign_in(AuditEvent.SIGN_IN_FAILED, account)
            return None
        account.last_signed_in_at = clock.now()
        account.password_hash = rehashed
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

    Raises `RuleError` where the username is taken or cannot be used, the member has an account, or the organization
    is a holding one.
    """
    _require_keeper(actor)
    return _created(check_username(username), member, organization, actor)


def _created(username: str, member: Member | None, organization: Organization | None, actor: Actor | None) -> Account:
    if db.session.scalar(select(Account.id).where(Account.username == username)) is not None:
        raise _username_taken(username)
    if member is not None:
        other = db.session.scalar(select(Account.username).where(Account.member_id == member.id))
        if other is not None:
            raise RuleError(N_("该党员已有账号“%(name)s”。"), _ACCOUNTS, "member", name=other)
    account = Account(username=username, member=member, organization=organization)
    db.session.add(account)
    try:
        db.session.flush()
    except IntegrityError as error:  # two at once: the second is told as plainly as ever
        db.session.rollback()
        if "username" not in str(error.orig):
            raise
        raise _username_taken(username) from error
    audit.record(AuditEvent.ACCOUNT_CREATED, actor, organization=_home(account), subject=username)
    db.session.flush()
    return account


def _username_taken(username: str) -> RuleError:
    return RuleError(N_("用户名“%(name)s”已存在，请换一个。"), _ACCOUNTS, "username", name=username)


def open_account(
    actor: Actor, username: str, *, member_key: str | None = None, organization_id: int | None = None
) -> Account:
    """【账号】▸【新增】: a formal account for the member that was picked; without `member_key` a virtual one.

    Raises `RuleError` as `create_account` does, naming username, member or organization.
    """
    check_username(username)
    if member_key is not None:
        member = db.session.scalar(select(Member).where(Member.key == member_key))
        if member is None:
            raise RuleError(N_("请选择党员：输入姓名后从列表中选择。"), _ACCOUNTS, "member")
        return create_account(username, member=member, actor=actor)
    organization = db.session.get(Organization, organization_id or 0)
    if organization is None:
        raise RuleError(N_("请选择所属组织。"), _ACCOUNTS, "organization")
    if organization.is_holding:
        raise RuleError(
            N_("“%(name)s”不设虚拟管理员：它在审批组织树之外。"), "R1", "organization", name=organization.name
        )
    return create_account(username, organization=organization, actor=actor)


def open_virtual_liaison(actor: Actor, organization: Organization, username: str) -> tuple[Account, str]:
    """【角色赋权管理】▸ 新建虚拟管理员: an account of the organization, its liaison; returns its initial password too.

    Whoever may grant 联络员 there may make it (R10, R11). Raises `RuleError` R11, R1, R12, or naming username.
    """
    if not policy.may_grant(actor, RoleCode.LIAISON, organization):
        raise RuleError(N_("您只能为所辖组织新建虚拟管理员。"), "R11")
    account = _created(check_username(username), None, organization, actor)
    password = _initial_password()
    set_password(account, password, actor)
    grants.grant(actor, account, RoleCode.LIAISON, organization)
    return account, password


def open_for_entered(member: Member, actor: Actor) -> Account | None:
    """The account of who has come from another province and has none: it waits for a phone to activate it (R43)."""
    if db.session.scalar(select(Account.id).where(Account.member_id == member.id)) is not None:
        return None
    username = f"dy{member.id:08d}"
    while db.session.scalar(select(Account.id).where(Account.username == username)) is not None:
        username = f"dy{member.id:08d}-{secrets.token_hex(3)}"
    return _created(username, member, None, actor)


def close_account(actor: Actor, account: Account) -> None:
    """停用: nobody signs in under it, its sessions end, its grants have no effect.

    Raises `RuleError` where it is the actor's own or the last provincial admin's.
    """
    _require_keeper(actor)
    if account.id == actor.account_id:
        raise RuleError(N_("不能停用自己的账号，请由其他省级管理员操作。"), _ACCOUNTS)
    if not account.is_active:
        return
    grants.check_admin_stays(but_account=account.id)
    account.is_active = False
    account.session_token = new_session_token()
    audit.record(AuditEvent.ACCOUNT_CLOSED, actor, organization=_home(account), subject=account.username)
    db.session.flush()


def reopen_account(actor: Actor, account: Account) -> None:
    """启用: the account works again as it did, with the grants that it still has."""
    _require_keeper(actor)
    if account.is_active:
        return
    account.is_active = True
    audit.record(AuditEvent.ACCOUNT_REOPENED, actor, organization=_home(account), subject=account.username)
    db.session.flush()


def _require_keeper(actor: Actor | None) -> None:
    if actor is not None and not policy.may_keep_data(actor):
        raise RuleError(N_("只有省级管理员可以维护账号。"), _ACCOUNTS)


def _home(account: Account) -> Organization | None:
    """The organization that an account belongs to, itself or through its member."""
    if account.organization_id:
        return db.session.get(Organization, account.organization_id)
    member = db.session.get(Member, account.member_id) if account.member_id else None
    return db.session.get(Organization, member.organization_id) if member else None
