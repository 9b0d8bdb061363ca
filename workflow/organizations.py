"""Keeping organizations and permission levels right (R1, R3, R5, R12).

Each function checks, changes, and writes the audit entry; the caller's `transaction` commits. `actor` None is the
command line, which may do what a provincial admin may.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from models import (
    COMMITTEE_KINDS,
    HOLDING_KINDS,
    Account,
    AuditEvent,
    HistoryEntry,
    Member,
    Organization,
    OrganizationKind,
    PermissionLevel,
    RoleGrant,
    Step,
    StepState,
    Transfer,
    TransferState,
    ancestor_ids,
    below,
    db,
    path_segment,
)
from workflow import audit, policy, tree
from workflow.actors import Actor
from workflow.errors import N_, RuleError, Words
from workflow.transaction import changed_meanwhile, hold_tree

EDITABLE = ("code", "name", "kind", "parent_id", "level_rank", "contact_name", "contact_phone", "is_active")
LEVEL_EDITABLE = ("name", "approves_committee", "approves_leaving", "registers_entering")
LEVEL_NAME_LENGTH = 60
_LENGTHS = {"code": 40, "name": 120, "contact_name": 60, "contact_phone": 40}
_FORM_FIELDS = {"parent": "parent_id", "level": "level_rank"}
_MEMBER_KINDS = HOLDING_KINDS | {OrganizationKind.BRANCH}


def create_organization(actor: Actor | None, **fields: Any) -> Organization:
    """A new organization from `EDITABLE` fields; returns it flushed, with its path. Raises `RuleError` R1, R5."""
    _require_data_keeper(actor)
    _lock_tree()
    organization = Organization(**_clean_texts(fields))
    _check_unique_code(organization.code, None)
    with db.session.no_autoflush:
        _check_place(organization)
    db.session.add(organization)
    db.session.flush()
    organization.path = _path_of(organization)
    _log_whole(AuditEvent.ORGANIZATION_CREATED, actor, organization)
    db.session.flush()
    return organization


def change_organization(actor: Actor | None, organization: Organization, **fields: Any) -> Organization:
    """Change `EDITABLE` fields; a new parent moves the whole subtree. Raises `RuleError` R1, R5, R12."""
    _require_data_keeper(actor)
    _lock_tree(organization)
    before = _values(organization)
    with db.session.no_autoflush:
        for name, value in _clean_texts(fields).items():
            setattr(organization, name, value)
        _check_unique_code(organization.code, organization.id)
        _check_place(organization)
        _check_kind_change(organization, before["kind"])
        if before["is_active"] and not organization.is_active:
            _check_deactivation(organization)
        if not before["is_active"] and organization.is_active:
            _check_activation(organization)
    changed = audit.changes(before, _values(organization))
    db.session.flush()
    if "parent_id" in changed:
        _move_subtree(organization)
        audit.record(
            AuditEvent.ORGANIZATION_MOVED, actor, organization=organization, changes=_pick(changed, "parent_id")
        )
    if "level_rank" in changed:
        audit.record(AuditEvent.LEVEL_SET, actor, organization=organization, changes=_pick(changed, "level_rank"))
    rest = {name: change for name, change in changed.items() if name not in ("parent_id", "level_rank")}
    if rest:
        audit.record(AuditEvent.ORGANIZATION_CHANGED, actor, organization=organization, changes=rest)
    db.session.flush()
    return organization


def set_level(actor: Actor | None, organization: Organization, rank: int | None) -> None:
    """【组织VPN权限设置】: set or unset (None) the level of an organization. Raises `RuleError` R5."""
    _lock_tree(organization)
    old, new = (db.session.get(PermissionLevel, value) if value else None for value in (organization.level_rank, rank))
    if rank is not None and new is None:
        raise RuleError(N_("没有这个权限级别，请重新选择。"), "R5", "level_rank")
    if actor is not None and not policy.may_set_level(actor, organization, old, new):
        raise RuleError(
            N_("您不能为“%(name)s”设置该权限级别：县级及以上级别只能由其上级组织的联络员或省级管理员设置。"),
            "R5",
            "level_rank",
            name=organization.name,
        )
    if organization.level_rank == rank:
        return
    before = organization.level_rank
    with db.session.no_autoflush:
        organization.level_rank = rank
        _check_place(organization)
    db.session.flush()
    audit.record(AuditEvent.LEVEL_SET, actor, organization=organization, changes={"level_rank": [before, rank]})


def delete_organization(actor: Actor | None, organization: Organization) -> None:
    """Delete one that nothing refers to; otherwise `RuleError` R1 lists what does."""
    _require_data_keeper(actor)
    _lock_tree(organization)
    found = _found(
        organization,
        {
            N_("下级组织%(count)s个"): select(Organization.id).where(Organization.parent_id == organization.id),
            N_("党员%(count)s名"): select(Member.id).where(Member.organization_id == organization.id),
            N_("转接记录%(count)s条"): select(Transfer.id).where(
                (Transfer.source_id == organization.id)
                | (Transfer.destination_id == organization.id)
                | (Transfer.submitting_organization_id == organization.id)
            ),
            N_("转接环节%(count)s个"): select(Step.id).where(Step.organization_id == organization.id),
            N_("操作留痕%(count)s条"): select(HistoryEntry.id).where(
                HistoryEntry.actor_organization_id == organization.id
            ),
            N_("角色赋权%(count)s条"): select(RoleGrant.id).where(RoleGrant.organization_id == organization.id),
            N_("虚拟管理员账号%(count)s个"): select(Account.id).where(Account.organization_id == organization.id),
        },
    )
    if found:
        raise RuleError(
            N_("不能删除“%(name)s”：还有%(found)s。可改为停用。"), "R1", name=organization.name, found=found
        )
    _log_whole(AuditEvent.ORGANIZATION_DELETED, actor, organization)
    db.session.delete(organization)
    db.session.flush()


def change_level(actor: Actor | None, level: PermissionLevel, **fields: Any) -> PermissionLevel:
    """Change the name or the qualifications of a level (R2). Raises `RuleError` R2."""
    _require_data_keeper(actor)
    before = {name: getattr(level, name) for name in LEVEL_EDITABLE}
    name = str(fields.get("name", level.name)).strip()
    if not name:
        raise RuleError(N_("请填写级别名称。"), "R2", "name")
    if len(name) > LEVEL_NAME_LENGTH:
        raise RuleError(N_("内容过长，请控制在%(limit)s字以内。"), "R2", "name", limit=LEVEL_NAME_LENGTH)
    taken = select(PermissionLevel.rank).where(PermissionLevel.name == name, PermissionLevel.rank != level.rank)
    if db.session.scalar(taken) is not None:
        raise RuleError(N_("级别名称“%(name)s”已被使用。"), "R2", "name", name=name)
    for field, value in {**fields, "name": name}.items():
        setattr(level, field, value)
    changed = audit.changes(before, {name: getattr(level, name) for name in LEVEL_EDITABLE})
    if changed:
        audit.record(AuditEvent.LEVEL_CHANGED, actor, subject=level.name, changes=changed)
    db.session.flush()
    return level


def delete_level(actor: Actor | None, level: PermissionLevel) -> None:
    """Delete a level that no organization holds; otherwise `RuleError` R2."""
    _require_data_keeper(actor)
    used = db.session.scalar(select(Organization.name).where(Organization.level_rank == level.rank).limit(1))
    if used is not None:
        raise RuleError(
            N_("不能删除“%(level)s”：仍有组织使用该级别（例如“%(name)s”），请先修改这些组织的权限级别。"),
            "R2",
            level=level.name,
            name=used,
        )
    audit.record(AuditEvent.LEVEL_CHANGED, actor, subject=level.name, deleted=True)
    db.session.delete(level)
    db.session.flush()


def move_paths(old: str, new: str) -> None:
    """Rewrite the path of a subtree wherever it is kept: one statement a column, whatever its size."""
    columns: tuple[InstrumentedAttribute[str], ...] = (
        Organization.path,
        Member.org_path,
        Account.org_path,
        Transfer.source_path,
        Transfer.destination_path,
    )
    low, high = below(old)
    for column in columns:
        db.session.execute(
            update(column.class_)
            .where(column >= low, column < high)
            .values({column.key: new + func.substr(column, len(old) + 1)})
            .execution_options(synchronize_session=False)
        )


def subordinate_rank() -> int | None:
    """The rank that branches hold and that may stand under itself (level 7), from the table."""
    return db.session.scalar(select(PermissionLevel.rank).where(PermissionLevel.is_subordinate).limit(1))


def _require_data_keeper(actor: Actor | None) -> None:
    if actor is not None and not policy.may_keep_data(actor):
        raise RuleError(N_("只有省级管理员可以维护这些数据。"), "R5")


def _lock_tree(organization: Organization | None = None) -> None:
    """Two people changing the tree at once could together make a cycle: the second waits, and sees what the first did.

    Raises `RuleError` R30 where the organization itself was changed meanwhile.
    """
    seen = organization.version if organization else None
    hold_tree(alone=True)
    db.session.expire_all()
    if organization is not None and organization.version != seen:
        raise changed_meanwhile()


def _clean_texts(fields: dict[str, Any]) -> dict[str, Any]:
    values = {name: value.strip() if name in _LENGTHS and value else value for name, value in fields.items()}
    for name in ("code", "name"):
        if name in values and not values[name]:
            raise RuleError(N_("请填写组织代码。") if name == "code" else N_("请填写组织名称。"), "R1", name)
    for name, limit in _LENGTHS.items():
        if len(values.get(name) or "") > limit:
            raise RuleError(N_("内容过长，请控制在%(limit)s字以内。"), "R1", name, limit=limit)
    for name in ("contact_name", "contact_phone"):
        if name in values:
            values[name] = values[name] or ""
    return values


def _check_unique_code(code: str, own_id: int | None) -> None:
    taken = db.session.scalar(
        select(Organization.name).where(Organization.code == code, Organization.id != (own_id or 0))
    )
    if taken is not None:
        raise RuleError(N_("组织代码%(code)s已被“%(name)s”使用。"), "R1", "code", code=code, name=taken)


def _check_place(organization: Organization) -> None:
    """R1 and R5 for an organization where it is about to stand, with what stands above and below it."""
    subordinate = subordinate_rank()
    try:
        tree.check_kind(
            organization.name,
            organization.kind,
            organization.parent_id is not None,
            organization.level_rank,
            subordinate,
        )
        if organization.parent_id is None:
            _check_only_root(organization)
            above = None
        else:
            parent = db.session.get(Organization, organization.parent_id)
            if parent is None:
                raise RuleError(N_("上级组织不存在，请重新选择。"), "R1", "parent")
            if organization.id is not None and parent.path.startswith(organization.path):
                raise RuleError(
                    N_("上级组织成环：“%(name)s”不能是自己的上级。"), "R1", "parent", name=organization.name
                )
            tree.check_parent(organization.kind, parent.name, parent.kind)
            above = _nearest_levelled(parent)
        _check_order(organization, above, subordinate)
    except RuleError as error:
        error.field = _FORM_FIELDS.get(error.field or "", error.field)
        raise


def _check_only_root(organization: Organization) -> None:
    if organization.is_holding:
        return
    root = db.session.scalar(
        select(Organization.name).where(
            Organization.parent_id.is_(None),
            Organization.kind.in_(COMMITTEE_KINDS),
            Organization.id != (organization.id or 0),
        )
    )
    if root is not None:
        raise RuleError(N_("只能有一个根组织（已有“%(root)s”），请填写上级组织。"), "R1", "parent", root=root)


def _nearest_levelled(parent: Organization) -> Organization | None:
    return db.session.scalar(
        select(Organization)
        .where(Organization.id.in_(ancestor_ids(parent.path)), Organization.level_rank.is_not(None))
        .order_by(func.length(Organization.path).desc())
        .limit(1)
    )


def _check_order(organization: Organization, above: Organization | None, subordinate: int | None) -> None:
    level = organization.level_rank
    limit_above = above.level_rank if above else None
    if level is not None and above and limit_above and not tree.ranks_below(level, limit_above, subordinate):
        raise tree.level_conflict(organization.name, level, above.name, limit_above)
    holder, limit = (organization, level) if level is not None else (above, limit_above)
    if organization.id is None or holder is None or limit is None:
        return
    low, high = below(organization.path)
    # Of those below, the highest level is the one that could collide; the lowest level may stand under itself.
    collides: ColumnElement[bool] = Organization.level_rank <= limit
    if limit == subordinate:
        collides = Organization.level_rank < limit
    under = db.session.scalar(
        select(Organization)
        .where(Organization.path > low, Organization.path < high, Organization.level_rank.is_not(None), collides)
        .order_by(Organization.level_rank)
        .limit(1)
    )
    if under is not None and under.level_rank is not None:
        raise tree.level_conflict(under.name, under.level_rank, holder.name, limit)


def _check_kind_change(organization: Organization, old: OrganizationKind) -> None:
    if organization.kind is old:
        return
    children = db.session.scalars(
        select(Organization.kind).where(Organization.parent_id == organization.id).distinct()
    ).all()
    for kind in children:
        try:
            tree.check_parent(kind, organization.name, organization.kind)
        except RuleError as error:
            error.field = "kind"
            raise
    members = select(Member.id).where(Member.organization_id == organization.id).limit(1)
    if organization.kind not in _MEMBER_KINDS and db.session.scalar(members) is not None:
        raise RuleError(
            N_("“%(name)s”还有党员，不能改为%(kind)s。"),
            "R1",
            "kind",
            name=organization.name,
            kind=organization.kind,
        )


def _check_deactivation(organization: Organization) -> None:
    """R12: the message lists what still stands in the way."""
    found = _found(
        organization,
        {
            N_("启用中的下级组织%(count)s个"): select(Organization.id).where(
                Organization.parent_id == organization.id, Organization.is_active.is_(True)
            ),
            N_("党员%(count)s名"): select(Member.id).where(Member.organization_id == organization.id),
            N_("未办结的转接环节%(count)s个"): select(Step.id)
            .join(Step.transfer)
            .where(
                Step.organization_id == organization.id,
                Step.state != StepState.DONE,
                Transfer.state == TransferState.IN_PROGRESS,
            ),
        },
    )
    if found:
        raise RuleError(
            N_("不能停用“%(name)s”：还有%(found)s。"), "R12", "is_active", name=organization.name, found=found
        )


def _check_activation(organization: Organization) -> None:
    parent = db.session.get(Organization, organization.parent_id) if organization.parent_id else None
    if parent is not None and not parent.is_active:
        raise RuleError(N_("上级组织“%(name)s”已停用，请先启用上级组织。"), "R12", "is_active", name=parent.name)


def _found(organization: Organization, queries: dict[str, Select[int]]) -> tuple[Words, ...]:
    counts = {
        words: db.session.scalar(select(func.count()).select_from(query.limit(1000).subquery()))
        for words, query in queries.items()
    }
    return tuple(Words(words, {"count": count}) for words, count in counts.items() if count)


def _path_of(organization: Organization) -> str:
    parent = db.session.get(Organization, organization.parent_id) if organization.parent_id else None
    return (parent.path if parent else "") + path_segment(organization.id)


def _move_subtree(organization: Organization) -> None:
    move_paths(organization.path, _path_of(organization))
    db.session.refresh(organization)


def _log_whole(event: AuditEvent, actor: Actor | None, organization: Organization) -> None:
    audit.record(event, actor, organization=organization, values=audit.values(_values(organization)))


def _values(organization: Organization) -> dict[str, Any]:
    return {name: getattr(organization, name) for name in EDITABLE}


def _pick(changed: dict[str, list[Any]], name: str) -> dict[str, list[Any]]:
    return {name: changed[name]}
