"""【组织关系转接】: 转出记录 and 转入记录, 查看, and where a click on an action goes (R33, R34).

Who may do what is asked of `workflow`: what is drawn and what is accepted come from its one table.
"""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from admin_views import attachments, letters, record, transfer_list
from admin_views.access import current_actor, in_words, safe_path
from admin_views.applications import ApplyingPages, plan_reassigned
from admin_views.asking import REPLAN, URGE, WORDINGS, asks_for, goes_next, question
from admin_views.base import UNPROCESSABLE, ScopedView
from admin_views.entering import EnteringPages
from admin_views.forms import read_id
from admin_views.lookups import names_above
from admin_views.transfer_list import TABS, Filters
from admin_views.translating import gettext as _
from models import Account, Organization, Step, Transfer, TransferState, ancestor_ids, db
from models.crypto import keyring
from models.prepared import BY_KEYS
from workflow import actions, actors, applications, claims, loading, members, notices, policy, receipts
from workflow.actors import Actor
from workflow.errors import RuleError


class TransferView(ApplyingPages, EnteringPages, ScopedView):
    """The lists of transfers beside the tree, each record, and the one door for acting on it."""

    model = Transfer
    scope = staticmethod(policy.transfers_visible)
    address = "key"
    loading = (
        *loading.decision_options(),
        selectinload(Transfer.steps).joinedload(Step.organization).joinedload(Organization.level),
    )

    # --- The lists ---

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """转出记录 or 转入记录 of the chosen subtree, as the filters in the URL ask."""
        if not policy.visible_paths(current_actor()):
            return redirect(url_for("mine.index"))
        return self._list(Filters.of(request.args))

    @expose("/search", methods=("POST",))
    def search(self) -> ResponseReturnValue:
        """By 身份证号: the number comes in the body, and only its blind index goes on into a URL."""
        if not policy.visible_paths(current_actor()):
            abort(403)
        filters = Filters.of(request.form)
        try:
            identity = members.check_id_number(request.form.get("id_number", ""))
        except RuleError as error:
            return self._list(filters, id_number_error=in_words(error)), UNPROCESSABLE
        person = keyring().index(identity.clear)
        return redirect(url_for(".index_view", **filters.arguments(person=person)), 303)

    def _list(self, filters: Filters, id_number_error: str = "") -> str:
        actor = current_actor()
        organization = _organization(int(filters.org), actor) if filters.org else None
        kinds = loading.transfer_kinds()
        page = transfer_list.page(transfer_list.transfers(actor, filters, organization), request.args)
        return self.render(
            "transfers/list.html",
            filters=filters,
            tabs=TABS,
            organization=organization,
            open_ids=ancestor_ids(organization.path) if organization else (),
            kinds=kinds,
            states=TransferState,
            chosen=transfer_list.chosen(filters, kinds),
            page=page,
            rows=[record.row(transfer, actor) for transfer in page.rows],
            apply_url=_apply_url(actor, filters, organization),
            id_number_error=id_number_error,
            back=url_for(".index_view", **filters.arguments(), **_cursors()),
        )

    # --- One record ---

    @expose("/<key>")
    def record(self, key: str) -> ResponseReturnValue:
        """查看: the flow chart, the facts, the history, and the buttons."""
        actor = current_actor()
        transfer = self.get_one(key)
        # The history and the applicant are read for this page alone; the rest is what every decision needs.
        db.session.scalars(
            select(Transfer)
            .where(Transfer.id == transfer.id)
            .options(selectinload(Transfer.history), joinedload(Transfer.submitted_by).joinedload(Account.member))
        ).one()
        offered = actions.available_actions(transfer, actor)
        return self.render(
            "transfers/record.html",
            transfer=transfer,
            row=record.row(transfer, actor),
            sides=record.chart(transfer, actors.liaison_names({step.organization_id for step in transfer.steps})),
            progress=record.progress(transfer),
            lines=record.lines(transfer),
            applicant=record.applicant_in_words(transfer),
            dues=record.month_in_words(transfer.dues_paid_until),
            actions=offered,
            goes_next=goes_next(transfer, offered[0].name) if offered and offered[0].name in WORDINGS else "",
            may_replan=actions.may_replan(transfer, actor),
            letter_url=letters.link(transfer, actor),
            prints_receipt=receipts.may_print(transfer, actor),
            **attachments.shown(transfer, actor),
            may_urge=notices.may_urge(transfer, actor),
            urged=record.short_moment(transfer.urged_at) if transfer.urged_at else "",
        )

    @expose("/<key>/receipt.pdf", methods=("POST",))
    def receipt(self, key: str) -> ResponseReturnValue:
        """【打印回执】: the PDF for who sent the member here; the first one draws its number (R42)."""
        self.get_one(key)
        try:
            receipt, content = receipts.issue(key, current_actor())
        except RuleError as error:
            flash(in_words(error), "error")
            return redirect(url_for(".record", key=key), 303)
        return letters.pdf(content, receipt.number)

    @expose("/<key>/organizations/<int:identity>")
    def organization(self, key: str, identity: int) -> ResponseReturnValue:
        """The basic information of an organization on the route of a transfer that the actor sees (R34)."""
        transfer = self.get_one(key)
        organization = next((step.organization for step in transfer.steps if step.organization_id == identity), None)
        if organization is None:
            abort(404)
        return self.render(
            "transfers/_organization.html" if _wants_fragment() else "transfers/organization.html",
            transfer=transfer,
            organization=organization,
            above=names_above([organization])[identity],
            liaisons=actors.liaison_names({identity})[identity],
        )

    # --- Acting ---

    @expose("/<key>/ask/<action>")
    def ask(self, key: str, action: str) -> ResponseReturnValue:
        """The confirm window of an action: a dialog's content, or a page of its own where there are no scripts."""
        actor = current_actor()
        transfer = self.get_one(key)
        if not _is_offered(transfer, action, actor):
            if _wants_fragment():
                abort(409)
            flash(_("这项操作现在不能办理：该记录%(standing)s。", standing=record.standing(transfer)), "error")
            return redirect(url_for(".record", key=key), 303)
        return self._asked(transfer, action, request.args.get("back", ""))

    @expose("/<key>/act", methods=("POST",))
    def act(self, key: str) -> ResponseReturnValue:
        """Take an action: to where the actor came from, or to the fresh record with the reason where it is refused."""
        self.get_one(key)
        name, back = request.form.get("action", ""), request.form.get("back", "")
        try:
            message = _taken(key, name, current_actor(), request.form.get("version", type=int))
        except RuleError as error:
            if error.field in asks_for(name):
                return self._asked(self.get_one(key), name, back, error), UNPROCESSABLE
            flash(in_words(error), "error")
            return redirect(url_for(".record", key=key), 303)
        flash(message, "success")
        return redirect(safe_path(back) or url_for(".record", key=key), 303)

    def _asked(self, transfer: Transfer, name: str, back: str, error: RuleError | None = None) -> str:
        asked = question(transfer, name)
        return self.render(
            "transfers/_ask.html" if _wants_fragment() else "transfers/ask.html",
            transfer=transfer,
            name=name,
            question=asked,
            back=safe_path(back),
            error=in_words(error) if error else "",
            wrong=error.field if error else "",
            typed=request.form.get(asked.input, ""),
            destination=_chosen() if asked.picks else None,
            preview=plan_reassigned(transfer, _destination_id())
            if asked.picks and transfer.current_step and _destination_id()
            else None,
        )


def _taken(key: str, name: str, actor: Actor, version: int | None) -> str:
    """Take the action; what was done, in words. Raises `RuleError`."""
    if name == REPLAN:
        changed = actions.replan(key, actor, expected_version=version)
        return _("已重新规划流程。") if changed else _("流程已是最新，没有变化。")
    if name == URGE:
        return _("已催办：短信将发给%(count)s名联络员。", count=notices.urge(key, actor))
    transfer = actions.perform(key, name, actor, expected_version=version, **_typed(name))
    return _(
        "已%(action)s %(name)s 的转接：%(standing)s。",
        action=_(actions.ACTIONS[name].label),
        name=transfer.member.name,
        standing=record.standing(transfer),
    )


def _typed(name: str) -> dict[str, Any]:
    wording = WORDINGS.get(name)
    if wording is None or not wording.input:
        return {}
    typed: dict[str, Any] = {wording.input: request.form.get(wording.input, "").replace("\x00", "")}
    return {**typed, "destination_id": _destination_id()} if wording.picks else typed


def _chosen() -> Organization | None:
    """The branch that was chosen in a window that comes back with an error."""
    offered = applications.branches_to_reassign(current_actor())
    return db.session.scalar(select(Organization).where(Organization.id == _destination_id(), offered))


def _destination_id() -> int:
    return read_id(request.form.get("destination", "")) or 0


def _is_offered(transfer: Transfer, name: str, actor: Actor) -> bool:
    if name == REPLAN:
        return actions.may_replan(transfer, actor)
    if name == URGE:
        return notices.may_urge(transfer, actor)
    return name in WORDINGS and name in {action.name for action in actions.available_actions(transfer, actor)}


def _organization(identity: int, actor: Actor) -> Organization:
    organization: Organization | None = db.session.scalar(
        select(Organization)
        .where(Organization.id == identity, policy.organizations_visible(actor))
        .execution_options(**BY_KEYS)
    )
    if organization is None:
        abort(404)
    return organization


def _apply_url(actor: Actor, filters: Filters, organization: Organization | None) -> str:
    """Where 【申请】 leads on a tab; "" where there is none (R18, R40)."""
    if filters.tab == "out":
        return url_for("transfers.apply") if policy.is_liaison(actor) else ""
    places = {place.id for place in claims.registering_organizations(actor)}
    chosen = organization.id if organization and organization.id in places else None
    return url_for("transfers.enter", registering=chosen) if places else ""


def _cursors() -> dict[str, Any]:
    return {name: request.args[name] for name in ("after", "before") if name in request.args}


def _wants_fragment() -> bool:
    """Whether a script asks, to put the answer into the page's dialog."""
    return request.headers.get("X-Requested-With") == "fetch"
