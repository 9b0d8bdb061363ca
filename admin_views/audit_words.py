"""What an audit entry says, in words: field by field what was before and after, and who was granted what (R5, R49).

No ID number and no phone is ever among them: what belongs to such a field is left out, whatever an entry holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from flask import g
from sqlalchemy import select

from admin_views.languages import joined
from admin_views.translating import gettext as _
from models import (
    AttachmentKind,
    AuditEntry,
    AuditEvent,
    Gender,
    LabelledEnum,
    MemberCategory,
    MemberStatus,
    Organization,
    OrganizationKind,
    RoleCode,
    db,
)
from workflow.claims import Answer
from workflow.errors import N_

PRIVATE = re.compile("id_number|phone|password|token|sealed")
"""Fields whose values are never shown."""
NUMBERS = re.compile(r"(?<!\d)(\d{17}[\dXx]|1[3-9]\d{9})(?!\d)")
"""What reads like an ID number or a mobile number, should one have strayed into another field."""
DELETIONS = frozenset({AuditEvent.ORGANIZATION_DELETED, AuditEvent.MEMBER_DELETED, AuditEvent.RECORD_DELETED})
FIELDS = {
    "approves_committee": N_("党（工）委审批"),
    "approves_leaving": N_("县委审批（转出、转入省外）"),
    "attachment": N_("附件"),
    "category": N_("党员类别"),
    "code": N_("组织代码"),
    "contact_name": N_("联系人"),
    "contact_phone": N_("联系电话"),
    "created": N_("新增"),
    "deleted": N_("删除"),
    "ethnicity": N_("民族"),
    "filters": N_("导出条件"),
    "gender": N_("性别"),
    "id_number": N_("身份证号"),
    "is_active": N_("启用"),
    "joined_on": N_("入党日期"),
    "kind": N_("组织类型"),
    "level_rank": N_("权限级别"),
    "name": N_("名称"),
    "organization": N_("所在组织"),
    "parent_id": N_("上级组织"),
    "phone": N_("手机号码"),
    "reason": N_("原因"),
    "registers_entering": N_("省外转入登记"),
    "result": N_("查找结果"),
    "role": N_("角色"),
    "rows": N_("行数"),
    "sha256": N_("文件哈希（SHA-256）"),
    "status": N_("党员状态"),
    "transfer": N_("转接编号"),
    "updated": N_("修改"),
}


class Line(NamedTuple):
    """One field of an entry; `before` or `after` is "" where there is none."""

    field: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.field}{_('：')}{' → '.join(filter(None, (self.before, self.after)))}"


def lines(entry: AuditEntry) -> list[Line]:
    """All that the entry holds, field by field; what a deleted object was like is what was before."""
    told = [line for name, value in entry.details.items() for line in _lines(name, value)]
    return [Line(line.field, line.after, "") for line in told] if entry.event in DELETIONS else told


def summary(entry: AuditEntry) -> str:
    """What the entry says in a list; what an object was like, and a file's hash, stand on the entry's own page."""
    told = {name: value for name, value in entry.details.items() if name not in ("values", "sha256")}
    return joined((line for name, value in told.items() for line in _lines(name, value)), N_("；"))


def discreet(text: str) -> str:
    """The text without whatever reads like an ID number or a mobile number."""
    return NUMBERS.sub("***", text)


def know_organizations(entries: Iterable[AuditEntry]) -> None:
    """Read the names of all organizations that the entries name by id: one statement for a page."""
    wanted = {
        identity
        for entry in entries
        for group in ("changes", "values")
        for identity in _as_pair(entry.details.get(group, {}).get("parent_id"))
        if isinstance(identity, int) and identity not in _known()
    }
    if wanted:
        rows = db.session.execute(select(Organization.id, Organization.name).where(Organization.id.in_(wanted)))
        _known().update({identity: _gone(identity) for identity in wanted} | {row.id: row.name for row in rows})


def _known() -> dict[int, str]:
    if "audit_organizations" not in g:
        g.audit_organizations = {}
    known: dict[int, str] = g.audit_organizations
    return known


def _gone(identity: int) -> str:
    return _("已删除的组织（内部编号 %(number)s）", number=identity)


def _lines(name: str, value: Any) -> list[Line]:
    if name == "changes":
        return [_change(field, *_as_pair(pair)) for field, pair in value.items()]
    inside = value if name in ("values", "counts") else {name: value}
    return [_fact(field, one) for field, one in inside.items() if one not in (None, "")]


def _change(field: str, before: Any, after: Any) -> Line:
    if PRIVATE.search(field):
        return Line(_field(field), "", _("已变更（不显示）"))
    none = _("未设置") if field == "level_rank" else _("无")
    return Line(_field(field), _words(field, before) or none, _words(field, after) or none)


def _fact(field: str, value: Any) -> Line:
    return Line(_field(field), "", _("（不显示）") if PRIVATE.search(field) else _words(field, value))


def _field(name: str) -> str:
    return _(FIELDS[name]) if name in FIELDS else name


def _as_pair(value: Any) -> tuple[Any, Any]:
    return (value[0], value[1]) if isinstance(value, list) and len(value) == 2 else (None, value)


def _words(field: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, list):
        return discreet(joined(value))
    return discreet(VALUES.get(field, str)(value))


def _label(kind: type[LabelledEnum]) -> Callable[[Any], str]:
    known = {item.value: item for item in kind}
    return lambda value: _(known[value].label) if value in known else str(value)


def _organization(identity: Any) -> str:
    if identity not in _known():
        name = db.session.scalar(select(Organization.name).where(Organization.id == identity))
        _known()[identity] = name or _gone(identity)
    return _known()[identity]


VALUES: Mapping[str, Callable[[Any], str]] = {
    "attachment": _label(AttachmentKind),
    "category": _label(MemberCategory),
    "gender": _label(Gender),
    "kind": _label(OrganizationKind),
    "level_rank": lambda rank: _("%(rank)s级", rank=rank),
    "parent_id": _organization,
    "result": _label(Answer),
    "role": _label(RoleCode),
    "status": _label(MemberStatus),
}
