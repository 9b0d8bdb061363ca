"""【组织权限级别】, what each level qualifies for; 【组织VPN权限设置】, which organization has which (R2-R5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select, true
from sqlalchemy.orm import joinedload
from wtforms import BooleanField

from admin_views import reviewing
from admin_views.access import PanelView, current_actor, in_words
from admin_views.base import UNPROCESSABLE, ScopedView
from admin_views.forms import Needed, RowForm, TextField
from admin_views.languages import level_name
from admin_views.listing import Column
from admin_views.lookups import names_above
from admin_views.organizations import OrganizationTree, level_words, levels, optional_int, tree_of, visible
from admin_views.translating import gettext as _
from models import COMMITTEE_KINDS, Organization, PermissionLevel, ancestor_ids, db
from workflow import actors, organizations, outlook, policy
from workflow.actors import Actor
from workflow.errors import RuleError
from workflow.outlook import Outlook
from workflow.transaction import changed_meanwhile, transaction

QUALIFICATIONS = {
    "approves_committee": _l("党（工）委审批"),
    "approves_leaving": _l("县委审批（转出、转入省外）"),
    "registers_entering": _l("省外转入登记"),
}


def qualified_for(level: PermissionLevel | None) -> list[str]:
    """What a level qualifies for, in words; an unset one for nothing (R3)."""
    return [str(words) for name, words in QUALIFICATIONS.items() if level is not None and getattr(level, name)]


class LevelForm(RowForm):
    """One permission level."""

    name = TextField(_l("级别名称"), [Needed()])
    approves_committee = BooleanField(
        QUALIFICATIONS["approves_committee"], description=_l("流程逐级上报，到第一个具备此资格的组织为止。")
    )
    approves_leaving = BooleanField(
        QUALIFICATIONS["approves_leaving"], description=_l("转出省外、转到特殊组织和省外转入由具备此资格的组织审批。")
    )
    registers_entering = BooleanField(
        QUALIFICATIONS["registers_entering"], description=_l("可以为外省转入的党员登记申请。")
    )


def _qualification_column(name: str, words: Any) -> Column:
    return Column(words, lambda row: _("可以") if getattr(row, name) else "", tone=lambda row: "done")


class LevelView(ScopedView):
    """【组织权限级别】: the seven rows; a provincial admin may change them, everybody with a role may read them."""

    model = PermissionLevel
    scope = staticmethod(lambda _actor: true())
    address = "rank"
    order = (PermissionLevel.rank,)
    noun = _l("级别")
    columns = (
        Column(_l("级别"), level_words),
        *(_qualification_column(name, words) for name, words in QUALIFICATIONS.items()),
        Column(
            _l("由谁设置"),
            lambda row: _("上级组织或省级管理员") if row.set_from_above else _("所辖联络员或省级管理员"),
        ),
    )
    empty = (_l("还没有权限级别"), "")
    form_class = LevelForm

    def may_open(self, actor: Actor) -> bool:
        return bool(policy.visible_paths(actor))

    def row_name(self, row: PermissionLevel) -> str:
        return f"“{level_name(row)}”"

    def _show_form(self, form: RowForm, row: PermissionLevel) -> str:
        return self.render(self.form_template, form=form, row=row, named=level_name(row), back=self.after_saving(row))

    def may_delete(self, actor: Actor, row: PermissionLevel) -> bool:
        return policy.may_keep_data(actor)

    def editable(self, actor: Actor, row: PermissionLevel) -> Sequence[str]:
        return organizations.LEVEL_EDITABLE if policy.may_keep_data(actor) else ()

    def change(self, actor: Actor, row: PermissionLevel, fields: dict[str, Any]) -> None:
        organizations.change_level(actor, row, **fields)

    def foresee(self, actor: Actor, row: PermissionLevel, fields: dict[str, Any]) -> Outlook | None:
        if all(fields.get(name, getattr(row, name)) == getattr(row, name) for name in QUALIFICATIONS):
            return None
        return outlook.foresee(None, lambda: organizations.change_level(actor, row, **fields))

    def delete(self, actor: Actor, row: PermissionLevel) -> None:
        organizations.delete_level(actor, row)


class LevelSettingView(OrganizationTree, PanelView):
    """【组织VPN权限设置】: choose an organization in the tree, its level in the first row, 【保存】."""

    def may_open(self, actor: Actor) -> bool:
        return policy.is_liaison(actor) or policy.may_keep_data(actor)

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        return self._shown(self.chosen() or self._top(), "")

    @expose("/save", methods=("POST",))
    def save(self) -> ResponseReturnValue:
        organization = self.chosen()
        if organization is None:
            abort(404)
        here = url_for(".index_view", org=organization.id)
        if request.form.get("version") != str(organization.version):
            flash(_("该记录已被他人修改。下面是最新内容，请核对后重新设置。"), "error")
            return redirect(here, 303)
        actor, identity, name = current_actor(), organization.id, organization.name
        try:
            rank = optional_int(request.form.get("level_rank", ""))
            foreseen = outlook.foresee(organization, lambda: organizations.set_level(actor, organization, rank))
            if request.form["version"] != str(organization.version):  # foreseeing has let go of it
                raise changed_meanwhile()
            if reviewing.must_be_seen(foreseen):
                return self.render("admin/model/review.html", subject=name, back=here, **reviewing.shown(foreseen))
            with transaction():
                organizations.set_level(actor, organization, rank)
        except ValueError:
            return self._shown(visible(identity), _("没有这个权限级别，请重新选择。")), UNPROCESSABLE
        except RuleError as error:
            return self._shown(visible(identity), in_words(error)), UNPROCESSABLE
        flash(_("已保存“%(name)s”的权限级别。", name=name), "success")
        reviewing.replan_if_asked(foreseen, actor)
        return redirect(here, 303)

    def _top(self) -> Organization | None:
        """What is shown before anything is chosen: the top of the actor's scope."""
        tops = policy.visible_paths(current_actor())
        found: Organization | None = db.session.scalar(
            select(Organization)
            .where(policy.within(Organization.path, tops), Organization.kind.in_(COMMITTEE_KINDS))
            .options(joinedload(Organization.level))
            .order_by(Organization.path)
            .limit(1)
        )
        return found

    def _shown(self, organization: Organization | None, error: str) -> str:
        actor = current_actor()
        offered = [(level, _may_hold(actor, organization, level)) for level in levels()] if organization else []
        return self.render(
            "levels/setting.html",
            organization=organization,
            tree=tree_of(organization),
            offered=offered,
            may_unset=organization is not None and policy.may_set_level(actor, organization, organization.level),
            qualified=qualified_for(organization.level) if organization else [],
            above=names_above([organization])[organization.id] if organization else "",
            ancestor=_nearest_levelled(organization) if organization else None,
            liaisons=actors.liaison_names({organization.id})[organization.id] if organization else [],
            error=error,
        )


def _may_hold(actor: Actor, organization: Organization, level: PermissionLevel) -> bool:
    """Whether the actor may choose a level: what the tree says of it is told by the workflow on saving."""
    return policy.may_set_level(actor, organization, organization.level, level)


def _nearest_levelled(organization: Organization) -> Organization | None:
    """The nearest organization above that has a level."""
    found: Organization | None = db.session.scalar(
        select(Organization)
        .where(Organization.id.in_(ancestor_ids(organization.path)[:-1]), Organization.level_rank.is_not(None))
        .options(joinedload(Organization.level))
        .order_by(func.length(Organization.path).desc())
        .limit(1)
    )
    return found
