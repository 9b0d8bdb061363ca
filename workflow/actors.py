"""Who is asking: an account as it stands now, what it is granted and which of that is effective (spec §1, R8).

One statement reads it all, since every request begins with it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select
from sqlalchemy.orm import aliased

from models import HOLDING_KINDS, Account, Member, Organization, RoleCode, RoleGrant, db
from models.prepared import BY_KEYS
from workflow.errors import N_

VIRTUAL_ADMIN = N_("虚拟管理员")


@dataclass(frozen=True)
class Post:
    """One grant of an account, for display and scope."""

    role: RoleCode
    organization_id: int | None
    organization_name: str
    path: str
    effective: bool
    at_the_top: bool = False
    """On the root of the tree (R1), below which everything lies."""


@dataclass(frozen=True)
class Actor:
    """An account as it stands now. `sole_liaison_of`: organizations with no other effective liaison."""

    account_id: int
    username: str
    name: str
    member_id: int | None
    member_key: str | None
    posts: tuple[Post, ...]
    sole_liaison_of: frozenset[int]
    password_is_initial: bool = False
    """The password is known to whoever set it: it must be replaced before anything else."""

    @property
    def liaison_paths(self) -> dict[int, str]:
        """Organization id -> path of each organization whose effective liaison this is."""
        return {
            post.organization_id: post.path
            for post in self.posts
            if post.role is RoleCode.LIAISON and post.effective and post.organization_id is not None
        }

    @property
    def sleeping(self) -> bool:
        """Holds 联络员 somewhere without effect: the phone is not activated, or the organization is not active."""
        return any(post.role is RoleCode.LIAISON and not post.effective for post in self.posts)

    @property
    def is_provincial_admin(self) -> bool:
        return any(post.role is RoleCode.PROVINCIAL_ADMIN for post in self.posts)

    @property
    def auditor_paths(self) -> tuple[str, ...]:
        return tuple(post.path for post in self.posts if post.role is RoleCode.AUDITOR)


def effective_liaison() -> ColumnElement[bool]:
    """The condition on grant, account, member and organization rows that makes a grant one of an *effective liaison*.

    A virtual admin account needs no activated phone, a formal one does (spec §1); nobody acts for a deactivated org.
    """
    return and_(
        RoleGrant.role_code == RoleCode.LIAISON,
        Account.is_active.is_(True),
        Organization.is_active.is_(True),
        or_(Account.member_id.is_(None), Member.phone_activated_at.is_not(None)),
    )


def effective_liaison_grants() -> Select[int | None, int, str]:
    """(organization id, account id, member name) of every effective liaison; narrow it with `.where`."""
    return (
        select(RoleGrant.organization_id, Account.id, Member.name)
        .join(RoleGrant.account)
        .join(RoleGrant.organization)
        .outerjoin(Member, Account.member_id == Member.id)
        .where(effective_liaison())
    )


def liaison_names(organization_ids: Collection[int]) -> dict[int | None, list[str]]:
    """The effective liaisons of each organization, for previews and charts (R45); nobody learns a username by it."""
    names: dict[int | None, list[str]] = {identity: [] for identity in organization_ids}
    rows = effective_liaison_grants().where(RoleGrant.organization_id.in_(organization_ids)).order_by(RoleGrant.id)
    for organization_id, _account, member_name in db.session.execute(rows.execution_options(**BY_KEYS)):
        names[organization_id].append(member_name or VIRTUAL_ADMIN)
    return names


def load(account_id: int) -> Actor | None:
    """The actor of an account, or None where it is unknown or closed; one statement."""
    return _load(db.session.execute(_BY_ID, {"id": account_id}).all())


def signed_in(key: str, session_token: str) -> Actor | None:
    """The actor whom a session names by the account's key and session token; one statement."""
    return _load(db.session.execute(_BY_SESSION, {"key": key, "session_token": session_token}).all())


def _load(rows: Sequence[Any]) -> Actor | None:
    if not rows:
        return None
    first = rows[0]
    granted = [row for row in rows if row.role_code is not None]
    posts = tuple(_post(row) for row in granted)
    return Actor(
        account_id=first.id,
        username=first.username,
        name=_name(first.member_name, first.owner_name, first.username),
        member_id=first.member_id,
        member_key=first.member_key,
        posts=posts,
        password_is_initial=first.password_is_initial,
        sole_liaison_of=frozenset(
            row.organization_id
            for row, post in zip(granted, posts, strict=True)
            if post.role is RoleCode.LIAISON and post.effective and not row.shared
        ),
    )


def _everything_of_an_account() -> Select[*tuple[Any, ...]]:
    """One row a grant, a single one where there is none; `shared`: the organization has another effective liaison."""
    owner, other = aliased(Organization), aliased(RoleGrant)
    colleague, colleague_member = aliased(Account), aliased(Member)
    shared = (
        select(other.id)
        .join(colleague, other.account_id == colleague.id)
        .outerjoin(colleague_member, colleague.member_id == colleague_member.id)
        .where(
            other.organization_id == RoleGrant.organization_id,
            other.role_code == RoleCode.LIAISON,
            other.account_id != RoleGrant.account_id,
            colleague.is_active.is_(True),
            or_(colleague.member_id.is_(None), colleague_member.phone_activated_at.is_not(None)),
        )
        .exists()
    )
    return (
        select(
            Account.id,
            Account.username,
            Account.member_id,
            Account.password_is_initial,
            Member.key.label("member_key"),
            Member.name.label("member_name"),
            Member.phone_activated_at,
            owner.name.label("owner_name"),
            RoleGrant.role_code,
            RoleGrant.organization_id,
            Organization.name.label("organization_name"),
            Organization.path,
            Organization.kind,
            Organization.parent_id,
            Organization.is_active,
            shared.label("shared"),
        )
        .select_from(Account)
        .outerjoin(Member, Account.member_id == Member.id)
        .outerjoin(owner, Account.organization_id == owner.id)
        .outerjoin(RoleGrant, RoleGrant.account_id == Account.id)
        .outerjoin(Organization, RoleGrant.organization_id == Organization.id)
        .where(Account.is_active.is_(True))
        .order_by(RoleGrant.id)
        .execution_options(**BY_KEYS)
    )


_BY_ID = _everything_of_an_account().where(Account.id == bindparam("id"))
_BY_SESSION = _everything_of_an_account().where(
    Account.key == bindparam("key"), Account.session_token == bindparam("session_token")
)


def _post(row: Any) -> Post:
    activated = row.member_id is None or row.phone_activated_at is not None
    return Post(
        role=row.role_code,
        organization_id=row.organization_id,
        organization_name=row.organization_name or "",
        path=row.path or "",
        effective=row.role_code is not RoleCode.LIAISON or (activated and bool(row.is_active)),
        at_the_top=row.organization_id is not None and row.parent_id is None and row.kind not in HOLDING_KINDS,
    )


def name_of(account: Account) -> str:
    """What people call it: the member's name, 军门第一支部（虚拟管理员）; else the username. Needs the owner loaded."""
    return _name(
        account.member.name if account.member else None,
        account.organization.name if account.organization else None,
        account.username,
    )


def _name(member: str | None, organization: str | None, username: str) -> str:
    if member:
        return member
    return f"{organization}（{VIRTUAL_ADMIN}）" if organization else username
