"""【角色赋权管理】: choose an organization, who holds which role there; grant and revoke (R10, R11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload
from wtforms.fields import SelectChoice

from admin_views.access import current_actor
from admin_views.base import UNPROCESSABLE, ScopedView
from admin_views.doing import Doing
from admin_views.forms import ChecksField, KeyPickerField, Needed, RowForm, TextField
from admin_views.languages import joined, person_name
from admin_views.listing import Asked, Column
from admin_views.lookups import names_above, person_in_words
from admin_views.organizations import OrganizationTree, tree_of
from admin_views.record import full_moment
from admin_views.translating import gettext as _
from models import Account, Member, Organization, RoleCode, RoleGrant, db
from workflow import accounts, actors, grants, policy
from workflow.actors import Actor

VIRTUAL, MEMBER = "virtual", "member"
KINDS: Mapping[str, Any] = {MEMBER: _l("党员"), VIRTUAL: _l("虚拟管理员")}


def standing(grant: RoleGrant) -> tuple[str, str]:
    """Whether a grant has effect, in words, and the tone of the words."""
    asleep = policy.sleeps_because(grant)
    if not asleep:
        return _("生效"), "done"
    return _(asleep), "end" if grant.role_code is RoleCode.SECRETARY else "back"


def picked_member(key: str | None) -> tuple[str, str]:
    """A picked member's name and what tells them from others, as far as the actor may grant them a role."""
    if not key:
        return "", ""
    query = select(Member).where(Member.key == key, policy.grantable_members(current_actor()))
    member: Member | None = db.session.scalar(query.options(joinedload(Member.organization)))
    return (member.name, person_in_words(member)) if member else ("", "")


def _picked_account(key: str | None) -> tuple[str, str]:
    query = select(Account).where(Account.key == (key or ""), Account.member_id.is_(None))
    account: Account | None = db.session.scalar(query.options(joinedload(Account.organization)))
    return (account.username, str(account.organization or "")) if account else ("", "")


def _holder_note(grant: RoleGrant) -> str:
    account = grant.account
    return f"{account.member.organization.name} · {account.username}" if account.member else account.username


def _kind() -> str:
    return VIRTUAL if request.args.get("kind") == VIRTUAL else MEMBER


def in_hand() -> Organization | None:
    """The organization in hand: the chosen one, else the top of the own subtrees; None: the whole province."""
    if "grant_place" not in g:
        g.grant_place = OrganizationTree().chosen() or _own_top(current_actor())
    place: Organization | None = g.grant_place
    return place


class GrantForm(RowForm):
    """Who is granted what on the organization that the address names."""

    aliases = {"account": "holder"}

    holder = KeyPickerField(_l("党员"), [Needed()])
    roles = ChecksField(_l("角色"), [Needed()], coerce=RoleCode)

    def prepare(self, row: Any) -> None:
        organization = in_hand()
        if _kind() == VIRTUAL:
            self.holder.label.text = _l("虚拟管理员账号")
            self.holder.description = _l("只列出该组织的虚拟管理员账号；无需激活手机。")
            self.holder.look_in("lookup.accounts", org=organization.id if organization else None)
            self.holder.show(_picked_account(self.holder.data))
        else:
            self.holder.description = _l("输入姓名开头几个字，从列表中选择。担任联络员的党员须已激活手机。")
            self.holder.look_in("lookup.people")
            self.holder.show(picked_member(self.holder.data))
        offered = grants.grantable_roles(current_actor(), organization)
        self.roles.choices = [SelectChoice(role.value, _l(role.label)) for role in offered]


class VirtualForm(RowForm):
    """A new virtual admin account of the organization that the address names, as its liaison."""

    username = TextField(
        _l("用户名"),
        [Needed()],
        description=_l("登录时使用，全省唯一，不能含空格；新增后不能修改。"),
        render_kw={"maxlength": accounts.USERNAME_LENGTH, "autocomplete": "off", "autocapitalize": "none"},
    )


class GrantView(OrganizationTree, ScopedView):
    """Who holds which role on the chosen organization; on none stand those who keep the data of the whole province."""

    model = RoleGrant
    scope = staticmethod(policy.grants_visible)
    order = (RoleGrant.id,)
    loading = (
        joinedload(RoleGrant.account).joinedload(Account.member).joinedload(Member.organization),
        joinedload(RoleGrant.account).joinedload(Account.organization),
        joinedload(RoleGrant.organization),
    )
    noun = _l("角色赋权")
    columns = (
        Column(_l("姓名"), lambda row: person_name(actors.name_of(row.account)), note=_holder_note),
        Column(_l("角色"), lambda row: _(row.role_code.label)),
        Column(_l("状态"), lambda row: standing(row)[0], tone=lambda row: standing(row)[1]),
        Column(_l("赋权时间"), lambda row: full_moment(row.granted_at), brief=True),
    )
    doings_in_list = True
    empty = (_l("还没有赋权"), _l("点右上角的【新增】，选择党员或虚拟管理员并勾选角色，保存后将显示在这里。"))
    form_class = GrantForm
    list_template = "grants/list.html"
    form_template = "grants/form.html"

    def may_open(self, actor: Actor) -> bool:
        return bool(policy.visible_paths(actor))

    def may_create(self, actor: Actor) -> bool:
        place = in_hand()
        return bool(grants.grantable_roles(actor, place)) and (place is None or place.is_active)

    def create(self, actor: Actor, fields: dict[str, Any]) -> list[RoleGrant]:
        return grants.grant_roles(
            actor, in_hand(), fields["roles"] or [], holder=fields["holder"] or "", formal=_kind() == MEMBER
        )

    def row_name(self, row: list[RoleGrant]) -> str:
        roles = joined(_(grant.role_code.label) for grant in row)
        return _("%(name)s的角色：%(roles)s", name=person_name(actors.name_of(row[0].account)), roles=roles)

    def after_saving(self, row: Any) -> str:
        place = row.organization if isinstance(row, RoleGrant) else in_hand()
        return self.get_url(".index_view", **({"org": place.id} if place else {}))

    def doings(self, actor: Actor, row: RoleGrant) -> Sequence[Doing]:
        if not policy.may_grant(actor, row.role_code, row.organization):
            return ()
        named = {
            "name": person_name(actors.name_of(row.account)),
            "role": _(row.role_code.label),
            "place": row.organization.name if row.organization else _("全省"),
        }
        title = _("撤销%(name)s的%(role)s？", **named)
        say = _("撤销后不再是“%(place)s”的%(role)s，立即生效；操作会记入审计日志。", **named)
        return [Doing("revoke", _("撤销"), title, say, tone="danger")]

    @expose("/virtual", methods=("GET", "POST"))
    def virtual(self) -> ResponseReturnValue:
        """新建虚拟管理员: an account of the organization, its liaison at once; its password is shown once (R10)."""
        actor, place = current_actor(), in_hand()
        if place is None or place.is_holding or not place.is_active:
            abort(404)
        if not policy.may_grant(actor, RoleCode.LIAISON, place):
            abort(403)
        form = VirtualForm(request.form if request.method == "POST" else None)
        back = self.after_saving(None)
        if request.method == "GET":
            return self.render("grants/virtual.html", form=form, organization=place, back=back)
        made: list[tuple[Account, str]] = []
        username = form.username.data or ""
        if not self._kept(form, lambda: made.append(accounts.open_virtual_liaison(actor, place, username))):
            return self.render("grants/virtual.html", form=form, organization=place, back=back), UNPROCESSABLE
        account, password = made[0]
        return self.render("accounts/password.html", row=account, password=password, replaced=False, back=back)

    @expose("/revoke", methods=("POST",))
    def revoke(self) -> ResponseReturnValue:
        """【撤销】: back to the organization's list; to 工作台 where the actor has just given up the own role."""
        granted = self.get_one(request.form.get("id", ""))
        own = granted.account_id == current_actor().account_id
        answer = self.do("revoke", grants.revoke, _("已撤销。"))
        return redirect(self.get_url("admin.index"), 303) if own and _opens_no_more(self) else answer

    def listed(self, asked: Asked) -> Select[Any]:
        place = in_hand()
        on = RoleGrant.organization_id.is_(None) if place is None else RoleGrant.organization_id == place.id
        return super().listed(asked).where(on)

    def beside_list(self, asked: Asked) -> dict[str, Any]:
        place = in_hand()
        return {
            "tree": tree_of(place),
            "place": {"org": place.id} if place else {},
            "organization": place,
            "above": names_above([place])[place.id] if place else "",
            "liaisons": actors.liaison_names({place.id})[place.id] if place else [],
        }

    def _show_form(self, form: RowForm, row: Any) -> str:
        place = in_hand()
        return self.render(
            self.form_template,
            form=form,
            row=row,
            organization=place,
            place={"org": place.id} if place else {},
            kinds=KINDS,
            kind=_kind(),
            back=self.after_saving(row),
        )


def _own_top(actor: Actor) -> Organization | None:
    """The organization at the top of the actor's subtrees; None for whom the whole province is one."""
    tops = policy.visible_paths(actor)
    if tops == policy.EVERYTHING:
        return None
    found: Organization | None = db.session.scalar(select(Organization).where(Organization.path == tops[0]))
    return found


def _opens_no_more(view: GrantView) -> bool:
    """Whether the view is closed to the actor as they stand now."""
    after = actors.load(current_actor().account_id)
    return after is None or not view.may_open(after)
