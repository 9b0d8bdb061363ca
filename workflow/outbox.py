"""The outbox: an SMS is a row of the transaction that it tells of, and goes out later, at least once (R32, design §2).

A sender takes one message after another: it claims it in a short transaction, hands it over outside any, and marks it
in a second. Killed in between it loses nothing: the claim runs out, and the message goes out once more, under the same
key. Whoever puts a message here never waits for a gateway.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, TextClause, false, func, or_, select, true

from models import AuditEvent, LabelledEnum, Message, MessageKind, MessageState, Organization, clock, db
from models.message import WAITING, WAITING_CODE, WAITING_DIGEST
from workflow import audit, policy
from workflow.actors import Actor
from workflow.errors import N_, RuleError
from workflow.gateways import Gateway, NotDelivered, Sms
from workflow.transaction import transaction

TEMPLATES: Mapping[MessageKind, str] = {
    MessageKind.CODE: N_("您的验证码是%(code)s，%(minutes)s分钟内有效。请勿告诉他人；如非本人操作，请忽略。"),
    MessageKind.ARRIVED: N_("%(organization)s收到%(member)s的组织关系转接（%(kind)s），请登录系统在【待办】中办理。"),
    MessageKind.RETURNED: N_("%(member)s的组织关系转接申请%(state)s，请登录系统查看原因，修改后重新上报或作废。"),
    MessageKind.ENDED: N_("%(member)s的组织关系转接%(state)s，请登录系统查看。"),
    MessageKind.UNBOUND: N_("您的手机号码已不再绑定账号%(username)s，该号码已由他人激活。如有疑问，请联系所在党组织。"),
    MessageKind.REMINDER: N_("%(organization)s有%(count)s件组织关系转接已超过办理期限，请尽快登录系统办理。"),
    MessageKind.LETTER: N_(
        "%(organization)s开具给%(member)s的介绍信（第%(number)s号）即将或已经超过有效期，尚未收到回执，请登录系统处理。"
    ),
    MessageKind.URGE: N_("%(member)s的组织关系转接在%(organization)s等待办理，对方催办，请尽快登录系统办理。"),
    MessageKind.DIGEST: N_("%(organization)s新收到%(count)s件组织关系转接，请登录系统在【待办】中办理。"),
}
"""The sentence of each kind, without the sender's signature, which is the gateway's."""
NAMES = {kind: frozenset(re.findall(r"%\((\w+)\)s", template)) for kind, template in TEMPLATES.items()}
"""What is filled into the sentence of each kind."""
OURS = frozenset({"kind", "state"})
"""What is filled in and is a word of ours, not a name of theirs."""
UNTIL = "until"
"""When a code ends to be valid, as ISO 8601: kept beside what is filled into the sentence."""
LEASE = timedelta(seconds=60)
"""How long a claim holds; longer than any gateway takes."""
ATTEMPTS = 24
"""After the last, some 18 hours later, a message is given up."""
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=30), timedelta(hours=1)
EXPIRED = N_("已过期")
HIDDEN, UNKNOWN = "******", "…"
_LOCK = 7_001
"""The first half of the name of the lock under which a digest grows (PostgreSQL)."""
_log = logging.getLogger(__name__)


# --- Putting in ------------------------------------------------------------------------------------------------------


def put(
    kind: MessageKind,
    phone: str,
    /,
    *,
    account_id: int | None = None,
    organization_id: int | None = None,
    at: datetime | None = None,
    **params: Any,
) -> Message:
    """Add a message to the running transaction, due `at` (now); the caller commits.

    `params` are exactly what the kind's sentence names, for a code also `until`: nothing else about a person is kept.
    """
    expected = NAMES[kind] | ({UNTIL} if kind is MessageKind.CODE else set())
    if params.keys() != expected:
        raise TypeError(f"a message of kind {kind.value} takes {', '.join(sorted(expected))}")
    message = Message(
        kind=kind,
        phone=phone,
        account_id=account_id,
        organization_id=organization_id,
        params={name: _plain(value) for name, value in params.items()},
    )
    if at is not None:
        message.next_at = at
    db.session.add(message)
    return message


def put_digest(organization_id: int, phone: str, account_id: int | None, at: datetime, **params: Any) -> Message:
    """Count one more arrival in the digest that waits for this phone, or begin one that is due `at`.

    The caller's `transaction` commits. `params` as `put` takes them for a digest, without `count`.
    """
    if db.engine.dialect.name == "postgresql":
        # Two who find no digest would begin one each; a lock on rows holds nobody off where there is none yet.
        db.session.execute(select(func.pg_advisory_xact_lock(_LOCK, organization_id)))
    waiting: Message | None = db.session.scalar(
        select(Message)
        .where(
            WAITING_DIGEST,
            Message.organization_id == organization_id,
            Message.phone == phone,
            Message.claimed_until.is_(None),
        )
        .order_by(Message.id)
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if waiting is None:
        names = {"count": 1, **params}
        return put(MessageKind.DIGEST, phone, account_id=account_id, organization_id=organization_id, at=at, **names)
    waiting.params = {**waiting.params, "count": waiting.params["count"] + 1}
    db.session.flush()
    return waiting


def _plain(value: Any) -> str | int:
    """A value as JSON keeps it and a sentence shows it."""
    if isinstance(value, LabelledEnum):
        return value.label
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, int) else str(value)


# --- Reading ---------------------------------------------------------------------------------------------------------


def text_of(message: Message) -> str:
    """The sentence as it goes out. Only while the message waits: of a code nothing is kept afterwards."""
    return TEMPLATES[message.kind] % message.params


def shown(message: Message, translate: Callable[[str], str] = N_) -> str:
    """The sentence for a page, in the language of `translate`: never with a code."""
    known = {**dict.fromkeys(NAMES[message.kind], UNKNOWN), **message.params}
    known |= {name: translate(str(known[name])) for name in OURS & known.keys()}
    if message.kind is MessageKind.CODE:
        known["code"] = HIDDEN
    return translate(TEMPLATES[message.kind]) % known


def messages_visible(actor: Actor) -> ColumnElement[bool]:
    """Phones of the whole province stand in them: provincial admins alone."""
    return true() if policy.may_keep_data(actor) else false()


# --- Sending ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """How many messages went out, failed and will be tried again, were given up."""

    sent: int = 0
    failed: int = 0
    dead: int = 0

    @property
    def total(self) -> int:
        return self.sent + self.failed + self.dead

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(self.sent + other.sent, self.failed + other.failed, self.dead + other.dead)


def delay(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 30 seconds, then twice as long each time, up to an hour."""
    return min(FIRST_DELAY * (1 << min(attempts - 1, 16)), LONGEST_DELAY)


def send_due(
    gateway: Gateway,
    *,
    limit: int = 100,
    now: Callable[[], datetime] = clock.now,
    lease: timedelta = LEASE,
    stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Send what is due, codes first, up to `limit` messages; `stop` is asked before each. COMMITS.

    Any number may do so at once: while a claim holds, nobody else takes the message up.
    """
    ends: Counter[str] = Counter()
    while ends.total() < limit and not stop():
        claimed = _claim(now(), lease)
        if claimed is None:
            break
        ends[_send(gateway, claimed, now)] += 1
    return Outcome(**ends)


@dataclass(frozen=True)
class _Claimed:
    """A message in hand; `sms` is None where there is nothing left to send."""

    id: int
    attempt: int
    sms: Sms | None


def _claim(now: datetime, lease: timedelta) -> _Claimed | None:
    with transaction():
        message = _due(WAITING_CODE, now) or _due(WAITING, now)
        if message is None:
            return None
        message.attempts += 1
        if _expired(message, now):
            _give_up(message, EXPIRED)
            return _Claimed(message.id, message.attempts, None)
        message.claimed_until = now + lease
        values = {name: str(value) for name, value in message.params.items() if name in NAMES[message.kind]}
        sms = Sms(message.key, message.phone, text_of(message), message.kind, values)
        return _Claimed(message.id, message.attempts, sms)


def _due(which: TextClause, now: datetime) -> Message | None:
    """The first message that is due and in nobody's hand, locked; what somebody else is just locking is passed over."""
    found: Message | None = db.session.scalar(
        select(Message)
        .where(which, Message.next_at <= now, or_(Message.claimed_until.is_(None), Message.claimed_until <= now))
        .order_by(Message.next_at, Message.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return found


def _send(gateway: Gateway, claimed: _Claimed, now: Callable[[], datetime]) -> str:
    """Hand it over and mark what came of it: the name of an end in `Outcome`."""
    if claimed.sms is None:
        return "dead"
    try:
        gateway.send(claimed.sms)
    except NotDelivered as error:
        return _failed(claimed, _discreet(error.reason, claimed.sms), now())
    except Exception as error:  # one message that a gateway stumbles over must not keep all behind it from going out
        stack = "".join(traceback.format_tb(error.__traceback__))  # without its message, which may quote the phone
        _log.error("The SMS gateway failed with %s:\n%s", type(error).__name__, stack)
        return _failed(claimed, type(error).__name__, now())
    with transaction():
        message = _locked(claimed.id)
        message.state, message.sent_at = MessageState.SENT, now()
        message.claimed_until, message.last_error = None, ""
        _forget_code(message)
    return "sent"


def _failed(claimed: _Claimed, reason: str, now: datetime) -> str:
    with transaction():
        message = _locked(claimed.id)
        if message.state is not MessageState.WAITING or message.attempts != claimed.attempt:
            return "failed"  # the claim ran out, and another sender has it in hand, or has sent it
        if message.attempts >= ATTEMPTS:
            _give_up(message, reason)
            return "dead"
        message.next_at = now + delay(message.attempts)
        if message.kind is MessageKind.CODE:
            # After that it is given up, and nothing of it kept, sooner than the next attempt would come.
            message.next_at = min(message.next_at, datetime.fromisoformat(message.params[UNTIL]))
        message.claimed_until, message.last_error = None, reason
    return "failed"


def _give_up(message: Message, reason: str) -> None:
    message.state, message.claimed_until, message.last_error = MessageState.DEAD, None, reason
    _forget_code(message)


def _forget_code(message: Message) -> None:
    if message.kind is MessageKind.CODE:
        message.params = {}


def _expired(message: Message, now: datetime) -> bool:
    return message.kind is MessageKind.CODE and now >= datetime.fromisoformat(message.params[UNTIL])


def _discreet(reason: str, sms: Sms) -> str:
    """A reason without the phone and the code, should a gateway have quoted them."""
    for secret in (sms.phone, sms.params.get("code")):
        reason = reason.replace(secret, HIDDEN) if secret else reason
    return reason[: Message.last_error.type.length]


def _locked(identity: int) -> Message:
    message: Message = db.session.scalars(
        select(Message).where(Message.id == identity).with_for_update().execution_options(populate_existing=True)
    ).one()
    return message


# --- Sending once more -----------------------------------------------------------------------------------------------


def may_resend(actor: Actor, message: Message) -> bool:
    """A provincial admin, what was given up; no code, of which nothing is kept."""
    dead = message.state is MessageState.DEAD
    return dead and message.kind is not MessageKind.CODE and policy.may_keep_data(actor)


def resend(actor: Actor, message: Message) -> None:
    """【重发】: a message that was given up waits again, with all its attempts before it. The caller commits.

    Raises `RuleError` R32.
    """
    if not policy.may_keep_data(actor):
        raise RuleError(N_("只有省级管理员可以重发短信。"), "R32")
    message = _locked(message.id)
    if message.state is not MessageState.DEAD:
        raise RuleError(N_("这条短信已发送或正在等待发送，不需要重发。"), "R32")
    if message.kind is MessageKind.CODE:
        raise RuleError(N_("验证码已失效，不能重发；请本人重新获取验证码。"), "R32")
    organization = db.session.get(Organization, message.organization_id) if message.organization_id else None
    audit.record(
        AuditEvent.MESSAGE_RESENT,
        actor,
        organization=organization,
        subject=message.kind.label,
        reason=message.last_error,
    )
    message.state, message.attempts, message.next_at = MessageState.WAITING, 0, clock.now()
    db.session.flush()
