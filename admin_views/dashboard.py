"""【工作台】: what waits, one's own application, what in the data needs attention; the first page after signing in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from flask import request, url_for
from flask_admin import AdminIndexView, expose
from sqlalchemy import select
from sqlalchemy.orm import load_only

from admin_views import desk as desk_lists
from admin_views import record, transfer_list
from admin_views.access import Guarded, current_actor
from admin_views.desk import LISTS
from admin_views.languages import joined, person_name
from admin_views.translating import gettext as _
from models import COMMITTEE_KINDS, OPEN_STATES, Organization, Transfer, clock, db
from workflow import loading, policy
from workflow.actors import Actor
from workflow.errors import N_

ATTENTION_LIMIT = 6
TODO_SHOWN = 10
GREETINGS = (
    (5, N_("夜深了，%(name)s")),
    (12, N_("上午好，%(name)s")),
    (18, N_("下午好，%(name)s")),
    (24, N_("晚上好，%(name)s")),
)


class Link(NamedTuple):
    """A way to a desk of those who keep the data."""

    name: str
    hint: str
    url: str


@dataclass(frozen=True)
class Tile:
    """One list of the desk with its count; `hot` where something waits."""

    count: str
    name: str
    hint: str
    url: str
    hot: bool


class DashboardView(Guarded, AdminIndexView):
    """The page at "/"; each part is there for whom it concerns."""

    @expose("/")
    def index(self) -> str:
        actor = current_actor()
        page = transfer_list.Page(())
        if policy.is_liaison(actor):
            todo = LISTS["todo"]
            page = transfer_list.page(
                todo.query(actor, None), request.args, todo.order, newest_first=todo.newest_first, size=TODO_SHOWN
            )
        own = _open_transfer(actor)
        attention, unserved = _without_level(actor), desk_lists.without_liaison(actor, ATTENTION_LIMIT + 1)
        return self.render(
            "dashboard.html",
            greeting=_greeting(actor),
            post=joined(dict.fromkeys(post.organization_name for post in actor.posts if post.organization_name)),
            tiles=_tiles(actor) if policy.is_liaison(actor) else [],
            page=page,
            rows=[record.row(transfer, actor) for transfer in page.rows],
            sleeping=actor.sleeping,
            own=actor.member_id is not None,
            own_row=record.row(own, actor) if own else None,
            links=_data_desks() if policy.may_keep_data(actor) else [],
            attention=attention[:ATTENTION_LIMIT],
            attention_more=len(attention) > ATTENTION_LIMIT,
            unserved=unserved[:ATTENTION_LIMIT],
            unserved_more=len(unserved) > ATTENTION_LIMIT,
            apply_url=url_for("transfers.apply", member=actor.member_key),
            back=url_for(".index"),
        )


def _greeting(actor: Actor) -> str:
    hour = clock.now().astimezone(clock.SHANGHAI).hour
    words = next(words for until, words in GREETINGS if hour < until)
    return _(words) % {"name": person_name(actor.name)}


def _data_desks() -> list[Link]:
    return [
        Link(_("组织"), _("新增、修改、停用组织，变更上级"), url_for("organizations.index_view")),
        Link(_("党员信息维护"), _("新增党员，修改基本信息"), url_for("members.index_view")),
        Link(_("组织VPN权限设置"), _("给组织设置权限级别"), url_for("level-setting.index_view")),
        Link(_("组织权限级别"), _("各级别有哪些审批资格"), url_for("levels.index_view")),
    ]


def _tiles(actor: Actor) -> list[Tile]:
    counts = {name: desk_lists.words(count) for name, count in desk_lists.counts(actor, None).items()}
    late = _("其中 %(count)s 条超期", count=counts["late"]) if counts["late"] else _("没有超期的")
    hints = {
        "todo": late if counts["todo"] else _("全部办理完毕"),
        "passed": _(LISTS["passed"].hint),
        "coming": _(LISTS["coming"].hint),
    }
    return [
        Tile(
            counts[name] or "0",
            _(LISTS[name].label),
            hint,
            url_for("desk.index", list=name),
            name == "todo" and bool(counts[name]),
        )
        for name, hint in hints.items()
    ]


def _open_transfer(actor: Actor) -> Transfer | None:
    if actor.member_id is None:
        return None
    own: Transfer | None = db.session.scalar(
        select(Transfer)
        .where(Transfer.member_id == actor.member_id, Transfer.state.in_(OPEN_STATES))
        .options(*loading.decision_options())
    )
    return own


def _without_level(actor: Actor) -> list[Organization]:
    """Committees of the own subtrees whose level is not set: each makes routes longer (R12); one more than is shown."""
    if not policy.is_liaison(actor):
        return []
    query = (
        select(Organization)
        .where(
            policy.within(Organization.path, policy.apply_paths(actor)),
            Organization.kind.in_(COMMITTEE_KINDS),
            Organization.level_rank.is_(None),
            Organization.is_active.is_(True),
        )
        .options(load_only(Organization.name))
        .order_by(Organization.path)
        .limit(ATTENTION_LIMIT + 1)
    )
    return list(db.session.scalars(query))
