"""【台账】: the transfers of an organization and a period, to be printed, or taken along as XLSX (R52)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from flask import Response, abort, request, stream_with_context
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from openpyxl import Workbook
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from admin_views import record
from admin_views.access import PanelView, current_actor
from admin_views.exporting import CHUNK, harmless
from admin_views.listing import Column
from admin_views.organizations import OrganizationTree, tree_of
from admin_views.transfer_list import TABS
from admin_views.translating import gettext as _
from models import AuditEvent, Organization, Transfer, clock, db
from workflow import audit, policy
from workflow.actors import Actor
from workflow.transaction import transaction

PRINTED = 1000
"""More rows than this are no page that anybody reads: the file takes them all."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PIECE = 1 << 16

COLUMNS = (
    Column(_l("记录编号"), lambda row: row.number),
    Column(_l("姓名"), lambda row: row.member.name),
    Column(_l("身份证号"), lambda row: row.member.id_number_masked),
    Column(_l("党员类别"), lambda row: _(row.member.category.label)),
    Column(_l("类型"), lambda row: _(row.kind.name)),
    Column(_l("转出组织"), lambda row: row.comes_from),
    Column(_l("转入组织"), lambda row: row.destination.name),
    Column(_l("转出原因"), lambda row: row.reason),
    Column(_l("申请时间"), lambda row: row.applied_on.isoformat()),
    Column(_l("党费缴纳至"), lambda row: row.dues_paid_until),
    Column(_l("状态"), lambda row: _(row.state.label)),
    Column(_l("办结时间"), lambda row: record.full_moment(row.ended_at) if row.ended_at else ""),
)


@dataclass(frozen=True)
class Period:
    """What the URL asks for: from one day to another, both included; the current month by default."""

    since: date
    until: date

    @classmethod
    def asked(cls) -> Period:
        today = clock.today()
        since = _day(request.args.get("since", "")) or today.replace(day=1)
        until = _day(request.args.get("until", "")) or max(today, since)
        return cls(since, until)

    @property
    def words(self) -> str:
        return _("%(since)s 至 %(until)s", since=self.since.isoformat(), until=self.until.isoformat())


class LedgerView(OrganizationTree, PanelView):
    """A table on paper: the organization, the period, one line a transfer in the order of application."""

    def may_open(self, actor: Actor) -> bool:
        return bool(policy.visible_paths(actor))

    @expose("/")
    def index(self) -> ResponseReturnValue:
        organization, period, tab = self.chosen(), Period.asked(), _tab()
        rows = []
        if organization is not None and period.since <= period.until:
            rows = list(db.session.scalars(_transfers(organization, period, tab).limit(PRINTED + 1)))
        return self.render(
            "ledger/index.html",
            tree=tree_of(organization),
            organization=organization,
            period=period,
            tab=tab,
            tabs=TABS,
            columns=COLUMNS,
            rows=rows[:PRINTED],
            more=len(rows) > PRINTED,
            printed=PRINTED,
            made=record.full_moment(clock.now()),
        )

    @expose("/export", methods=("POST",))
    def export(self) -> ResponseReturnValue:
        """The same lines, all of them, as XLSX; an audit entry says who took it (R49)."""
        organization = self.chosen()
        if organization is None:
            abort(404)
        period, tab = Period.asked(), _tab()
        title = _("组织关系转接台账 %(tab)s %(name)s", tab=_(TABS[tab].label), name=organization.name)
        with transaction():
            audit.record(AuditEvent.EXPORTED, current_actor(), organization=organization, subject=title[:120])
        filename = quote(f"{title} {period.since:%Y%m%d}-{period.until:%Y%m%d}.xlsx")
        return Response(
            stream_with_context(_workbook(_transfers(organization, period, tab), title, period)),
            mimetype=XLSX,
            headers={"Content-Disposition": f"attachment; filename*=UTF-8''{filename}"},
        )


def _tab() -> str:
    tab = request.args.get("tab", "out")
    return tab if tab in TABS else "out"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _transfers(organization: Organization, period: Period, tab: str) -> Select[Transfer]:
    return (
        select(Transfer)
        .where(
            policy.ends_within(TABS[tab].path, policy.paths_of(current_actor(), organization)),
            Transfer.applied_on >= period.since,
            Transfer.applied_on <= period.until,
        )
        .options(
            joinedload(Transfer.member),
            joinedload(Transfer.kind),
            joinedload(Transfer.source),
            joinedload(Transfer.destination),
        )
        .order_by(Transfer.applied_on, Transfer.id)
    )


def _workbook(query: Select[Transfer], title: str, period: Period) -> Iterator[bytes]:
    """The rows as a workbook, written row by row into a file of its own: memory does not grow with them."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("台账"))
    sheet.append([title])
    sheet.append([period.words])
    sheet.append([_("序号"), *(str(column.label) for column in COLUMNS)])
    for number, row in enumerate(db.session.scalars(query.execution_options(yield_per=CHUNK)), 1):
        sheet.append([number, *(harmless(str(column.value(row))) for column in COLUMNS)])
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece
