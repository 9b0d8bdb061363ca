"""Who may do what: one function a question, used by views, actions, look-ups and exports alike (spec §1, R30).

Nothing here asks the database: an `actors.Actor` knows all that is asked of it, so a list of rows costs no statement a
row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from models import (
    LARGE_DEPTHS,
    PATH_WIDTH,
    Account,
    AuditEntry,
    Checked,
    HistoryEntry,
    Member,
    Organization,
    PermissionLevel,
    RoleCode,
    RoleGrant,
    Step,
    StepState,
    Transfer,
    TransferState,
    ancestor_ids,
    below,
    segment,
)
from workflow.actors import Actor
from workflow.errors import N_

EVERYTHING = ("",)
LARGE_DEPTH = 3
"""Down to here subtrees hold very much history: the root's, those of cities, those of counties."""


# --- Reading -----------------------------------------------------------------------------------------------------


def visible_paths(actor: Actor) -> tuple[str, ...]:
    """The subtrees that an actor may read, none inside another; `EVERYTHING` for a provincial admin."""
    if actor.is_provincial_admin:
        return EVERYTHING
    return tops_of({*actor.liaison_paths.values(), *actor.auditor_paths})


def tops_of(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths that lie below none of the others, in order."""
    tops: list[str] = []
    for path in sorted(paths):
        if not tops or not path.startswith(tops[-1]):
            tops.append(path)
    return tuple(tops)


def paths_of(actor: Actor, organization: Organization | None) -> tuple[str, ...]:
    """The subtrees that a list shows: of what the actor may read all, or what lies in an organization of it."""
    visible = visible_paths(actor)
    if organization is None:
        return visible
    return (organization.path,) if is_within(organization.path, visible) else ()


def within(column: InstrumentedAttribute[str], paths: Iterable[str]) -> ColumnElement[bool]:
    """The condition that a path column lies in one of the subtrees: one indexed range each."""
    ranges: list[ColumnElement[bool]] = []
    for path in paths:
        if path == "":
            return true()
        low, high = below(path)
        ranges.append(and_(column >= low, column < high))
    return or_(false(), *ranges)


def ends_within(end: InstrumentedAttribute[str], paths: Sequence[str]) -> ColumnElement[bool]:
    """`within` for an end of a transfer: a large subtree is found by the index that has its transfers in order."""
    if len(paths) != 1 or paths == EVERYTHING:
        return within(end, paths)
    path = paths[0]
    depth = len(path) // PATH_WIDTH
    if depth in LARGE_DEPTHS:
        return segment(end, depth) == path[-PATH_WIDTH:]
    low, high = below(path)
    # Below the root lies nearly everything: the order is to be read from its index, and not to be sorted.
    column = Checked(end) if depth < LARGE_DEPTHS.start else end
    return and_(column >= low, column < high)


def is_within(path: str, paths: Iterable[str]) -> bool:
    """`within` for a path at hand."""
    return any(path.startswith(prefix) for prefix in paths)


def organizations_visible(actor: Actor) -> ColumnElement[bool]:
    """Organizations of the subtrees that the actor reads."""
    return within(Organization.path, visible_paths(actor))


def members_visible(actor: Actor) -> ColumnElement[bool]:
    """Members of the subtrees that the actor reads; where there are none, the actor as a member."""
    # One or the other: the two joined by OR would be served by no index.
    paths = visible_paths(actor)
    return within(Member.org_path, paths) if paths else Member.id == (actor.member_id or 0)


def transfers_visible(actor: Actor) -> ColumnElement[bool]:
    """Transfers that begin or end in the actor's subtrees, that their organizations submitted or handled, the own.

    An organization that submitted stays the applicant's side also after the source has been moved out of its subtree.
    """
    paths = visible_paths(actor)
    passed = aliased(Step)
    handled = (
        select(passed.transfer_id)
        .where(passed.organization_id.in_(actor.liaison_paths), passed.state != StepState.COMING)
        .scalar_subquery()
    )
    return or_(
        within(Transfer.source_path, paths),
        within(Transfer.destination_path, paths),
        Transfer.member_id == (actor.member_id or 0),
        or_(Transfer.submitting_organization_id.in_(actor.liaison_paths), Transfer.id.in_(handled))
        if actor.liaison_paths
        else false(),
    )


def may_view_transfer(transfer: Transfer, actor: Actor) -> bool:
    """`transfers_visible` for a transfer at hand, with its steps loaded."""
    paths = visible_paths(actor)
    return (
        is_within(transfer.source_path, paths)
        or is_within(transfer.destination_path, paths)
        or (actor.member_id is not None and transfer.member_id == actor.member_id)
        or transfer.submitting_organization_id in actor.liaison_paths
        or any(
            step.organization_id in actor.liaison_paths and step.state is not StepState.COMING
            for step in transfer.steps
        )
    )


# --- Acting on a transfer ----------------------------------------------------------------------------------------


def acts_for(organization_id: int | None, transfer: Transfer, actor: Actor) -> bool:
    """An effective liaison of the very organization; not on the own transfer, unless nobody else could (spec §6)."""
    if organization_id is None or organization_id not in actor.liaison_paths:
        return False
    own = actor.member_id is not None and actor.member_id == transfer.member_id
    return not own or organization_id in actor.sole_liaison_of


def is_applicant_side(transfer: Transfer, actor: Actor) -> bool:
    """The member; or, where a liaison submitted, any effective liaison of the organization recorded as submitting."""
    if actor.member_id is not None and actor.member_id == transfer.member_id:
        return True
    return acts_for(transfer.submitting_organization_id, transfer, actor)


def stands_on_step(transfer: Transfer, actor: Actor) -> bool:
    """An effective liaison of the organization that stands on the waiting step; nobody above it (spec §1)."""
    return acts_for(transfer.current_organization_id, transfer, actor)


def may_replan(transfer: Transfer, actor: Actor) -> bool:
    """R16: a provincial admin, or a liaison whom R5 lets mend an organization of the route."""
    if transfer.state is not TransferState.IN_PROGRESS or not may_view_transfer(transfer, actor):
        return False
    if actor.is_provincial_admin:
        return True
    prefixes = {ancestor for step in transfer.steps for ancestor in ancestor_ids(step.organization.path)}
    return any(identity in prefixes for identity in actor.liaison_paths)


def may_urge(transfer: Transfer, actor: Actor) -> bool:
    """R47: the applicant's side, and liaisons of what stands above the waiting organization or has handled a step."""
    place = transfer.current_organization
    if place is None:
        return False
    above = any(place.path.startswith(path) and path != place.path for path in actor.liaison_paths.values())
    handled = any(
        step.state is StepState.DONE and step.organization_id in actor.liaison_paths for step in transfer.steps
    )
    return is_applicant_side(transfer, actor) or above or (handled and place.id not in actor.liaison_paths)


# --- Applying ----------------------------------------------------------------------------------------------------


def apply_paths(actor: Actor) -> tuple[str, ...]:
    """The subtrees for whose members the actor may apply as a liaison (R18)."""
    return tuple(actor.liaison_paths.values())


def applicable_members(actor: Actor) -> ColumnElement[bool]:
    """Members for whom the actor may apply: those of the own subtrees, and oneself (R18)."""
    return or_(within(Member.org_path, apply_paths(actor)), Member.id == (actor.member_id or 0))


def submitting_organization(member: Member, actor: Actor) -> int | None:
    """R18, spec §6: the lowest organization at or above the member's whose effective liaison the actor is.

    None where the actor is the member, or is no liaison there.
    """
    if actor.member_id == member.id:
        return None
    return next((i for i in reversed(ancestor_ids(member.org_path)) if i in actor.liaison_paths), None)


# --- Data --------------------------------------------------------------------------------------------------------


def may_keep_data(actor: Actor) -> bool:
    """Provincial admins maintain organizations, members, levels (spec §1)."""
    return actor.is_provincial_admin


def is_liaison(actor: Actor) -> bool:
    return bool(actor.liaison_paths)


def may_edit_member(actor: Actor, member: Member) -> bool:
    """A provincial admin everywhere, a liaison in the own subtree."""
    return actor.is_provincial_admin or is_within(member.org_path, apply_paths(actor))


def may_set_level(actor: Actor, organization: Organization, *levels: PermissionLevel | None) -> bool:
    """R5: a provincial admin; a liaison for the own subtree, strictly above it where a level (old, new) asks."""
    if organization.is_holding:
        return False
    if actor.is_provincial_admin:
        return True
    strictly = any(level is not None and level.set_from_above for level in levels)
    return any(
        organization.path.startswith(path) and not (strictly and organization.path == path)
        for path in actor.liaison_paths.values()
    )


def may_read_id_number(actor: Actor, member: Member) -> bool:
    """R49: whose duty needs it: a provincial admin everywhere, a liaison in the own subtree; no auditor."""
    return may_edit_member(actor, member)


# --- Accounts and grants -----------------------------------------------------------------------------------------


def accounts_visible(actor: Actor) -> ColumnElement[bool]:
    """Accounts of the members and of the organizations of the subtrees that the actor reads."""
    return within(Account.org_path, visible_paths(actor))


def grants_visible(actor: Actor) -> ColumnElement[bool]:
    """Grants on the organizations that the actor reads; those on none only a provincial admin reads."""
    if actor.is_provincial_admin:
        return true()
    granted_on = select(Organization.id).where(Organization.id == RoleGrant.organization_id)
    return granted_on.where(organizations_visible(actor)).exists()


def may_grant(actor: Actor, role: RoleCode, organization: Organization | None) -> bool:
    """R11, to grant as to revoke: a provincial admin every role everywhere, a liaison 联络员 in the own subtree."""
    if actor.is_provincial_admin:
        return True
    return role is RoleCode.LIAISON and organization is not None and is_within(organization.path, apply_paths(actor))


def grantable_members(actor: Actor) -> ColumnElement[bool]:
    """R10: whom the actor may grant a role: any member of the own subtree, a provincial admin any member."""
    return within(Member.org_path, EVERYTHING if actor.is_provincial_admin else apply_paths(actor))


def sleeps_because(grant: RoleGrant) -> str:
    """Why a grant has no effect today, in words; "" where it has. Needs account, member and organization loaded.

    A secretary's grant is a record, never a permission (spec §1).
    """
    account, organization = grant.account, grant.organization
    reasons = (
        (not account.is_active, N_("账号已停用，暂不生效")),
        (organization is not None and not organization.is_active, N_("组织已停用，暂不生效")),
        (grant.role_code is RoleCode.SECRETARY, N_("仅作记录")),
        (
            grant.role_code is RoleCode.LIAISON
            and account.member is not None
            and account.member.phone_activated_at is None,
            N_("未激活，暂不生效"),
        ),
    )
    return next((words for asleep, words in reasons if asleep), "")


# --- Auditing ----------------------------------------------------------------------------------------------------


def may_audit(actor: Actor) -> bool:
    """Auditors and provincial admins read the audit log and prove the whole history (spec §1, R48, R49)."""
    return actor.is_provincial_admin or bool(actor.auditor_paths)


def happened_within(
    path: InstrumentedAttribute[str], paths: Sequence[str], *, found_otherwise: bool = False
) -> ColumnElement[bool]:
    """The condition that an entry's path, which is that of its time, passes one of the organizations.

    Not `within`: an entry stays with whom it was then, whatever has been moved since, and with an organization that
    has itself been moved. An index at the organization's depth gives its rows in the order of time (`place_indexes`).
    `found_otherwise`: another condition is the one to look up; a large subtree is then only checked, and so it is
    beside others, whose rows would all have to be sorted.
    """
    wanted: list[ColumnElement[bool]] = []
    for at in paths:
        if at == "":
            return true()
        depth = len(at) // PATH_WIDTH
        passed = segment(path, depth)
        only_checked = depth <= LARGE_DEPTH and (found_otherwise or len(paths) > 1)
        wanted.append((Checked(passed) if only_checked else passed) == at[-PATH_WIDTH:])
    return or_(false(), *wanted)


def history_visible(actor: Actor) -> ColumnElement[bool]:
    """What was done by organizations of the actor's subtrees, and all that was done on transfers that they see."""
    seen = select(Transfer.id).where(Transfer.id == HistoryEntry.transfer_id, transfers_visible(actor))
    return or_(happened_within(HistoryEntry.path, visible_paths(actor)), seen.exists())


def audit_visible(actor: Actor) -> ColumnElement[bool]:
    """The audit log: of the own subtrees; at the top of the tree also what concerns no organization, such as sign-ins.

    No liaison reads it.
    """
    if actor.is_provincial_admin:
        return true()
    here = happened_within(AuditEntry.path, actor.auditor_paths)
    if any(post.role is RoleCode.AUDITOR and post.at_the_top for post in actor.posts):
        return or_(here, AuditEntry.path == "")
    return here
