"""Who is told what by SMS (R32, R47). Everything goes into the outbox, in the transaction of what it tells of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, case, or_, select, update

from models import (
    Account,
    Member,
    MessageKind,
    Organization,
    RoleGrant,
    Transfer,
    TransferState,
    clock,
    db,
)
from workflow import actors, desk, letter_deadlines, loading, outbox, policy
from workflow.actors import Actor
from workflow.errors import N_, RuleError
from workflow.transaction import transaction

DIGEST_AFTER = timedelta(hours=1)
"""How long arrivals are gathered where an organization chose one message for many."""
URGE_EVERY = timedelta(days=1)
REMINDED_AT_ONCE = 500


class Recipient(NamedTuple):
    """Somebody with an activated phone."""

    account_id: int
    phone: str


_phone = case(
    (Member.phone_activated_at.is_not(None), Member.phone),
    (Account.phone_activated_at.is_not(None), Account.phone),
)


def tell(transfer: Transfer, actor: Actor) -> None:
    """R32: who has it to do now, or the applicant where it came back to them or ended; never who did it themself."""
    if transfer.state is TransferState.IN_PROGRESS:
        _tell_arrival(transfer, actor)
    elif transfer.at_applicant:
        for account_id, phone in _applicants(transfer, actor):
            outbox.put(
                MessageKind.RETURNED,
                phone,
                account_id=account_id,
                member=transfer.member.name,
                state=transfer.state.label,
            )
    else:
        for account_id, phone in _applicants(transfer, actor):
            outbox.put(
                MessageKind.ENDED,
                phone,
                account_id=account_id,
                member=transfer.member.name,
                state=transfer.state.label,
            )


def _tell_arrival(transfer: Transfer, actor: Actor) -> None:
    place = transfer.current_organization
    assert place is not None
    for account_id, phone in _liaisons({place.id})[place.id]:
        if account_id == actor.account_id:
            continue
        if place.sms_digest:
            outbox.put_digest(place.id, phone, account_id, clock.now() + DIGEST_AFTER, organization=place.name)
        else:
            outbox.put(
                MessageKind.ARRIVED,
                phone,
                account_id=account_id,
                organization_id=place.id,
                organization=place.name,
                member=transfer.member.name,
                kind=transfer.kind.name,
            )


def _liaisons(organization_ids: Collection[int]) -> dict[int, list[Recipient]]:
    """The effective liaisons with an activated phone, by organization; each phone once."""
    found: dict[int, dict[str, Recipient]] = defaultdict(dict)
    rows = actors.effective_liaison_grants().add_columns(_phone.label("phone"))
    for row in db.session.execute(rows.where(RoleGrant.organization_id.in_(organization_ids)).order_by(Account.id)):
        if row.phone:
            found[row.organization_id].setdefault(row.phone, Recipient(row.id, row.phone))
    return defaultdict(list, {identity: list(by_phone.values()) for identity, by_phone in found.items()})


def _applicants(transfer: Transfer, actor: Actor) -> list[Recipient]:
    """The member, and whoever submitted for them; not the actor. Each phone once."""
    wanted = or_(Account.member_id == transfer.member_id, Account.id == transfer.submitted_by_id)
    rows = db.session.execute(
        select(Account.id, _phone.label("phone"))
        .outerjoin(Member, Account.member_id == Member.id)
        .where(wanted, Account.is_active.is_(True), Account.id != actor.account_id)
        .order_by(Account.id)
    )
    by_phone: dict[str, Recipient] = {}
    for row in rows:
        if row.phone:
            by_phone.setdefault(row.phone, Recipient(row.id, row.phone))
    return list(by_phone.values())


# --- Deadlines (R47) ------------------------------------------------------------------------------------------------


def remind_due() -> int:
    """One reminder for what has waited too long at a step, once a step: how many transfers it told of. COMMITS."""
    with transaction():
        late = db.session.execute(
            select(Transfer.id, Transfer.current_organization_id, Organization.name)
            .join(Transfer.current_organization)
            .where(desk.waited_too_long(), Transfer.reminded_at.is_(None))
            .order_by(Transfer.id)
            .limit(REMINDED_AT_ONCE)
            .with_for_update(of=Transfer, skip_locked=True)
        ).all()
        _mark(Transfer.id.in_([row.id for row in late]), "reminded_at")
        names = {row.current_organization_id: row.name for row in late}
        for identity, recipients in _liaisons(names).items():
            count = sum(row.current_organization_id == identity for row in late)
            for account_id, phone in recipients:
                outbox.put(
                    MessageKind.REMINDER,
                    phone,
                    account_id=account_id,
                    organization_id=identity,
                    organization=names[identity],
                    count=count,
                )
    return len(late)


def remind_letters() -> int:
    """One reminder for each letter near or past its validity without a receipt: how many letters (R47). COMMITS."""
    with transaction():
        late = letter_deadlines.late_to_remind(REMINDED_AT_ONCE)
        recipients = _liaisons({county.id for _letter, county in late})
        for letter, county in late:
            letter.reminded_at = clock.now()
            for account_id, phone in recipients[county.id]:
                outbox.put(
                    MessageKind.LETTER,
                    phone,
                    account_id=account_id,
                    organization_id=county.id,
                    organization=county.name,
                    member=letter.transfer.member.name,
                    number=letter.number,
                )
    return len(late)


def may_urge(transfer: Transfer, actor: Actor) -> bool:
    """催办 is offered to the applicant's side and to whoever stands above or before, once it has waited too long."""
    days = transfer.kind.step_days
    late = transfer.state is TransferState.IN_PROGRESS and clock.now() - transfer.arrived_at > timedelta(days=days)
    return late and policy.may_urge(transfer, actor)


def urge(key: str, actor: Actor) -> int:
    """【催办】: one more message to whoever has it to do, at most one a day; how many it went to. COMMITS.

    Raises `RuleError` R47, R30.
    """
    with transaction():
        transfer = loading.locked_transfer(key)
        if transfer is None or not may_urge(transfer, actor):
            raise RuleError(N_("现在不能催办：只有停留超过办理期限的转接，才能由申请人或流程中的组织催办。"), "R47")
        if transfer.urged_at is not None and clock.now() - transfer.urged_at < URGE_EVERY:
            raise RuleError(N_("24小时内已催办过一次，请稍后再催办。"), "R47")
        place = transfer.current_organization
        assert place is not None
        recipients = _liaisons({place.id})[place.id]
        if not recipients:
            raise RuleError(
                N_("“%(name)s”没有已激活手机的联络员，催办短信无人接收；请联系其上级组织。"), "R47", name=place.name
            )
        for account_id, phone in recipients:
            outbox.put(
                MessageKind.URGE,
                phone,
                account_id=account_id,
                organization_id=place.id,
                organization=place.name,
                member=transfer.member.name,
            )
        _mark(Transfer.id == transfer.id, "urged_at")
    return len(recipients)


def _mark(which: ColumnElement[bool], column: str) -> None:
    # Past the version: a reminder is no change that a page must have seen.
    db.session.execute(
        update(Transfer).where(which).values({column: clock.now()}).execution_options(synchronize_session=False)
    )


# --- One message for many -------------------------------------------------------------------------------------------


def set_digest(actor: Actor, organization: Organization, on: bool) -> None:
    """Whether an organization gets one message for many arrivals; its own liaison or a provincial admin says so.

    The caller commits. Raises `RuleError` R32.
    """
    if organization.id not in actor.liaison_paths and not policy.may_keep_data(actor):
        raise RuleError(N_("只有本组织的联络员可以选择短信提醒方式。"), "R32")
    organization.sms_digest = on
    db.session.flush()
