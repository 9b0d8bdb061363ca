"""Roles: who may hold which, granting, revoking, and that an organization keeps somebody who acts (R10, R11).

Each function checks, changes, writes the audit entry and flushes; the caller's `transaction` commits. `actor` None is
the command line. Who may grant what where is in `policy.may_grant`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models import (
    HOLDING_KINDS,
    OPEN_STATES,
    Account,
    AuditEvent,
    Member,
    MemberStatus,
    Organization,
    OrganizationKind,
    RoleCode,
    RoleGrant,
    Transfer,
    db,
)
from workflow import actors, audit, desk, policy
from workflow.actors import Actor
from workflow.errors import N_, RuleError

BOUND_ROLES = frozenset({RoleCode.LIAISON, RoleCode.SECRETARY})
"""Roles that a virtual admin account holds only on its own organization, and nobody on a holding organization."""


# --- Who may hold what -------------------------------------------------------------------------------------------


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
        raise RuleError(N_("%(kind)s不设联络员和书记。"), "R1", "organization", kind=organization_kind)
    if not is_formal and own_organization_id != organization_id:
        raise RuleError(N_("虚拟管理员只能在其所属组织担任联络员或书记。"), "R10", "organization")
    if role is RoleCode.LIAISON and is_formal and not activated:
        raise RuleError(N_("该党员尚未激活手机，不能授予联络员。"), "R10", "account")


def grantable_roles(actor: Actor, organization: Organization | None) -> list[RoleCode]:
    """The roles that the actor may grant on an organization; on none there is 省级管理员 alone."""
    if organization is None:
        fitting = {RoleCode.PROVINCIAL_ADMIN}
    elif organization.is_holding:
        fitting = set(RoleCode) - BOUND_ROLES
    else:
        fitting = set(RoleCode)
    return [role for role in RoleCode if role in fitting and policy.may_grant(actor, role, organization)]


def granted_roles(account_ids: Collection[int]) -> set[tuple[int, int | None, RoleCode]]:
    """(account id, organization id, role) of every grant that these accounts hold."""
    rows = db.session.execute(
        select(RoleGrant.account_id, RoleGrant.organization_id, RoleGrant.role_code).where(
            RoleGrant.account_id.in_(account_ids)
        )
    )
    return {(row.account_id, row.organization_id, row.role_code) for row in rows}


# --- Granting ----------------------------------------------------------------------------------------------------


def grant(actor: Actor | None, account: Account, role: RoleCode, organization: Organization | None) -> RoleGrant:
    """Grant `role` to an account on an organization, flushed; a grant that stands already is left as it is.

    Raises `RuleError` R1, R10, R11.
    """
    member = db.session.get(Member, account.member_id) if account.member_id else None
    if actor is not None:
        _check_granter(actor, role, organization)
        _check_grantee(actor, account, member, organization)
    check_grant(
        role,
        is_formal=account.is_formal,
        activated=member is not None and member.phone_activated_at is not None,
        own_organization_id=account.organization_id,
        organization_id=organization.id if organization else None,
        organization_kind=organization.kind if organization else None,
    )
    _lock(organization, account.id)
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


def grant_roles(
    actor: Actor, organization: Organization | None, roles: Collection[RoleCode], *, holder: str, formal: bool
) -> list[RoleGrant]:
    """【角色赋权管理】▸【保存】: the ticked roles, for the member (`formal`) or the account that has the key `holder`.

    Raises `RuleError` R1, R10, R11 naming account or roles.
    """
    account = _account_of(actor, holder) if formal else _other_account(holder)
    if not roles:
        raise RuleError(N_("请勾选角色。"), "R10", "roles")
    place = organization.id if organization else None
    held = granted_roles([account.id])
    new = [role for role in RoleCode if role in roles and (account.id, place, role) not in held]
    if not new:
        raise RuleError(N_("%(name)s已有所勾选的角色，不用重复赋权。"), "R10", "roles", name=actors.name_of(account))
    return [grant(actor, account, role, organization) for role in new]


def _check_granter(actor: Actor, role: RoleCode, organization: Organization | None) -> None:
    if not policy.may_grant(actor, role, organization):
        raise RuleError(N_("您只能授予和撤销所辖组织的联络员，其他角色由省级管理员维护。"), "R11")


def _check_grantee(actor: Actor, account: Account, member: Member | None, organization: Organization | None) -> None:
    if member is not None and not (
        actor.is_provincial_admin or policy.is_within(member.org_path, policy.apply_paths(actor))
    ):
        raise RuleError(N_("该党员不在您的管理范围内，不能由您赋权。"), "R10", "account")
    if not account.is_active:
        raise RuleError(N_("该账号已停用，请先在【账号】中启用。"), "R10", "account")
    if organization is not None and not organization.is_active:
        raise RuleError(N_("“%(name)s”已停用，不能赋权。"), "R12", "organization", name=organization.name)


def _account_of(actor: Actor, member_key: str) -> Account:
    member = db.session.scalar(select(Member).where(Member.key == member_key, policy.grantable_members(actor)))
    if member is None:
        raise RuleError(N_("请选择党员：输入姓名后从列表中选择。"), "R10", "account")
    account: Account | None = db.session.scalar(
        select(Account).where(Account.member_id == member.id).options(joinedload(Account.member))
    )
    if account is None:
        raise RuleError(
            N_("%(name)s还没有登录账号，请先由省级管理员在【账号】中新增。"), "R10", "account", name=member.name
        )
    return account


def _other_account(key: str) -> Account:
    account: Account | None = db.session.scalar(
        select(Account)
        .where(Account.key == key, Account.member_id.is_(None))
        .options(joinedload(Account.organization), joinedload(Account.member))
    )
    if account is None:
        raise RuleError(N_("请选择虚拟管理员账号：输入用户名后从列表中选择。"), "R10", "account")
    return account


# --- Revoking ----------------------------------------------------------------------------------------------------


def revoke(actor: Actor | None, granted: RoleGrant) -> None:
    """Take a role away. Raises `RuleError` R11 where nobody would be left to act, or who asks may not; R30."""
    organization = db.session.get(Organization, granted.organization_id) if granted.organization_id else None
    if actor is not None:
        _check_granter(actor, granted.role_code, organization)
    _lock(organization, granted.account_id)
    standing = db.session.scalar(
        select(RoleGrant)
        .where(RoleGrant.id == granted.id)
        .options(
            joinedload(RoleGrant.account).joinedload(Account.member),
            joinedload(RoleGrant.account).joinedload(Account.organization),
        )
        .execution_options(populate_existing=True)
    )
    if standing is None:
        raise RuleError(N_("这项赋权刚刚已被其他人撤销。"), "R30")
    if organization is not None and standing.role_code is RoleCode.LIAISON:
        _check_liaison_stays(organization, standing)
    if standing.role_code is RoleCode.PROVINCIAL_ADMIN:
        check_admin_stays(but_grant=standing.id)
    audit.record(
        AuditEvent.ROLE_REVOKED,
        actor,
        organization=organization,
        subject=standing.account.username,
        role=standing.role_code,
    )
    db.session.delete(standing)
    db.session.flush()


def check_admin_stays(*, but_grant: int = 0, but_account: int = 0) -> None:
    """Refuse what would leave no open account with 省级管理员; locks those accounts, so that two cannot do it at once.

    Raises `RuleError` R11.
    """
    holders = db.session.execute(
        select(RoleGrant.id, RoleGrant.account_id)
        .join(RoleGrant.account)
        .where(RoleGrant.role_code == RoleCode.PROVINCIAL_ADMIN, Account.is_active.is_(True))
        .order_by(Account.id, RoleGrant.id)
        .with_for_update(of=[Account, RoleGrant])
    ).all()
    if all(row.id == but_grant or row.account_id == but_account for row in holders):
        raise RuleError(N_("这是最后一名省级管理员：请先为他人赋权省级管理员。"), "R11")


def only_liaison_at(account: Account) -> Sequence[str]:
    """The names of the organizations whose only effective liaison this account is; in one statement."""
    held = select(RoleGrant.organization_id).where(
        RoleGrant.account_id == account.id, RoleGrant.role_code == RoleCode.LIAISON
    )
    grants = actors.effective_liaison_grants().where(RoleGrant.organization_id.in_(held)).add_columns(Organization.name)
    holders: dict[str, list[int]] = {}
    for _organization_id, account_id, _member_name, name in db.session.execute(grants.order_by(Organization.path)):
        holders.setdefault(name, []).append(account_id)
    return [name for name, ids in holders.items() if ids == [account.id]]


def _lock(organization: Organization | None, account_id: int) -> None:
    """Two people who take the last two liaisons away, or grant the same, at once: the second waits, and looks anew."""
    row = Organization.id == organization.id if organization else Account.id == account_id
    table = Organization.id if organization else Account.id
    db.session.execute(select(table).where(row).with_for_update(key_share=True))


def _check_liaison_stays(organization: Organization, leaving: RoleGrant) -> None:
    """R11: the last effective liaison stays where something waits, and in a branch one who is not leaving it."""
    has_open = select(Transfer.id).where(Transfer.member_id == Account.member_id, Transfer.state.in_(OPEN_STATES))
    effective = actors.effective_liaison_grants().where(RoleGrant.organization_id == organization.id)
    rows = db.session.execute(effective.with_only_columns(RoleGrant.id, has_open.exists().label("moving"))).all()
    moving = {row.id: row.moving for row in rows}
    if leaving.id not in moving:
        return
    about = {"holder": actors.name_of(leaving.account), "name": organization.name}
    waiting = _waiting(organization)
    if len(moving) == 1 and waiting:
        raise RuleError(
            N_(
                "不能撤销：%(holder)s是“%(name)s”唯一有效的联络员，该组织还有%(count)s条待办。"
                "请先办理完，或先为该组织赋权另一名联络员。"
            ),
            "R11",
            **about,
            count=waiting,
        )
    stays = [identity for identity, leaves in moving.items() if identity != leaving.id and not leaves]
    if organization.kind is OrganizationKind.BRANCH and not moving[leaving.id] and not stays:
        member_id = leaving.account.member_id
        if _has_other_members(organization, member_id):
            raise RuleError(
                N_(
                    "不能撤销：%(holder)s是“%(name)s”最后一名没有在办转接的联络员，而支部还有其他党员。"
                    "请先为该支部赋权另一名联络员。"
                ),
                "R11",
                **about,
            )


def _waiting(organization: Organization) -> str:
    """How many transfers wait for the organization, in words; "" for none."""
    (count,) = desk.counts([select(Transfer.id).where(Transfer.waiting_organization_id == organization.id)])
    return "" if not count else str(count) if count < desk.COUNT_LIMIT else f"{desk.COUNT_LIMIT - 1}+"


def _has_other_members(branch: Organization, member_id: int | None) -> bool:
    """R19a: only those in good standing count."""
    others = select(Member.id).where(
        Member.organization_id == branch.id, Member.status == MemberStatus.NORMAL, Member.id != (member_id or 0)
    )
    return db.session.scalar(others.limit(1)) is not None
