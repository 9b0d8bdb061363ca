"""The panel: which views there are, where they stand in the menu (the manual's words), and for whom.

Nothing here decides what a view shows inside; that is its scope and `workflow.policy`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from flask import Flask, url_for
from flask_admin import Admin, BaseView
from flask_admin.helpers import get_current_view
from flask_babel import get_locale, lazy_gettext

from admin_views import attachments, by_phone, desk, health, languages, logs, lookups, security, session
from admin_views.access import actor_or_none, everybody
from admin_views.accounts import AccountView
from admin_views.audit_log import AuditView
from admin_views.checkup import CheckupView
from admin_views.dashboard import DashboardView
from admin_views.desk import DeskView
from admin_views.grants import GrantView
from admin_views.history import HistoryView
from admin_views.kinds import KindView
from admin_views.ledger import LedgerView
from admin_views.letters import LetterView, verify
from admin_views.levels import LevelSettingView, LevelView
from admin_views.me import IdentityView, ParticularsView
from admin_views.members import MemberView
from admin_views.messages import MessageView
from admin_views.mine import MyTransfersView
from admin_views.organizations import OrganizationView
from admin_views.phones import PhoneView
from admin_views.transfers import TransferView
from admin_views.translating import gettext as _
from workflow import policy
from workflow.actors import Actor


def reads_a_scope(actor: Actor) -> bool:
    """A liaison, an auditor or a provincial admin."""
    return bool(policy.visible_paths(actor))


def nobody(_actor: Actor) -> bool:
    """For a view to which only other pages lead."""
    return False


def is_a_member(actor: Actor) -> bool:
    """An account that belongs to a member."""
    return actor.member_id is not None


def sets_levels(actor: Actor) -> bool:
    """R5: a liaison or a provincial admin."""
    return policy.is_liaison(actor) or policy.may_keep_data(actor)


@dataclass(frozen=True)
class Entry:
    """One view and its place in the menu. `shown`: in whose menu; whether it opens is asked of the view."""

    make: Callable[..., Any]
    category: Any
    name: Any
    endpoint: str
    shown: Callable[[Actor], bool]

    def view(self) -> BaseView:
        view: BaseView = self.make(name=self.name, category=self.category, endpoint=self.endpoint)
        view.shown = self.shown
        return view


TRANSFERS = lazy_gettext("组织关系管理")
OWN = lazy_gettext("个人工作")
MEMBERS = lazy_gettext("党员管理")
RIGHTS = lazy_gettext("权限管理")
DATA = lazy_gettext("基础数据")
AUDIT = lazy_gettext("审计")

ENTRIES = (
    Entry(DeskView, TRANSFERS, lazy_gettext("待办"), "desk", policy.is_liaison),
    Entry(TransferView, TRANSFERS, lazy_gettext("组织关系转接"), "transfers", reads_a_scope),
    Entry(LedgerView, TRANSFERS, lazy_gettext("台账"), "ledger", reads_a_scope),
    Entry(LetterView, TRANSFERS, lazy_gettext("介绍信"), "letters", policy.is_liaison),
    Entry(MyTransfersView, TRANSFERS, lazy_gettext("我的申请"), "mine", is_a_member),
    Entry(MemberView, MEMBERS, lazy_gettext("党员信息维护"), "members", reads_a_scope),
    Entry(GrantView, RIGHTS, lazy_gettext("角色赋权管理"), "grants", reads_a_scope),
    Entry(AccountView, RIGHTS, lazy_gettext("账号"), "accounts", reads_a_scope),
    Entry(LevelSettingView, RIGHTS, lazy_gettext("组织VPN权限设置"), "level-setting", sets_levels),
    Entry(LevelView, RIGHTS, lazy_gettext("组织权限级别"), "levels", reads_a_scope),
    Entry(OrganizationView, DATA, lazy_gettext("组织"), "organizations", reads_a_scope),
    Entry(KindView, DATA, lazy_gettext("转接类型"), "kinds", reads_a_scope),
    Entry(CheckupView, DATA, lazy_gettext("数据体检"), "checkup", reads_a_scope),
    Entry(HistoryView, AUDIT, lazy_gettext("操作留痕"), "history", reads_a_scope),
    Entry(AuditView, AUDIT, lazy_gettext("审计日志"), "audit", policy.may_audit),
    Entry(MessageView, AUDIT, lazy_gettext("短信"), "messages", policy.may_keep_data),
    Entry(ParticularsView, OWN, lazy_gettext("党员个人信息采集"), "me", is_a_member),
    Entry(IdentityView, OWN, lazy_gettext("个人认证"), "identity", everybody),
    Entry(PhoneView, OWN, lazy_gettext("手机号码"), "phone", nobody),
)


def build_admin(app: Flask) -> None:
    """Register the panel on the application, with its guards, its session and its look-ups."""
    logs.set_up(app)
    security.guard(app)
    languages.set_up(app)
    session.set_up(app)
    app.register_blueprint(health.pages)
    app.register_blueprint(lookups.pages)
    app.register_blueprint(by_phone.pages)
    app.register_blueprint(verify)
    app.register_blueprint(attachments.pages)
    home = DashboardView(name=lazy_gettext("工作台"), url="/")
    home.shown = everybody
    admin = Admin(app, name="转接", url="/", index_view=home, csp_nonce_generator=security.csp_nonce)
    for entry in ENTRIES:
        admin.add_view(entry.view())
    app.context_processor(partial(_shared, admin))


def _shared(admin: Admin) -> dict[str, Any]:
    return {
        "shell": Shell(admin),
        "lang": str(get_locale() or "zh_Hans").replace("_", "-"),
        "script_words": script_words,
    }


@dataclass(frozen=True)
class MenuItem:
    name: Any
    url: str
    active: bool
    count: str = ""


@dataclass(frozen=True)
class MenuGroup:
    name: Any
    items: tuple[MenuItem, ...]


class Shell:
    """What the frame around every page shows; asked of the database only where a page has a frame."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    @cached_property
    def actor(self) -> Actor | None:
        return actor_or_none()

    @cached_property
    def posts(self) -> list[str]:
        """The actor's roles in words: 联络员 · 东街街道工委."""
        posts = self.actor.posts if self.actor else ()
        words = [f"{_(post.role.label)} · {post.organization_name}".rstrip(" ·") for post in posts if post.effective]
        if self.actor and self.actor.sleeping:
            words.append(_("联络员（手机未激活，暂不生效）"))
        return words

    @cached_property
    def todo(self) -> str:
        """How many transfers wait for the actor; "" for none, "99+" for many."""
        return desk.words(desk.waiting(self.actor)) if self.actor else ""

    @cached_property
    def menu(self) -> list[MenuGroup]:
        """Flask-Admin's menu, as far as it is the actor's."""
        groups = []
        for entry in self._admin.menu():
            views = [item._view for item in (entry._children if entry.is_category() else [entry])]
            items = tuple(self._item(view) for view in views if self._is_for_actor(view))
            if items:
                groups.append(MenuGroup(entry.name if entry.is_category() else "", items))
        return groups

    def _is_for_actor(self, view: Any) -> bool:
        return self.actor is not None and view.shown(self.actor) and view.may_open(self.actor)

    def _item(self, view: Any) -> MenuItem:
        return MenuItem(
            view.name,
            url_for(f"{view.endpoint}.{view._default_view}"),
            view is get_current_view(),
            self.todo if view.endpoint == "desk" else "",
        )


def script_words() -> dict[str, str]:
    """The sentences that the scripts show (static/js/words.js)."""
    return {
        "loading": _("正在加载…"),
        "treeFailed": _("组织没有加载出来，请刷新页面重试。"),
        "treeEmpty": _("没有可查看的组织。"),
        "treeNone": _("没有名称相符的组织。"),
        "pickMore": _("还有更多：空一格，再输入上级组织的名称。"),
        "pickNone": _("没有相符的结果，请换个名称。"),
        "pickFailed": _("没有查到结果：网络或登录已中断，请刷新页面重试。"),
        "pickOne": _("请从列表中选择一项。"),
    }
