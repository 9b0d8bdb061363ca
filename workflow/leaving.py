"""What a liaison must leave in order before going (R21), and what becomes of their grants once they are gone.

Only effective liaisons count (spec §1): a grant that sleeps has no to-dos and keeps nobody.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from models import (
    OPEN_STATES,
    Account,
    AuditEvent,
    Member,
    MemberStatus,
    Organization,
    RoleCode,
    RoleGrant,
    Transfer,
    ancestor_ids,
    db,
)
from workflow import actors, audit, desk, policy
from workflow.actors import Actor
from workflow.errors import N_, RuleError

UNFINISHED = N_("管理员您好，您还有未办理的事项，请先办理完才能申请转出")
"""R21a in the manual's own words."""


@dataclass(frozen=True)
class _Liaison:
    """An effective liaison of an organization: who stays has no open transfer; a virtual account always stays."""

    account_id: int
    stays: bool


def check(member: Member, *, but_transfer: int | None = None) -> None:
    """Refuse with R21 an application of a liaison who would leave something undone or an organization to nobody.

    `but_transfer`: the transfer that is applied for again. Locks the organizations concerned, as granting and revoking
    do: of two liaisons who apply at once the later one sees the other's application.
    """
    account_id = db.session.scalar(select(Account.id).where(Account.member_id == member.id))
    actor = actors.load(account_id) if account_id is not None else None
    if actor is None or not actor.liaison_paths:
        return
    held = sorted(actor.liaison_paths)
    db.session.execute(
        select(Organization.id)
        .where(Organization.id.in_(held))
        .order_by(Organization.id)
        .with_for_update(key_share=True)
    )
    if _has_todo(actor, but_transfer):
        raise RuleError(UNFINISHED, "R21", "member")
    organizations = {row.id: row for row in db.session.scalars(select(Organization).where(Organization.id.in_(held)))}
    for identity, others in _others(held, actor.account_id).items():
        organization = organizations[identity]
        if any(other.stays for other in others) or not _has_other_members(organization, member):
            continue
        raise _nobody_stays(member, organization, others)


def _has_todo(actor: Actor, but_transfer: int | None) -> bool:
    query = desk.todo(actor).with_only_columns(Transfer.id).where(Transfer.id != (but_transfer or 0))
    return db.session.scalar(query.limit(1)) is not None


def _others(organization_ids: Collection[int], account_id: int) -> dict[int, list[_Liaison]]:
    """The other effective liaisons of each organization."""
    moving = select(Transfer.id).where(Transfer.member_id == Account.member_id, Transfer.state.in_(OPEN_STATES))
    grants = actors.effective_liaison_grants().add_columns((~moving.exists()).label("stays"))
    found: dict[int, list[_Liaison]] = {identity: [] for identity in organization_ids}
    rows = grants.where(RoleGrant.organization_id.in_(organization_ids), RoleGrant.account_id != account_id)
    for row in db.session.execute(rows):
        found[row.organization_id].append(_Liaison(row.id, bool(row.stays)))
    return found


def _has_other_members(organization: Organization, member: Member) -> bool:
    """R19a: only those in good standing count; a committee's are those of its subtree."""
    others = select(Member.id).where(
        policy.within(Member.org_path, [organization.path]),
        Member.status == MemberStatus.NORMAL,
        Member.id != member.id,
    )
    return db.session.scalar(others.limit(1)) is not None


def _nobody_stays(member: Member, organization: Organization, others: Collection[_Liaison]) -> RuleError:
    if others:
        return RuleError(
            N_(
                "%(member)s不能申请转出：“%(name)s”的其他联络员都已有在办的转接，至少要留有一名联络员办理流程。"
                "请先为该组织赋权另一名联络员。"
            ),
            "R21",
            "member",
            member=member.name,
            name=organization.name,
        )
    return RuleError(
        N_(
            "%(member)s不能申请转出：%(member)s是“%(name)s”唯一的联络员，而该组织还有其他党员。"
            "请先为该组织赋权新的联络员，并撤销%(member)s的联络员角色。"
        ),
        "R21",
        "member",
        member=member.name,
        name=organization.name,
    )


def end_grants(member: Member, actor: Actor | None) -> list[str]:
    """R21: who has moved is liaison no more, except of the new branch and of what stands above it.

    Returns the names of the organizations whose grants have ended; each is an audit entry.
    """
    kept = set(ancestor_ids(member.org_path))
    grants = db.session.execute(
        select(RoleGrant, Organization, Account.username)
        .join(RoleGrant.account)
        .join(RoleGrant.organization)
        .where(
            Account.member_id == member.id,
            RoleGrant.role_code == RoleCode.LIAISON,
            RoleGrant.organization_id.not_in(kept),
        )
        .order_by(RoleGrant.id)
    ).all()
    for grant, organization, username in grants:
        audit.record(
            AuditEvent.ROLE_REVOKED,
            actor,
            organization=organization,
            subject=username,
            role=RoleCode.LIAISON,
            reason=N_("组织关系已转走"),
        )
        db.session.delete(grant)
    return [organization.name for _grant, organization, _username in grants]
