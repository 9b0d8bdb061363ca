"""What pickers and the tree ask for as one types or opens: JSON, scoped, bounded, a constant number of statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased, joinedload

from admin_views.access import current_actor
from admin_views.forms import read_id
from admin_views.listing import containing, starting_with, typed
from admin_views.translating import gettext as _
from models import COMMITTEE_KINDS, HOLDING_KINDS, Account, Member, Organization, OrganizationKind, ancestor_ids, db
from models.prepared import BY_KEYS
from workflow import applications, areas, claims, grants, members, policy
from workflow.actors import Actor
from workflow.policy import EVERYTHING

LIMIT = 20
MOST_ABOVE = 50
PARENT_KINDS = COMMITTEE_KINDS | {OrganizationKind.GENERAL_BRANCH}

pages = Blueprint("lookup", __name__, url_prefix="/lookup")


# --- The tree ---


@pages.route("/tree")
def tree() -> ResponseReturnValue:
    """The children of an organization of the scope; without `parent`, the tops of the scope."""
    actor = current_actor()
    child = aliased(Organization)
    has_children = select(child.id).where(child.parent_id == Organization.id).exists()
    rows = db.session.execute(
        select(Organization, has_children)
        .where(policy.organizations_visible(actor), _below(actor))
        .order_by(Organization.parent_id, Organization.id)
    )
    return jsonify([_node(organization, more) for organization, more in rows])


def _below(actor: Actor) -> ColumnElement[bool]:
    if "parent" in request.args:
        return Organization.parent_id == (read_id(request.args["parent"]) or 0)
    tops = policy.visible_paths(actor)
    return Organization.parent_id.is_(None) if tops == EVERYTHING else Organization.path.in_(tops)


def _node(organization: Organization, has_children: bool) -> dict[str, Any]:
    is_committee = organization.kind in COMMITTEE_KINDS
    unset = is_committee and organization.level_rank is None
    label = ""
    if is_committee:
        label = _("未设置") if unset else _("%(rank)s级", rank=organization.level_rank)
    return {
        "id": organization.id,
        "name": organization.name,
        "kind": organization.kind.value,
        "level": organization.level_rank,
        "level_label": label,
        "level_unset": unset,
        "is_active": organization.is_active,
        "has_children": has_children,
    }


# --- Pickers ---


def _destination(_actor: Actor) -> ColumnElement[bool]:
    return applications.destination_branches()


def _entering(actor: Actor) -> ColumnElement[bool]:
    """R42: branches of the registering organization `org`."""
    return claims.branches(actor, read_id(request.args.get("org")))


def _parent(actor: Actor) -> ColumnElement[bool]:
    return and_(
        policy.organizations_visible(actor), Organization.kind.in_(PARENT_KINDS), Organization.is_active.is_(True)
    )


def _home(actor: Actor) -> ColumnElement[bool]:
    return and_(
        policy.organizations_visible(actor),
        Organization.kind.in_(members.MEMBER_KINDS),
        Organization.is_active.is_(True),
    )


def _has_accounts(actor: Actor) -> ColumnElement[bool]:
    return and_(
        policy.organizations_visible(actor),
        Organization.kind.not_in(HOLDING_KINDS),
        Organization.is_active.is_(True),
    )


PURPOSES = {
    "destination": _destination,
    "reassign": applications.branches_to_reassign,
    "entering": _entering,
    "parent": _parent,
    "home": _home,
    "account": _has_accounts,
    "scope": policy.organizations_visible,
}
"""What an organization is looked for: as a destination, as another one (R44), as the one of who enters (R42), a
parent, a member's home, what a virtual account belongs to, anything of the scope."""


@pages.route("/organizations")
def organizations() -> ResponseReturnValue:
    """Organizations whose name contains `q`, each with the names above it. `for` is one of `PURPOSES`."""
    actor = current_actor()
    allowed = PURPOSES.get(request.args.get("for", "scope"))
    if allowed is None:
        abort(404)
    query = select(Organization).where(allowed(actor), _named(containing(Organization.name), Organization.path))
    rows = db.session.scalars(query.order_by(Organization.name, Organization.id).limit(LIMIT + 1)).all()
    above = names_above(rows)
    return _offered([{"value": row.id, "label": row.name, "detail": above[row.id]} for row in rows])


@pages.route("/areas")
def divisions() -> ResponseReturnValue:
    """The divisions inside the one with the code `in`, and whether they are cities (R42)."""
    current_actor()
    area = areas.find(request.args.get("in", ""))
    if area is None:
        abort(404)
    return jsonify(
        {"cities": area.has_cities, "areas": [{"code": place.code, "name": place.name} for place in area.inside]}
    )


@pages.route("/members", endpoint="members")
def members_by_name() -> ResponseReturnValue:
    """Members for whom the actor may apply, by the beginning of their name."""
    rows = _people(policy.applicable_members(current_actor()))
    return _offered(
        [
            {"value": row.key, "label": row.name, "detail": f"{row.id_number_masked} · {row.organization.name}"}
            for row in rows
        ]
    )


@pages.route("/people")
def people() -> ResponseReturnValue:
    """Members whom the actor may grant a role, by the beginning of their name, with what stands in the way (R10)."""
    rows = _people(policy.grantable_members(current_actor()))
    return _offered([{"value": row.key, "label": row.name, "detail": person_in_words(row)} for row in rows])


def _people(allowed: ColumnElement[bool]) -> Sequence[Member]:
    """Those of the members whom `q` names, one more than are shown; nobody where nothing was typed."""
    if not _asked():
        return []
    query = (
        select(Member)
        .where(allowed, _named(starting_with(Member.name), Member.org_path))
        .options(joinedload(Member.organization))
        .order_by(Member.name, Member.id)
    )
    return db.session.scalars(query.limit(LIMIT + 1)).all()


def person_in_words(member: Member) -> str:
    """What tells a member from another of the same name, and whether a role could sleep."""
    words = [member.id_number_masked, member.organization.name]
    return " · ".join(words if member.phone_activated_at else [*words, _("手机未激活")])


@pages.route("/accounts")
def accounts() -> ResponseReturnValue:
    """Accounts of no member, by the beginning of their username, to be granted a role on the organization `org`.

    Those of the organization itself (R10); a data keeper, who grants other roles too, finds every other one as well.
    """
    actor, text = current_actor(), _asked()
    organization = db.session.get(Organization, read_id(request.args.get("org")) or 0)
    if not grants.grantable_roles(actor, organization):
        return jsonify([])
    own = Account.organization_id == (organization.id if organization else 0)
    rows = db.session.scalars(
        select(Account)
        .where(
            Account.member_id.is_(None),
            starting_with(Account.username)(text),
            true() if text and policy.may_keep_data(actor) else own,
        )
        .options(joinedload(Account.organization))
        .order_by(Account.username)
        .limit(LIMIT + 1)
    )
    return _offered(
        [
            {"value": row.key, "label": row.username, "detail": row.organization.name if row.organization else ""}
            for row in rows
        ]
    )


def _named(name: Callable[[str], ColumnElement[bool]], path: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """What `q` asks for: a name; or, word by word, a name and what stands above it: 第一支部 鼓楼.

    `name` looks for a text in the names. Nothing but further words costs a statement of its own, each.
    """
    first, *more = _asked().split() or [""]
    if not more:
        return name(first)
    inside = [policy.within(path, _paths_named(word)) for word in more]
    return or_(name(_asked()), and_(name(first), *inside))


def _paths_named(word: str) -> Sequence[str]:
    """The organizations whose name contains a word, as far as others stand below them: the highest, for they count."""
    query = select(Organization.path).where(containing(Organization.name)(word), Organization.kind.in_(PARENT_KINDS))
    return db.session.scalars(query.order_by(func.length(Organization.path), Organization.id).limit(MOST_ABOVE)).all()


def _offered(rows: list[dict[str, Any]]) -> ResponseReturnValue:
    """The rows that a picker shows; a header says that there are more."""
    answer = jsonify(rows[:LIMIT])
    if len(rows) > LIMIT:
        answer.headers["X-More"] = "1"
    return answer


def names_above(rows: Sequence[Organization]) -> Mapping[int, str]:
    """organization id -> the names above it, highest first, in one statement for all of them."""
    ways = {row.id: ancestor_ids(row.path)[:-1] for row in rows}
    wanted = {identity for way in ways.values() for identity in way}
    if not wanted:
        return dict.fromkeys(ways, "")
    query = select(Organization.id, Organization.name).where(Organization.id.in_(wanted))
    rows_above = db.session.execute(query.execution_options(**BY_KEYS))
    names = {row.id: row.name for row in rows_above}
    return {identity: " / ".join(names[step] for step in way if step in names) for identity, way in ways.items()}


def _asked() -> str:
    return typed(request.args.get("q", ""))
