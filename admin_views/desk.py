"""【待办】, 超期, 已办未结, 即将到达: a liaison's work, for one or all of the own organizations (R33, R47)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, aliased, load_only

from admin_views import record, transfer_list
from admin_views.access import PanelView, current_actor, in_words
from admin_views.forms import read_id
from admin_views.translating import gettext as _
from models import Organization, RoleGrant, Transfer, db
from models.prepared import BY_KEYS
from workflow import actions, actors, desk, loading, notices, policy
from workflow.actors import Actor
from workflow.errors import N_, RuleError
from workflow.transaction import transaction

LONGEST_FIRST: Sequence[InstrumentedAttribute[Any]] = (Transfer.arrived_at, Transfer.id)
MOST_AT_ONCE = transfer_list.PAGE_SIZE
UNSERVED_SHOWN = 6
Below = aliased(Organization)


@dataclass(frozen=True)
class DeskList:
    """One list of the desk; `empty` is what it says without rows. Only what waits can be acted on, the rest is read."""

    label: str
    hint: str
    query: Callable[[Actor, Collection[int] | None], Select[Transfer]]
    order: Sequence[InstrumentedAttribute[Any]]
    newest_first: bool
    empty: tuple[str, str]


LISTS: Mapping[str, DeskList] = {
    "todo": DeskList(
        N_("待办"),
        N_("停留最久的在前"),
        desk.todo,
        LONGEST_FIRST,
        False,
        (N_("没有待办"), N_("轮到本组织办理的转接会显示在这里。")),
    ),
    "late": DeskList(
        N_("超期"),
        N_("超过办理期限仍未办理"),
        desk.overdue,
        LONGEST_FIRST,
        False,
        (N_("没有超期的待办"), N_("停留超过办理期限的待办会显示在这里。")),
    ),
    "passed": DeskList(
        N_("已办未结"),
        N_("本组织已通过，尚未办结"),
        desk.passed,
        transfer_list.NEWEST_FIRST,
        True,
        (N_("没有已办未结的转接"), N_("本组织已通过、还在其他组织办理的转接会显示在这里。")),
    ),
    "coming": DeskList(
        N_("即将到达"),
        N_("流程中还会经过本组织"),
        desk.coming,
        transfer_list.NEWEST_FIRST,
        True,
        (N_("没有即将到达的转接"), N_("流程上还会经过本组织的转接会显示在这里。")),
    ),
}


@dataclass(frozen=True)
class Outcome:
    """What became of one transfer of a bulk approval."""

    transfer: Transfer
    done: bool
    words: str


class DeskView(PanelView):
    """The four lists, each in the URL; the own organizations as a switch."""

    def may_open(self, actor: Actor) -> bool:
        return policy.is_liaison(actor)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        actor = current_actor()
        name = request.args.get("list", "todo")
        name = name if name in LISTS else "todo"
        shown = LISTS[name]
        own = _own_organizations(actor)
        chosen = read_id(request.args.get("org"))
        chosen = chosen if chosen in own else None
        only = None if chosen is None else [chosen]
        page = transfer_list.page(shown.query(actor, only), request.args, shown.order, newest_first=shown.newest_first)
        here: dict[str, Any] = {"list": name, **({"org": chosen} if chosen else {})}
        return self.render(
            "desk/list.html",
            lists={key: (LISTS[key], words(count)) for key, count in counts(actor, only).items()},
            name=name,
            shown=shown,
            own=own,
            digests=_digests(own),
            unserved=without_liaison(actor, UNSERVED_SHOWN) if name == "todo" else [],
            chosen=chosen,
            here=here,
            page=page,
            rows=[record.row(transfer, actor) for transfer in page.rows],
            back=url_for(".index", **here),
        )

    @expose("/digest", methods=("POST",))
    def digest(self) -> ResponseReturnValue:
        """短信提醒方式 of an organization: one message for each arrival, or one an hour for all (R32)."""
        actor, identity = current_actor(), read_id(request.form.get("org"))
        if identity not in actor.liaison_paths:
            abort(404)
        on = request.form.get("digest") == "1"
        with transaction():
            notices.set_digest(actor, db.session.get_one(Organization, identity), on)
        flash(_("已改为每小时汇总成一条短信。") if on else _("已改为每件转接一条短信。"), "success")
        return redirect(url_for(".index"), 303)

    @expose("/approve", methods=("GET", "POST"))
    def approve(self) -> ResponseReturnValue:
        """通过所选: what would happen to each (GET: a window, or a page of its own), what became of each (POST)."""
        actor = current_actor()
        asked = _asked(request.values.getlist("chosen"))
        found = {transfer.key: transfer for transfer in loading.transfers_by_key(list(asked), actor)}
        chosen = {key: version for key, version in asked.items() if key in found}
        back = url_for(".index")
        if request.method == "GET":
            fragment = request.headers.get("X-Requested-With") == "fetch"
            return self.render(
                "desk/_approve.html" if fragment else "desk/approve.html",
                rows=[
                    (found[key], version, actions.next_stop_after(found[key], "approve"))
                    for key, version in chosen.items()
                ],
                back=back,
            )
        outcomes = [_approved(found[key], version, actor) for key, version in chosen.items()]
        return self.render(
            "desk/outcomes.html",
            outcomes=outcomes,
            done=sum(outcome.done for outcome in outcomes),
            back=back,
        )


def counts(actor: Actor, only: Collection[int] | None) -> dict[str, int]:
    """How many each list holds; what waits is remembered for the menu of the same page."""
    found = dict(zip(LISTS, desk.counts([item.query(actor, only) for item in LISTS.values()]), strict=True))
    if only is None:
        g.waiting = found["todo"]
    return found


def waiting(actor: Actor) -> int:
    """How many transfers wait for the actor, as the menu says it."""
    if "waiting" not in g:
        g.waiting = desk.todo_count(actor)
    return int(g.waiting)


def words(count: int) -> str:
    """A bounded count as people read it; "" for none."""
    return "" if not count else str(count) if count < desk.COUNT_LIMIT else f"{desk.COUNT_LIMIT - 1}+"


def _own_organizations(actor: Actor) -> dict[int, str]:
    """id -> name of the organizations whose effective liaison the actor is, in the order of the grants."""
    return {
        post.organization_id: post.organization_name
        for post in actor.posts
        if post.organization_id in actor.liaison_paths and post.organization_id is not None
    }


def _digests(own: Collection[int]) -> dict[int, bool]:
    """Which of the own organizations get one message for many."""
    query = select(Organization.id, Organization.sms_digest).where(Organization.id.in_(own))
    return {row.id: row.sms_digest for row in db.session.execute(query.execution_options(**BY_KEYS))}


def _asked(chosen: Sequence[str]) -> dict[str, int]:
    """key -> version that the page showed, of what was ticked; what cannot be one is dropped."""
    pairs = (text.partition(":") for text in chosen[:MOST_AT_ONCE])
    usable = ((key, read_id(version)) for key, _colon, version in pairs if key.isprintable())
    return {key: version for key, version in usable if version is not None}


def _approved(transfer: Transfer, version: int, actor: Actor) -> Outcome:
    """Approve one, in a transaction of its own: one that cannot be does not hold up the others."""
    try:
        after = actions.perform(transfer.key, "approve", actor, expected_version=version)
    except RuleError as error:
        return Outcome(transfer, False, in_words(error))
    return Outcome(after, True, _("已通过：%(standing)s。", standing=record.standing(after)))


def without_liaison(actor: Actor, limit: int) -> list[Organization]:
    """What stands right below the own organizations and has nobody to act (R45)."""
    if not actor.liaison_paths:
        return []
    served = actors.effective_liaison_grants().where(RoleGrant.organization_id == Below.id)
    query = (
        select(Below)
        .where(
            Below.parent_id.in_(actor.liaison_paths),
            Below.is_active.is_(True),
            ~served.with_only_columns(RoleGrant.id).exists(),
        )
        .options(load_only(Below.name))
        .order_by(Below.parent_id, Below.name)
        .limit(limit)
    )
    return list(db.session.scalars(query))
