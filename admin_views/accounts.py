"""【账号】: who signs in, for whom, with which roles; provincial admins open and close accounts (spec §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext
from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import joinedload, selectinload

from admin_views.access import current_actor
from admin_views.base import ScopedView
from admin_views.doing import Doing
from admin_views.forms import KeyPickerField, Needed, PickerField, RowForm, TextField, read_id
from admin_views.grants import picked_member, standing
from admin_views.languages import joined
from admin_views.listing import Asked, Column, Filter, Search, starting_with
from admin_views.lookups import names_above
from admin_views.organizations import OrganizationTree, picked, tree_of
from admin_views.record import full_moment
from admin_views.translating import gettext as _
from models import Account, Member, RoleCode, RoleGrant
from workflow import accounts, grants, policy
from workflow.actors import Actor
from workflow.errors import N_
from workflow.transaction import transaction

ROLES_SHOWN = 2
NAMED = 3
GRANTS_SHOWN = 50
VIRTUAL, FORMAL = "virtual", "formal"
KINDS: Mapping[str, Any] = {VIRTUAL: _l("虚拟管理员账号"), FORMAL: _l("党员正式账号")}


def _kind() -> str:
    """Which kind of account the page in hand makes."""
    return FORMAL if request.args.get("kind") == FORMAL else VIRTUAL


# --- An account in words ---


def owner(account: Account) -> str:
    """To whom an account belongs."""
    return str(account.member or account.organization or _("不属于党员或组织"))


def owner_note(account: Account) -> str:
    """Where a member belongs, and that an organization's account is a virtual one."""
    if account.member:
        return account.member.organization.name
    return _("虚拟管理员") if account.organization else ""


def roles(account: Account) -> str:
    """The first of an account's roles, each with its organization, and how many there are."""
    held = [f"{_(grant.role_code.label)} · {grant.organization or _('全省')}" for grant in account.grants]
    words = joined(held[:ROLES_SHOWN], N_("；"))
    return words if len(held) <= ROLES_SHOWN else _("%(words)s 等%(count)s项", words=words, count=len(held))


def phone(account: Account) -> str:
    """R8, R10: a virtual account needs no phone, a formal one acts as a liaison only while its phone is activated."""
    if account.member is None:
        return _("无需激活手机") if account.organization else ""
    return _("手机已激活") if account.member.phone_activated_at else _("手机未激活")


def sleeping(account: Account) -> str:
    """What does not work because the phone is not activated (R10)."""
    asleep = account.member is not None and account.member.phone_activated_at is None
    liaison = any(grant.role_code is RoleCode.LIAISON for grant in account.grants)
    return _("联络员暂不生效") if asleep and liaison else ""


def phone_tone(account: Account) -> str:
    """Only what keeps a role from working stands out."""
    return "back" if sleeping(account) else ""


def of_kind(value: str) -> ColumnElement[bool]:
    """The condition of the filter by kind."""
    conditions = {
        FORMAL: Account.member_id.is_not(None),
        VIRTUAL: Account.organization_id.is_not(None),
        "other": and_(Account.org_path == "", Account.member_id.is_(None), Account.organization_id.is_(None)),
    }
    return conditions[value]


def with_role(value: str) -> ColumnElement[bool]:
    """The condition of the filter by role."""
    held = select(RoleGrant.account_id).where(RoleGrant.role_code == RoleCode(value))
    return Account.id.in_(held)


class AccountForm(RowForm):
    """A new account: a name to sign in with, and the one that it belongs to."""

    aliases = {"organization": "organization_id"}

    username = TextField(
        _l("用户名"),
        [Needed()],
        description=_l("登录时使用，全省唯一，不能含空格；新增后不能修改。"),
        render_kw={"maxlength": accounts.USERNAME_LENGTH, "autocomplete": "off", "autocapitalize": "none"},
    )
    organization_id = PickerField(_l("所属组织"), [Needed()], purpose="account")
    member = KeyPickerField(_l("党员"), [Needed()], description=_l("输入姓名开头几个字，从列表中选择。"))

    def prepare(self, row: Account | None) -> None:
        if _kind() == FORMAL:
            self.drop("organization_id")
            self.member.look_in("lookup.people")
            self.member.show(picked_member(self.member.data))
        else:
            self.drop("member")
            self.organization_id.show(picked(self.organization_id.data))

    def fill_from(self, args: Mapping[str, str]) -> None:
        if "organization_id" in self:
            self.organization_id.data = read_id(args.get("org"))
            self.organization_id.show(picked(self.organization_id.data))


class AccountView(OrganizationTree, ScopedView):
    """The accounts of the subtree's members and organizations; read by who reads the subtree, kept by the province."""

    model = Account
    scope = staticmethod(policy.accounts_visible)
    address = "key"
    order = (Account.org_path, Account.id)
    loading = (
        joinedload(Account.member).joinedload(Member.organization),
        joinedload(Account.organization),
        selectinload(Account.grants).joinedload(RoleGrant.organization),
    )
    noun = _l("账号")
    columns = (
        Column(_l("用户名"), lambda row: row.username),
        Column(_l("所属"), owner, note=owner_note),
        Column(_l("角色"), roles),
        Column(
            _l("状态"),
            lambda row: phone(row) if row.is_active else _("已停用"),
            note=lambda row: sleeping(row) if row.is_active else "",
            tone=lambda row: phone_tone(row) if row.is_active else "end",
            brief=True,
        ),
        Column(
            _l("最近登录"), lambda row: full_moment(row.last_signed_in_at) if row.last_signed_in_at else "", brief=True
        ),
    )
    facts = (
        Column(_l("所属"), owner, note=owner_note),
        Column(_l("手机"), phone, note=sleeping, tone=phone_tone),
        Column(
            _l("状态"),
            lambda row: _("启用") if row.is_active else _("已停用"),
            tone=lambda row: "done" if row.is_active else "end",
        ),
        Column(_l("密码"), lambda row: _("已设置") if row.password_hash else _("尚未设置，不能登录")),
        Column(
            _l("最近登录"),
            lambda row: full_moment(row.last_signed_in_at) if row.last_signed_in_at else _("从未登录"),
        ),
        Column(_l("新增时间"), lambda row: full_moment(row.created_at)),
    )
    finder = Search(_l("用户名（开头几个字）"), starting_with(Account.username), (Account.username,))
    choices = (
        Filter("member", _l("姓名（开头几个字）"), None, starting_with(Member.name), order=(Member.name, Member.id)),
        Filter(
            "kind",
            _l("全部账号"),
            lambda: [(FORMAL, _l("党员正式账号")), (VIRTUAL, _l("虚拟管理员账号")), ("other", _l("其他账号"))],
            of_kind,
        ),
        Filter("role", _l("全部角色"), lambda: [(role.value, role.label) for role in RoleCode], with_role),
        Filter(
            "state",
            _l("全部状态"),
            lambda: [("open", _l("启用")), ("closed", _l("已停用"))],
            lambda value: Account.is_active.is_(value == "open"),
        ),
    )
    empty = (_l("还没有账号"), _l("所选组织及其下级的党员账号和虚拟管理员账号将显示在这里。"))
    form_class = AccountForm
    form_template = "accounts/form.html"
    details_template = "accounts/details.html"

    def may_open(self, actor: Actor) -> bool:
        return bool(policy.visible_paths(actor))

    def may_create(self, actor: Actor) -> bool:
        return policy.may_keep_data(actor)

    def create(self, actor: Actor, fields: dict[str, Any]) -> Account:
        return accounts.open_account(
            actor, fields["username"], member_key=fields.get("member"), organization_id=fields.get("organization_id")
        )

    def doings(self, actor: Actor, row: Account) -> Sequence[Doing]:
        if not policy.may_keep_data(actor):
            return ()
        name = row.username
        offered = [
            Doing(
                "password",
                _("设置初始密码"),
                _("为“%(name)s”设置新的初始密码？", name=name),
                _("密码由系统生成，只显示这一次。原来的密码和已有的登录立即失效。"),
            ),
            Doing(
                "end_sessions",
                _("退出全部登录"),
                _("让“%(name)s”退出全部登录？", name=name),
                _("该账号在所有设备上的登录立即失效，需要重新登录。密码不变。"),
            ),
        ]
        if not row.is_active:
            words = _("启用后可以用原来的密码登录，原有的角色重新生效。")
            offered.append(Doing("reopen", pgettext("button", "启用"), _("启用账号“%(name)s”？", name=name), words))
        elif row.id != actor.account_id:
            words = _closing(row)
            offered.append(Doing("close", _("停用"), _("停用账号“%(name)s”？", name=name), words, tone="danger"))
        return offered

    @expose("/close", methods=("POST",))
    def close(self) -> ResponseReturnValue:
        return self.do("close", accounts.close_account, _("已停用账号。"))

    @expose("/reopen", methods=("POST",))
    def reopen(self) -> ResponseReturnValue:
        return self.do("reopen", accounts.reopen_account, _("已启用账号。"))

    @expose("/end-sessions", methods=("POST",))
    def end_sessions(self) -> ResponseReturnValue:
        """退出全部登录: every session of the account ends, one's own too."""
        return self.do(
            "end_sessions", lambda actor, row: accounts.end_sessions(row, actor), _("该账号已退出全部登录。")
        )

    @expose("/password", methods=("POST",))
    def password(self) -> ResponseReturnValue:
        """设置初始密码: the answer shows it once; it is kept nowhere and written to no log."""
        row = self.offered("password")
        if row is None:
            return redirect(self.get_url(".index_view"), 303)
        replaced = row.password_hash is not None
        with transaction():
            made = accounts.set_initial_password(current_actor(), row)
        back = self.after_saving(row)
        return self.render("accounts/password.html", row=row, password=made, replaced=replaced, back=back)

    def listed(self, asked: Asked) -> Select[Any]:
        organization = self.chosen()
        query = super().listed(asked)
        if "member" in (asked.filters or {}):
            query = query.join(Account.member)
        return query if organization is None else query.where(policy.within(Account.org_path, [organization.path]))

    def beside_list(self, asked: Asked) -> dict[str, Any]:
        organization = self.chosen()
        return {"tree": tree_of(organization), "place": {"org": organization.id} if organization else {}}

    def beside_details(self, row: Account) -> dict[str, Any]:
        home = row.organization or (row.member.organization if row.member else None)
        return {
            "above": names_above([home])[home.id] if home else "",
            "held": [(grant, *standing(grant), _grants_url(grant)) for grant in row.grants[:GRANTS_SHOWN]],
            "full_moment": full_moment,
            "more": max(len(row.grants) - GRANTS_SHOWN, 0),
        }

    def _show_form(self, form: RowForm, row: Any) -> str:
        place = {"org": request.args["org"]} if "org" in request.args else {}
        here = {"kinds": KINDS, "kind": _kind(), "place": place, "back": self.get_url(".index_view", **place)}
        return self.render(self.form_template, form=form, row=row, **here)


def _grants_url(grant: RoleGrant) -> str:
    """Where the roles of the grant's organization are kept; "" outside the actor's scope."""
    path = grant.organization.path if grant.organization else ""
    if not policy.is_within(path, policy.visible_paths(current_actor())):
        return ""
    return url_for("grants.index_view", org=grant.organization_id)


def _closing(account: Account) -> str:
    """What follows from closing an account: the organizations that would have nobody left to act are named."""
    words = _("停用后不能登录，已有的登录立即失效，其角色不再生效；随时可以重新启用。")
    alone = grants.only_liaison_at(account)
    if not alone:
        return words
    named = joined(alone[:NAMED])
    if len(alone) > NAMED:
        named = _("%(names)s等%(count)s个组织", names=named, count=len(alone))
    return words + _("注意：该账号是%(names)s唯一有效的联络员，停用后送到那里的转接无人办理。", names=named)
