"""【审计日志】: who changed data or permissions, signed in, exported, read an ID number in clear (R5, R49)."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from admin_views import audit_words
from admin_views.base import ScopedView
from admin_views.history import number
from admin_views.languages import person_name
from admin_views.listing import Asked, Column, Page, Search, by_label, since, starting_with, until
from admin_views.organizations import OrganizationTree, tree_of
from admin_views.translating import gettext as _
from models import AuditEntry, AuditEvent, clock
from workflow import policy
from workflow.actors import Actor

TONES = {
    AuditEvent.SIGN_IN_FAILED: "back",
    AuditEvent.ID_NUMBER_READ: "back",
    AuditEvent.EXPORTED: "back",
    AuditEvent.ROLE_GRANTED: "way",
    AuditEvent.ROLE_REVOKED: "way",
    AuditEvent.ORGANIZATION_DELETED: "end",
    AuditEvent.MEMBER_DELETED: "end",
    AuditEvent.ACCOUNT_CLOSED: "end",
}
"""The events that stand out: personal data that left, permissions that changed hands, what is no more."""


class AuditView(OrganizationTree, ScopedView):
    """【审计日志】: for auditors of their subtrees, provincial admins of all; an entry keeps the place of its time."""

    model = AuditEntry
    scope = staticmethod(policy.audit_visible)
    order = (AuditEntry.at, AuditEntry.id)
    newest_first = True
    columns = (
        Column(_l("时间"), lambda row: clock.local_day(row.at), note=lambda row: clock.local_time(row.at), brief=True),
        Column(_l("事件"), lambda row: _(row.event.label), tone=lambda row: TONES.get(row.event, ""), brief=True),
        Column(_l("操作人"), lambda row: person_name(row.actor_name)),
        Column(_l("组织"), lambda row: row.organization_name),
        Column(_l("对象"), lambda row: audit_words.discreet(row.subject)),
        Column(_l("内容"), audit_words.summary),
    )
    facts = (
        Column(_l("时间"), lambda row: f"{clock.local_day(row.at)} {clock.local_time(row.at)}"),
        Column(_l("事件"), lambda row: _(row.event.label)),
        Column(_l("操作人"), lambda row: person_name(row.actor_name), note=lambda row: number(row.actor_id)),
        Column(_l("组织"), lambda row: row.organization_name, note=lambda row: number(row.organization_id)),
        Column(_l("对象"), lambda row: audit_words.discreet(row.subject)),
    )
    finder = Search(
        _l("操作人（开头几个字）"),
        starting_with(AuditEntry.actor_name),
        (AuditEntry.actor_name, AuditEntry.at, AuditEntry.id),
    )
    choices = (
        since(_l("从"), AuditEntry.at),
        until(_l("到"), AuditEntry.at),
        by_label("event", _l("全部事件"), AuditEntry.event, AuditEvent),
    )
    exports = True
    empty = (_l("还没有审计记录"), _l("登录、赋权、权限级别和组织变更、导出、查看身份证号等操作将显示在这里。"))
    list_template = "audit/list.html"
    details_template = "audit/details.html"

    def may_open(self, actor: Actor) -> bool:
        return policy.may_audit(actor)

    def page(self, asked: Asked) -> Page:
        page = super().page(asked)
        audit_words.know_organizations(page.rows)
        return page

    def listed(self, asked: Asked) -> Select[Any]:
        organization = self.chosen()
        query = super().listed(asked)
        return (
            query if organization is None else query.where(policy.happened_within(AuditEntry.path, [organization.path]))
        )

    def beside_list(self, asked: Asked) -> dict[str, Any]:
        organization = self.chosen()
        return {"tree": tree_of(organization), "place": {"org": organization.id} if organization else {}}

    def beside_details(self, row: AuditEntry) -> dict[str, Any]:
        return {"lines": audit_words.lines(row), "what": audit_words.discreet(row.subject) or row.organization_name}
