"""【组织】: the tree beside the list, each organization's page; provincial admins keep the data (R1, R5, R12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import abort, g, request, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import joinedload
from wtforms import BooleanField, SelectField
from wtforms.fields import SelectChoice

from admin_views.access import current_actor
from admin_views.base import ScopedView
from admin_views.forms import LARGEST_ID, Needed, PickerField, RowForm, TextField, labels, read_id
from admin_views.languages import level_name
from admin_views.listing import Asked, Column, Filter, Search, by_label, containing
from admin_views.lookups import names_above
from admin_views.translating import gettext as _
from models import COMMITTEE_KINDS, Organization, OrganizationKind, PermissionLevel, ancestor_ids, db
from models.prepared import BY_KEYS
from workflow import actors, organizations, outlook, policy
from workflow.actors import Actor
from workflow.outlook import Outlook

UNSET = "none"
ON_ROUTES = ("parent_id", "level_rank", "kind", "is_active")
"""What of an organization routes depend on."""


def levels() -> Sequence[PermissionLevel]:
    """The permission levels, highest first: a handful of rows."""
    return db.session.scalars(select(PermissionLevel).order_by(PermissionLevel.rank).execution_options(**BY_KEYS)).all()


def level_words(level: PermissionLevel) -> str:
    """A level as a choice: its rank and its name."""
    return f"{level.rank} · {level_name(level)}"


def level_choices() -> list[SelectChoice]:
    """The choices of a level field, the unset one first."""
    return [SelectChoice("", _("未设置")), *(SelectChoice(level.rank, level_words(level)) for level in levels())]


def optional_int(value: Any) -> int | None:
    """A choice or a typed number as the database takes it; "" is none. Raises `ValueError`."""
    number = int(value) if value not in ("", None) else None
    if number is not None and not 0 <= number <= LARGEST_ID:
        raise ValueError("out of the range of an id")
    return number


def level_of(organization: Organization) -> str:
    """The level in words; a committee without one is said to have none (R3)."""
    return level_name(organization.level) if organization.level else "" if organization.is_holding else _("未设置")


def level_briefly(organization: Organization) -> str:
    """The level by its rank, where a list has no room for its name."""
    return _("%(rank)s级", rank=organization.level_rank) if organization.level_rank else level_of(organization)


def level_tone(organization: Organization) -> str:
    """Only what is missing where it matters stands out: on a committee, which transfers then pass through (R12)."""
    return "back" if organization.level_rank is None and organization.kind in COMMITTEE_KINDS else ""


def in_use(organization: Organization) -> str:
    return _("启用") if organization.is_active else _("已停用")


class OrganizationForm(RowForm):
    """One organization."""

    aliases = {"parent": "parent_id", "level": "level_rank"}

    name = TextField(_l("组织名称"), [Needed()])
    code = TextField(_l("组织代码"), [Needed()], description=_l("全省唯一，导入数据时用它来对应组织。"))
    kind = SelectField(
        _l("组织类型"),
        [Needed()],
        coerce=OrganizationKind,
        choices=labels(OrganizationKind),
    )
    parent_id = PickerField(
        _l("上级组织"), purpose="parent", description=_l("根组织和省外、特殊、未知、临时组织没有上级组织。")
    )
    level_rank = SelectField(
        _l("权限级别"),
        coerce=optional_int,
        description=_l("可以不设置；未设置的组织在流程中只经过，不具备审批资格。"),
    )
    contact_name = TextField(_l("联系人"))
    contact_phone = TextField(_l("联系电话"))
    is_active = BooleanField(_l("启用"), default=True, description=_l("还有下级组织、党员或未办结环节的组织不能停用。"))

    def prepare(self, row: Organization | None) -> None:
        self.level_rank.choices = level_choices()
        self.parent_id.show(picked(self.parent_id.data))

    def fill_from(self, args: Mapping[str, str]) -> None:
        self.parent_id.data = read_id(args.get("org"))
        self.parent_id.show(picked(self.parent_id.data))


def picked(identity: int | None) -> tuple[str, str]:
    """The name of a picked organization and the names above it, as far as the actor may know them."""
    row = visible(identity)
    return (row.name, names_above([row])[row.id]) if row else ("", "")


def visible(identity: int | None) -> Organization | None:
    """The organization with this id, its level with it; None outside the actor's scope."""
    if identity is None:
        return None
    query = select(Organization).where(Organization.id == identity, policy.organizations_visible(current_actor()))
    found: Organization | None = db.session.scalar(query.options(joinedload(Organization.level)))
    return found


class OrganizationTree:
    """Mixed into the views that show the tree: which organization is chosen, and the way to it."""

    def chosen(self) -> Organization | None:
        """The organization that `org` in the URL names, None without it; not found outside the actor's scope."""
        if "chosen_organization" not in g:
            g.chosen_organization = visible(read_id(request.args.get("org")))
        found: Organization | None = g.chosen_organization
        if found is None and "org" in request.args:
            abort(404)
        return found


def tree_of(organization: Organization | None) -> dict[str, Any]:
    """What the tree's macro takes."""
    if organization is None:
        return {"selected": None, "open_ids": [], "name": ""}
    return {
        "selected": organization.id,
        "open_ids": ancestor_ids(organization.path),
        "name": organization.name,
    }


def with_level(value: str) -> ColumnElement[bool]:
    """The condition of the level filter."""
    return Organization.level_rank.is_(None) if value == UNSET else Organization.level_rank == int(value)


class OrganizationView(OrganizationTree, ScopedView):
    """【组织】: the organizations of the actor's subtrees, in the order of the tree."""

    model = Organization
    scope = staticmethod(policy.organizations_visible)
    order = (Organization.path, Organization.id)
    loading = (joinedload(Organization.level), joinedload(Organization.parent))
    noun = _l("组织")
    columns = (
        Column(_l("组织"), lambda row: row.name, note=lambda row: row.code),
        Column(_l("类型"), lambda row: _(row.kind.label), brief=True),
        Column(_l("权限级别"), level_briefly, tone=level_tone, brief=True),
        Column(_l("上级组织"), lambda row: row.parent.name if row.parent else ""),
        Column(_l("联系人"), lambda row: row.contact_name, note=lambda row: row.contact_phone),
        Column(_l("状态"), lambda row: "" if row.is_active else _("已停用"), tone=lambda row: "end"),
    )
    facts = (
        Column(_l("组织代码"), lambda row: row.code),
        Column(_l("类型"), lambda row: _(row.kind.label)),
        Column(_l("上级组织"), lambda row: row.parent.name if row.parent else ""),
        Column(_l("权限级别"), level_of, tone=level_tone),
        Column(_l("联系人"), lambda row: row.contact_name),
        Column(_l("联系电话"), lambda row: row.contact_phone),
        Column(_l("状态"), in_use, tone=lambda row: "done" if row.is_active else "end"),
    )
    finder = Search(_l("组织名称"), containing(Organization.name))
    choices = (
        by_label("kind", _l("全部类型"), Organization.kind, OrganizationKind),
        Filter(
            "level",
            _l("全部级别"),
            lambda: [(UNSET, _("未设置")), *((str(level.rank), level_words(level)) for level in levels())],
            with_level,
        ),
    )
    exports = True
    empty = (_l("还没有组织"), _l("您管理范围内的组织将显示在这里。"))
    form_class = OrganizationForm
    details_template = "organizations/details.html"

    def may_open(self, actor: Actor) -> bool:
        return bool(policy.visible_paths(actor))

    def may_create(self, actor: Actor) -> bool:
        return policy.may_keep_data(actor)

    def may_delete(self, actor: Actor, row: Organization) -> bool:
        return policy.may_keep_data(actor)

    def editable(self, actor: Actor, row: Organization) -> Sequence[str]:
        return organizations.EDITABLE if policy.may_keep_data(actor) else ()

    def create(self, actor: Actor, fields: dict[str, Any]) -> Organization:
        return organizations.create_organization(actor, **fields)

    def change(self, actor: Actor, row: Organization, fields: dict[str, Any]) -> None:
        organizations.change_organization(actor, row, **fields)

    def foresee(self, actor: Actor, row: Organization, fields: dict[str, Any]) -> Outlook | None:
        if all(fields.get(name, getattr(row, name)) == getattr(row, name) for name in ON_ROUTES):
            return None
        return outlook.foresee(row, lambda: organizations.change_organization(actor, row, **fields))

    def delete(self, actor: Actor, row: Organization) -> None:
        organizations.delete_organization(actor, row)

    def listed(self, asked: Asked) -> Select[Any]:
        organization = self.chosen()
        query = super().listed(asked)
        return query if organization is None else query.where(policy.within(Organization.path, [organization.path]))

    def beside_list(self, asked: Asked) -> dict[str, Any]:
        organization = self.chosen()
        return {"tree": tree_of(organization), "place": {"org": organization.id} if organization else {}}

    def beside_details(self, row: Organization) -> dict[str, Any]:
        actor = current_actor()
        return {
            "above": names_above([row])[row.id],
            "liaisons": actors.liaison_names({row.id})[row.id],
            "level_url": url_for("level-setting.index_view", org=row.id) if policy.may_set_level(actor, row) else "",
            "members_url": url_for("members.index_view", org=row.id),
        }
