"""Who comes from another province: who may register them, and the look-up by ID number (R40, R41).

What a look-up found is carried to 上报 in a sealed ticket: no ID number goes back to the page, and nobody can apply for
a number that they have not looked up, which the audit log then says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta

from cryptography.exceptions import InvalidTag
from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import selectinload

from models import (
    AT_APPLICANT,
    OPEN_STATES,
    AuditEvent,
    LabelledEnum,
    Member,
    Organization,
    PermissionLevel,
    Transfer,
    TransferKind,
    ancestor_ids,
    clock,
    db,
    masked_id_number,
)
from models.crypto import KeysMissing, keyring
from models.prepared import BY_KEYS
from workflow import applications, audit, policy
from workflow.actors import Actor
from workflow.errors import N_, RuleError
from workflow.people_data import IdNumber, check_id_number
from workflow.transaction import open_transfer_exists, transaction

TICKET_VALID = timedelta(hours=8)
"""A look-up in the morning still serves for 上报 in the afternoon."""


class Answer(LabelledEnum):
    """What a look-up found (R41)."""

    CLAIMABLE = "claimable", N_("可以领回")
    RESERVED = "reserved", N_("正在转接")
    BELONGS = "belongs", N_("组织关系在省内")
    BARRED = "barred", N_("现在不能转接")
    NOT_FOUND = "not_found", N_("没有登记")


@dataclass(frozen=True)
class LookUp:
    """The answer. `refusal` says why it goes no further; `member` only where it can be claimed.

    `running` is the transfer that has the member reserved, for who may see it.
    """

    answer: Answer
    identity: IdNumber
    ticket: str
    member: Member | None = None
    refusal: RuleError | None = None
    running: Transfer | None = None

    @property
    def masked(self) -> str:
        return masked_id_number(self.identity.clear)


# --- Who may ---


def registering_organizations(actor: Actor) -> list[Organization]:
    """The organizations for which the actor may register who enters: qualified, and the actor's as liaison (R40)."""
    if not actor.liaison_paths:
        return []
    query = (
        select(Organization)
        .join(Organization.level)
        .where(
            Organization.id.in_(actor.liaison_paths),
            Organization.is_active.is_(True),
            PermissionLevel.registers_entering.is_(True),
        )
        .order_by(Organization.path)
    )
    return list(db.session.scalars(query.execution_options(populate_existing=True, **BY_KEYS)))


def registering_organization(actor: Actor, identity: int) -> Organization:
    """One of `registering_organizations`. Raises `RuleError` R40."""
    found = next((place for place in registering_organizations(actor) if place.id == identity), None)
    if found is None:
        raise RuleError(
            N_("只有省、市、县（市、区）级党委的联络员可以登记跨省转入，请选择您负责的组织。"), "R40", "registering"
        )
    return found


def branches(actor: Actor, registering_id: int | None) -> ColumnElement[bool]:
    """Where who enters may go: active branches of an organization for which the actor registers (R42).

    Or of the one that has registered the actor, whose transfer has come back to be sent again (R23).
    """
    paths = [place.path for place in registering_organizations(actor) if place.id == registering_id]
    if not paths and actor.member_id is not None:
        own = (
            select(Organization.path)
            .join(Transfer, Transfer.submitting_organization_id == Organization.id)
            .join(Transfer.kind)
            .where(
                Organization.id == registering_id,
                Transfer.member_id == actor.member_id,
                Transfer.state.in_(AT_APPLICANT),
                TransferKind.enters.is_(True),
            )
        )
        paths = list(db.session.scalars(own))
    return and_(applications.destination_branches(), policy.within(Organization.path, paths))


# --- Looking up (R41) ---


def look_up(actor: Actor, registering_id: int, id_number: str) -> LookUp:
    """Who has this ID number, as far as it is said. COMMITS an audit entry (R49); the caller counts the look-ups.

    Raises `RuleError` R40 where the actor may not, R41 where the number cannot be one.
    """
    with transaction():
        registering = registering_organization(actor, registering_id)
        identity = check_id_number(id_number)
        member = _found(identity)
        sealed = _sealed(actor, registering, identity, known=member is not None)
        found = _answered(actor, identity, member, sealed)
        audit.record(
            AuditEvent.MEMBER_LOOKED_UP,
            actor,
            organization=registering,
            subject=found.masked,
            result=found.answer.value,
        )
    return found


def looked_up(actor: Actor, ticket: str) -> LookUp:
    """The look-up of a ticket, as it would be answered now. Raises `RuleError` R41 where it is not the actor's."""
    opened = _opened(actor, ticket)
    return _answered_again(actor, opened, _found(opened.identity), ticket)


def claim(actor: Actor, ticket: str, registering: Organization) -> tuple[IdNumber, Member | None]:
    """【领回】: who was looked up, read and locked, not moved; None where nobody has the ID number.

    Raises `RuleError` R19a, R20, R41; the last also where the look-up was for another organization.
    """
    opened = _opened(actor, ticket)
    if opened.registering_id != registering.id:
        raise _expired()
    member = _found(opened.identity, locked=True)
    refusal = _answered_again(actor, opened, member, ticket).refusal
    if refusal is not None:
        raise refusal
    return opened.identity, member


def _found(identity: IdNumber, *, locked: bool = False) -> Member | None:
    """The member with this ID number; `locked` until the transaction ends."""
    query = (
        select(Member)
        .where(Member.id_number_index == keyring().index(identity.clear))
        .options(selectinload(Member.organization))
        .execution_options(populate_existing=True)
    )
    found: Member | None = db.session.scalar(query.with_for_update(of=Member) if locked else query)
    return found


def _answered(actor: Actor, identity: IdNumber, member: Member | None, ticket: str) -> LookUp:
    if member is None:
        return LookUp(Answer.NOT_FOUND, identity, ticket)
    if not member.organization.is_holding:
        return LookUp(Answer.BELONGS, identity, ticket, refusal=_belongs(member))
    running: Transfer | None = db.session.scalar(
        select(Transfer).where(Transfer.member_id == member.id, Transfer.state.in_(OPEN_STATES))
    )
    if running is not None:
        own = running.submitting_organization_id in actor.liaison_paths
        return LookUp(
            Answer.RESERVED, identity, ticket, refusal=open_transfer_exists(), running=running if own else None
        )
    try:
        applications.check_member(member)
    except RuleError as error:
        return LookUp(Answer.BARRED, identity, ticket, refusal=error)
    return LookUp(Answer.CLAIMABLE, identity, ticket, member)


def _answered_again(actor: Actor, opened: _Opened, member: Member | None, ticket: str) -> LookUp:
    """The answer of now. Who has been entered since is no claim: nobody has looked at them."""
    found = _answered(actor, opened.identity, member, ticket)
    if found.member is None or opened.known:
        return found
    words = N_("该党员刚刚已被登记，您填写的信息没有保存：请重新查找后领回。")
    return replace(found, member=None, refusal=RuleError(words, "R41", "id_number"))


def _belongs(member: Member) -> RuleError:
    """Which way to go, and no more of where the member is than the city (R41)."""
    above = ancestor_ids(member.org_path)[:-1]
    city = db.session.get(Organization, above[min(1, len(above) - 1)]) if above else member.organization
    assert city is not None
    return RuleError(
        N_(
            "该党员的组织关系已在省内（%(city)s），不能从省外转入。请按省内转接办理："
            "由党员本人或其所在支部的联络员在【转出记录】中申请。"
        ),
        "R41",
        "id_number",
        city=city.name,
    )


# --- The ticket ---


@dataclass(frozen=True)
class _Opened:
    """What a ticket carries: `known` says that somebody had been found."""

    identity: IdNumber
    registering_id: int
    known: bool


def _sealed(actor: Actor, registering: Organization, identity: IdNumber, *, known: bool) -> str:
    until = clock.now() + TICKET_VALID
    return keyring().seal(json.dumps([actor.account_id, until.timestamp(), registering.id, known, identity.clear]))


def _opened(actor: Actor, ticket: str) -> _Opened:
    """What the actor looked up. Raises `RuleError` R41 where the ticket is old or somebody else's."""
    try:
        account_id, until, registering_id, known, clear = json.loads(keyring().open(ticket))
        usable = account_id == actor.account_id and until >= clock.now().timestamp()
    except (ValueError, TypeError, InvalidTag, KeysMissing):
        usable = False
    if not usable:
        raise _expired()
    return _Opened(check_id_number(clear), registering_id, known)


def _expired() -> RuleError:
    return RuleError(N_("查找结果已过期，请重新输入身份证号查找。"), "R41", "id_number")
