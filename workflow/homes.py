"""Where a member belongs, and the ways in which that changes: R1, R32a."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from models import (
    HOLDING_KINDS,
    OPEN_STATES,
    Account,
    AuditEvent,
    Member,
    Organization,
    OrganizationKind,
    Transfer,
    db,
)
from workflow import audit, policy
from workflow.actors import Actor
from workflow.errors import N_, RuleError
from workflow.transaction import changed_meanwhile, hold_tree

MEMBER_KINDS = HOLDING_KINDS | {OrganizationKind.BRANCH}
REASON_LENGTH = 500


def check_new_home(organization: Any, field: str = "organization_id") -> None:
    """R1: members belong to active branches and holding organizations. Raises `RuleError` R1 naming `field`.

    `organization` is None or anything with `name`, `kind` and `is_active`: a row of an import will do.
    """
    if organization is None:
        raise RuleError(N_("没有这个组织，请核对。"), "R1", field)
    if organization.kind not in MEMBER_KINDS:
        raise RuleError(
            N_("“%(name)s”是%(kind)s，党员只能属于党支部。"),
            "R1",
            field,
            name=organization.name,
            kind=organization.kind,
        )
    if not organization.is_active:
        raise RuleError(N_("“%(name)s”已停用，请另选。"), "R1", field, name=organization.name)


def other_home(field: str) -> RuleError:
    """R32a in words."""
    return RuleError(N_("该党员已在其他组织，所在组织只能通过组织关系转接变更，不能在这里修改。"), "R32a", field)


def settle(member: Member, organization: Organization) -> None:
    """Let a member belong to an organization; whoever reads its members then reads the member's account too.

    Called where R32a lets an organization change, by a completed transfer and by a correction, and nowhere else.
    """
    member.organization = organization
    member.organization_id = organization.id
    member.org_path = organization.path
    db.session.execute(update(Account).where(Account.member_id == member.id).values(org_path=organization.path))


def correct_organization(actor: Actor | None, member: Member, organization_id: int | None, reason: str) -> None:
    """【更正所在组织】: put an existing member where they belong, with a reason, while no transfer is open (R32a).

    Locks the member's row as applying does, so that of the two the later one sees what the earlier one did.
    Raises `RuleError` R32a or R1, naming organization_id or reason, R30 where the row has changed since it was read.
    The caller's `transaction` commits.
    """
    if actor is not None and not policy.may_keep_data(actor):
        raise RuleError(N_("只有省级管理员可以更正党员所在组织。"), "R32a")
    reason = reason.strip()
    hold_tree()
    there = db.session.get(Organization, organization_id or 0, populate_existing=True)
    _check_asked(there, reason)
    assert there is not None
    seen = member.version
    locked = db.session.get_one(Member, member.id, with_for_update=True, populate_existing=True)
    if locked.version != seen:
        raise changed_meanwhile()
    here = db.session.get_one(Organization, locked.organization_id)
    if here.id == there.id:
        raise RuleError(N_("“%(name)s”就是该党员现在所在的组织，请另选。"), "R32a", "organization_id", name=there.name)
    open_transfer = select(Transfer.id).where(Transfer.member_id == locked.id, Transfer.state.in_(OPEN_STATES))
    if db.session.scalar(open_transfer) is not None:
        raise RuleError(
            N_("%(name)s有未办结的转接，不能更正所在组织：请先办结或作废该转接。"), "R32a", name=locked.name
        )
    settle(locked, there)
    audit.record(
        AuditEvent.MEMBER_CORRECTED,
        actor,
        organization=there,
        subject=locked.name,
        changes={"organization": [here.name, there.name]},
        organization_ids=[here.id, there.id],
        reason=reason,
    )
    db.session.flush()


def _check_asked(there: Organization | None, reason: str) -> None:
    if there is None:
        raise RuleError(N_("请选择应在的组织。"), "R32a", "organization_id")
    check_new_home(there)
    if not reason:
        raise RuleError(N_("请填写更正原因。"), "R32a", "reason")
    if len(reason) > REASON_LENGTH:
        raise RuleError(N_("更正原因过长，请控制在%(limit)s字以内。"), "R32a", "reason", limit=REASON_LENGTH)
