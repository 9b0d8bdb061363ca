"""【操作留痕】: each action on each transfer in scope, newest first, and a page an entry that proves it (R31, R48).

The list shows what was done by the organizations of a subtree: that is what an entry keeps of its place, and what an
index gives in the order of time. Who asks for one transfer or one person gets all that was done there, by whomever.
"""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, false, select
from sqlalchemy.orm import joinedload

from admin_views import record
from admin_views.access import current_actor
from admin_views.base import ScopedView
from admin_views.finding import FindsByIdNumber, person_asked
from admin_views.forms import read_id
from admin_views.languages import person_name
from admin_views.listing import Asked, Column, Filter, Search, by_label, day, on_day, since, starting_with, until
from admin_views.organizations import OrganizationTree, tree_of
from admin_views.proving import ProvesHistory, proof_of
from admin_views.translating import gettext as _
from models import HistoryAction, HistoryEntry, Member, Transfer, clock, db
from workflow import policy
from workflow.actors import Actor

TONES = {
    HistoryAction.REJECT: "back",
    HistoryAction.OBJECT: "back",
    HistoryAction.WITHDRAW: "back",
    HistoryAction.VOID: "end",
    HistoryAction.CONFIRM: "done",
}
"""The actions that stand out: what turned a transfer back, and what ended it."""
SAID_ELSEWHERE = frozenset(
    {"changes", "route", "own", "ended_grants", "letter", "letter_voided", "attachments", "account", "receipt"}
    | {"destination_before"}
)
"""The details that `record.line` puts into words."""
DAY_LENGTH = len("20261124")
FOUND_BY = frozenset({"member", "action"})
"""The filters that have an index of their own."""


def of_transfer(number: str) -> ColumnElement[bool]:
    """What was done on the transfer with this number, which is a day and the transfer's id; nothing for no number."""
    written, identity = number[:DAY_LENGTH], read_id(number[DAY_LENGTH:])
    applied = day(f"{written[:4]}-{written[4:6]}-{written[6:]}")
    if identity is None or not applied:
        return false()
    numbered = select(Transfer.id).where(Transfer.id == identity, on_day(Transfer.created_at, applied))
    return HistoryEntry.transfer_id.in_(numbered)


def of_person(blind_index: str) -> ColumnElement[bool]:
    """What was done on the transfers of the member with this ID number."""
    moved = select(Transfer.id).join(Transfer.member).where(Member.id_number_index == blind_index)
    return HistoryEntry.transfer_id.in_(moved)


def way(entry: HistoryEntry) -> str:
    """From which organization to which."""
    line = record.line(entry)
    return f"{line.origin} → {line.target}"


def step_words(stage: Any, organization: str) -> str:
    """A step as an entry names it; none is the applicant, or the end."""
    return f"{organization} · {_(stage.label)}" if stage else ""


def number(what: int | None) -> str:
    """The internal number of an account or an organization, which the hash covers."""
    return _("内部编号 %(number)s", number=what) if what is not None else ""


class HistoryView(ProvesHistory, FindsByIdNumber, OrganizationTree, ScopedView):
    """【操作留痕】: read only, for liaisons of their subtree, auditors of theirs, provincial admins of all."""

    model = HistoryEntry
    scope = staticmethod(policy.history_visible)
    order = (HistoryEntry.at, HistoryEntry.id)
    newest_first = True
    loading = (joinedload(HistoryEntry.transfer).joinedload(Transfer.member),)
    columns = (
        Column(_l("时间"), lambda row: clock.local_day(row.at), note=lambda row: clock.local_time(row.at), brief=True),
        Column(_l("操作"), lambda row: _(row.action.label), tone=lambda row: TONES.get(row.action, ""), brief=True),
        Column(_l("经办人"), lambda row: record.line(row).who, note=lambda row: row.actor_organization_name),
        Column(_l("党员"), lambda row: row.member_name, note=lambda row: row.transfer.member.id_number_masked),
        Column(_l("从 → 到"), way),
        Column(_l("转接编号"), lambda row: row.transfer.number, brief=True),
    )
    facts = (
        Column(_l("时间"), lambda row: f"{clock.local_day(row.at)} {clock.local_time(row.at)}"),
        Column(_l("操作"), lambda row: _(row.action.label)),
        Column(_l("所依据的规则"), lambda row: row.rule),
        Column(_l("转接编号"), lambda row: row.transfer.number, note=lambda row: _("第 %(n)s 条", n=row.sequence)),
        Column(_l("经办人"), lambda row: person_name(row.actor_name), note=lambda row: number(row.actor_id)),
        Column(
            _l("经办组织"), lambda row: row.actor_organization_name, note=lambda row: number(row.actor_organization_id)
        ),
        Column(_l("本人办理"), lambda row: _("是") if record.line(row).own else _("否")),
        Column(_l("党员"), lambda row: row.member_name, note=lambda row: row.transfer.member.id_number_masked),
        Column(
            _l("办理前环节"),
            lambda row: step_words(row.from_stage, row.from_organization_name) or record.line(row).origin,
            note=lambda row: number(row.from_organization_id),
        ),
        Column(
            _l("办理后环节"),
            lambda row: step_words(row.to_stage, row.to_organization_name) or record.line(row).target,
            note=lambda row: number(row.to_organization_id),
        ),
        Column(_l("意见"), lambda row: row.opinion),
    )
    finder = Search(
        _l("经办人（开头几个字）"),
        starting_with(HistoryEntry.actor_name),
        (HistoryEntry.actor_name, HistoryEntry.at, HistoryEntry.id),
    )
    choices = (
        since(_l("从"), HistoryEntry.at),
        until(_l("到"), HistoryEntry.at),
        Filter(
            "member",
            _l("党员姓名（开头几个字）"),
            None,
            starting_with(HistoryEntry.member_name),
            (HistoryEntry.member_name, HistoryEntry.at, HistoryEntry.id),
        ),
        Filter("number", _l("转接编号"), None, of_transfer),
        by_label("action", _l("全部操作"), HistoryEntry.action, HistoryAction),
    )
    exports = True
    empty = (_l("还没有操作留痕"), _l("所选组织及其下级办理转接的每一步操作将显示在这里。"))
    list_template = "history/list.html"
    details_template = "history/details.html"

    def may_open(self, actor: Actor) -> bool:
        return bool(policy.visible_paths(actor))

    def list_scope(self, actor: Actor, asked: Asked) -> ColumnElement[bool]:
        """What was done in the chosen organization, or in the scope; of one person or transfer all that is visible."""
        organization = self.chosen()
        few = bool(person_asked() or "number" in asked.filters)
        if organization is None and few:
            return policy.history_visible(actor)
        found = few or bool(asked.search) or bool(FOUND_BY & asked.filters.keys())
        paths = policy.paths_of(actor, organization)
        return policy.happened_within(HistoryEntry.path, paths, found_otherwise=found)

    def listed(self, asked: Asked) -> Select[Any]:
        person = person_asked()
        query = super().listed(asked)
        return query.where(of_person(person)) if person else query

    def beside_list(self, asked: Asked) -> dict[str, Any]:
        organization, person = self.chosen(), person_asked()
        place = {"org": organization.id} if organization else {}
        return {
            "tree": tree_of(organization),
            "place": {**place, **({"person": person} if person else {})},
            "may_prove": policy.may_audit(current_actor()),
        }

    def beside_details(self, row: HistoryEntry) -> dict[str, Any]:
        seen = select(Transfer.id).where(Transfer.id == row.transfer_id, policy.transfers_visible(current_actor()))
        chain = self.scoped().where(HistoryEntry.transfer_id == row.transfer_id).order_by(HistoryEntry.sequence)
        return {
            "line": record.line(row),
            "more_details": {name: value for name, value in row.details.items() if name not in SAID_ELSEWHERE},
            "proof": proof_of(row),
            "chain": [(entry, record.line(entry)) for entry in db.session.scalars(chain)],
            "record_url": url_for("transfers.record", key=row.transfer.key) if db.session.scalar(seen) else "",
        }
