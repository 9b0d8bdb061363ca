"""Phones: activating an account by a code that the phone received, changing and clearing the number (R6-R9).

A formal account is activated by its member's phone, a virtual one by its own; one phone serves one of each (R7, R8).
What is said before the code is right is the same whoever holds the phone.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.exc import IntegrityError

from models import (
    Account,
    AuditEvent,
    CodePurpose,
    Member,
    MessageKind,
    Organization,
    PhoneCode,
    clock,
    db,
)
from models.crypto import keyring
from workflow import audit, outbox, policy
from workflow.actors import Actor
from workflow.errors import N_, RuleError
from workflow.people_data import normal_mobile
from workflow.transaction import transaction

Holder = Member | Account
"""Whose phone it is: a member's, which activates their formal account, or that of an account of no member."""
DIGITS = 6
VALID = timedelta(minutes=5)
WRONG_LIMIT = 5
_TRIES = 3
_ACTIVE = ("uq_member_active_phone", "member.phone", "uq_account_active_phone", "account.phone")


@dataclass(frozen=True)
class Bound:
    """What binding a phone did; `unbound` are the usernames that it was taken from."""

    phone: str
    unbound: tuple[str, ...]


def check_mobile(text: str) -> str:
    """A mainland mobile number as its 11 digits. Raises `RuleError` R6 at `phone`, also where there is none."""
    phone = normal_mobile(text.replace("\x00", ""))
    if not phone:
        raise RuleError(N_("请填写手机号码。"), "R6", "phone")
    return phone


# --- Codes ---------------------------------------------------------------------------------------------------------


def send_code(purpose: CodePurpose, phone: str, holder: str = "") -> None:
    """Put a fresh code into the outbox; it takes the place of the one before. The caller's `transaction` commits.

    `holder`: whose phone it is to become, by `mark_of`; the code for one is none for another.
    """
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    until = clock.now() + VALID
    db.session.execute(delete(PhoneCode).where(*_asked(purpose, phone, holder)))
    db.session.add(
        PhoneCode(
            purpose=purpose,
            phone=phone,
            holder=holder,
            code_hash=_hash(purpose, phone, holder, code),
            expires_at=until,
        )
    )
    minutes = int(VALID.total_seconds() // 60)
    outbox.put(MessageKind.CODE, phone, code=code, minutes=minutes, until=until.isoformat())


def send_sign_in_code(phone: str) -> None:
    """The code for signing in, where the phone serves somebody; nobody learns whether it does."""
    if accounts_of(phone):
        send_code(CodePurpose.SIGN_IN, phone)


def redeem(purpose: CodePurpose, phone: str, code: str, holder: str = "") -> None:
    """Use a code up. COMMITS, a wrong try too. Raises `RuleError` R6 at `code`, in the same words whatever is wrong."""
    with transaction():
        right = _redeemed(purpose, phone, code, holder)
    if not right:
        raise _wrong_code()


def _redeemed(purpose: CodePurpose, phone: str, code: str, holder: str) -> bool:
    """Whether the code is right; counts a wrong try, and five of them end it."""
    sent: PhoneCode | None = db.session.scalar(
        select(PhoneCode)
        .where(*_asked(purpose, phone, holder))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    expected = sent.code_hash if sent else _hash(purpose, phone, holder, "")
    # The comparison is made in any case: its time must not say whether a code was sent.
    right = hmac.compare_digest(expected, _hash(purpose, phone, holder, code.strip()))
    if sent is None:
        return False
    if clock.now() >= sent.expires_at or sent.wrong >= WRONG_LIMIT:
        return False
    if right:
        db.session.delete(sent)
    else:
        sent.wrong += 1
    db.session.flush()
    return right


def _asked(purpose: CodePurpose, phone: str, holder: str) -> tuple[ColumnElement[bool], ...]:
    return PhoneCode.purpose == purpose, PhoneCode.phone == phone, PhoneCode.holder == holder


def _hash(purpose: CodePurpose, phone: str, holder: str, code: str) -> str:
    # Keyed: a million codes are soon tried against a hash without a key.
    return keyring().index(f"code {purpose.value} {phone} {holder} {code}")


def _wrong_code() -> RuleError:
    return RuleError(N_("验证码不正确或已失效，请核对；连续输错5次或超过5分钟请重新获取。"), "R6", "code")


# --- Binding --------------------------------------------------------------------------------------------------------


def mark_of(holder: Holder) -> str:
    """What a code and its limits name a holder by."""
    return f"{type(holder).__name__} {holder.key}"


def may_bind(actor: Actor, holder: Holder) -> bool:
    """R9: one's own phone; a member's also whoever maintains them; a virtual account's also a provincial admin."""
    if isinstance(holder, Member):
        return actor.member_id == holder.id or policy.may_edit_member(actor, holder)
    return actor.account_id == holder.id or policy.may_keep_data(actor)


def ask(actor: Actor, holder: Holder, phone: str) -> str:
    """【获取验证码】: send a code to a phone that is to be bound; returns the number. The caller commits.

    Raises `RuleError` R6, R9.
    """
    _require(actor, holder)
    phone = check_mobile(phone)
    send_code(CodePurpose.BIND, phone, mark_of(holder))
    return phone


def bind(actor: Actor, holder: Holder, phone: str, code: str) -> Bound:
    """【点击激活】, 【点击修改】: bind a phone by the code that it received. COMMITS.

    Whoever else of the same kind held it loses it, keeps their grants asleep, and is told by SMS (R7). Raises
    `RuleError` R6 at phone or code, R9.
    """
    phone = check_mobile(phone)
    for _ in range(_TRIES):
        try:
            with transaction():
                _require(actor, holder)
                right = _redeemed(CodePurpose.BIND, phone, code, mark_of(holder))
                bound = _bind(actor, holder, phone) if right else None
        except IntegrityError as error:
            # Somebody bound the same phone at the same moment; the later one takes it from them, as always.
            if not any(name in str(error.orig) for name in _ACTIVE):
                raise
            continue
        if bound is None:
            raise _wrong_code()
        return bound
    raise RuleError(N_("系统正忙，您的操作没有执行，请稍后再试。"), "R30")


def _bind(actor: Actor, holder: Holder, phone: str) -> Bound:
    kind: Any = type(holder)
    others: Sequence[Holder] = db.session.scalars(
        select(kind)
        .where(kind.phone == phone, kind.phone_activated_at.is_not(None), kind.id != holder.id)
        .order_by(kind.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    unbound = tuple(_unbind(actor, other) for other in others)
    db.session.execute(
        update(kind).where(kind.id == holder.id).values(phone=phone, phone_activated_at=clock.now(), **_newer(holder))
    )
    db.session.expire(holder)
    audit.record(AuditEvent.PHONE_BOUND, actor, organization=_home(holder), subject=_name(holder))
    db.session.flush()
    return Bound(phone, unbound)


def _unbind(actor: Actor, loser: Holder) -> str:
    """R7: the grants stay and sleep; the number stays too, to be seen as no longer activated."""
    username = _username(loser)
    loser.phone_activated_at = None
    db.session.flush()
    outbox.put(MessageKind.UNBOUND, loser.phone, account_id=_account_id(loser), username=username)
    audit.record(AuditEvent.PHONE_UNBOUND, actor, organization=_home(loser), subject=_name(loser))
    return username


def clear(actor: Actor, holder: Holder) -> None:
    """【清空】: remove a number that was entered by mistake (R6). The caller commits.

    Raises `RuleError` R6 where it is activated: then another one takes its place, R9.
    """
    _require(actor, holder)
    if holder.phone_activated_at is not None:
        raise RuleError(N_("该手机号码已激活，不能清空；如需更换，请点击【点击修改】。"), "R6", "phone")
    if not holder.phone:
        return
    holder.phone = ""
    audit.record(AuditEvent.PHONE_CLEARED, actor, organization=_home(holder), subject=_name(holder))
    db.session.flush()


def _require(actor: Actor, holder: Holder) -> None:
    if not may_bind(actor, holder):
        raise RuleError(N_("您只能为自己或所辖组织的党员激活手机。"), "R9")


# --- Who is behind a phone ------------------------------------------------------------------------------------------


def accounts_of(phone: str) -> list[Account]:
    """The open accounts that an activated phone serves: at most a formal and a virtual one (R7, R8)."""
    return list(
        db.session.scalars(
            select(Account)
            .outerjoin(Member, Account.member_id == Member.id)
            .where(
                Account.is_active.is_(True),
                ((Member.phone == phone) & Member.phone_activated_at.is_not(None))
                | ((Account.phone == phone) & Account.phone_activated_at.is_not(None)),
            )
            .order_by(Account.id)
        )
    )


def _account_id(holder: Holder) -> int | None:
    if isinstance(holder, Account):
        return holder.id
    return db.session.scalar(select(Account.id).where(Account.member_id == holder.id))


def _username(holder: Holder) -> str:
    if isinstance(holder, Account):
        return holder.username
    return db.session.scalar(select(Account.username).where(Account.member_id == holder.id)) or holder.name


def _name(holder: Holder) -> str:
    return holder.name if isinstance(holder, Member) else holder.username


def _home(holder: Holder) -> Organization | None:
    identity = holder.organization_id
    return db.session.get(Organization, identity) if identity else None


def _newer(holder: Holder) -> dict[str, int]:
    """A member's row has a version, which a form that was opened before must notice."""
    return {"version": holder.version + 1} if isinstance(holder, Member) else {}
