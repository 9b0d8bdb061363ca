"""【转接类型】: what each kind of transfer passes, in words (R12-R15). A migration makes them, nobody edits them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import true
from sqlalchemy.orm import selectinload

from admin_views.base import ScopedView
from admin_views.listing import Column
from admin_views.translating import gettext as _
from models import Anchor, OrganizationKind, StageRule, TransferKind, Walk
from workflow import policy
from workflow.actors import Actor
from workflow.errors import N_

REGISTERING = N_("登记组织")
"""What stands where an application begins, of a kind that enters (R15)."""
WAYS = {
    Walk.UP: N_("从%(anchor)s向上逐级到“%(until)s”"),
    Walk.DOWN: N_("从“%(until)s”向下逐级到%(anchor)s"),
    Walk.STOP: N_("由%(anchor)s办理“%(stage)s”"),
}
STAGES = {
    "branch_stage": N_("党支部"),
    "general_branch_stage": N_("党总支"),
    "committee_stage": N_("党委、党工委"),
    "last_stage": N_("末个组织"),
    "shared_stage": N_("两段共有的组织"),
}


@dataclass(frozen=True)
class Leg:
    """One stage rule in words: which way, on whose side, what its stages are called, what may be done besides 通过."""

    way: str
    side: str
    stages: list[tuple[str, str]]
    also: list[str]


def anchor(rule: StageRule, kind: TransferKind) -> str:
    """From which organization the leg starts, in words."""
    return REGISTERING if kind.enters and rule.anchor is Anchor.SOURCE else rule.anchor.label


def way(rule: StageRule, kind: TransferKind) -> str:
    """向上逐级到“党（工）委审批” …"""
    return _(WAYS[rule.walk]) % {
        "anchor": _(anchor(rule, kind)),
        "until": _(rule.until.label) if rule.until else "",
        "stage": _(rule.last_stage.label) if rule.last_stage else "",
    }


def leg(rule: StageRule, kind: TransferKind) -> Leg:
    """A stage rule in words."""
    who = {**STAGES, "last_stage": anchor(rule, kind)} if rule.walk is Walk.STOP else STAGES
    stages = {name: getattr(rule, name) for name in STAGES}
    also = ((rule.confirms, N_("确认报到")), (rule.objects, N_("异议反馈（%(anchor)s）")))
    return Leg(
        way=way(rule, kind),
        side=_(rule.side.label),
        stages=[(_(who[name]), _(stage.label)) for name, stage in stages.items() if stage],
        also=[_(words) % {"anchor": _(anchor(rule, kind))} for offered, words in also if offered],
    )


def _days(kind: TransferKind) -> str:
    return _("每个环节 %(count)s 天", count=kind.step_days)


class KindView(ScopedView):
    """【转接类型】: read by everybody with a role, changed by nobody."""

    model = TransferKind
    scope = staticmethod(lambda _actor: true())
    address = "code"
    order = (TransferKind.code,)
    loading = (selectinload(TransferKind.rules),)
    columns = (
        Column(_l("转接类型"), lambda row: _(row.name)),
        Column(_l("目的组织"), lambda row: _(OrganizationKind(row.destination_kind).label), brief=True),
        Column(_l("流程"), lambda row: " → ".join(way(rule, row) for rule in row.rules)),
        Column(_l("办理期限"), _days, brief=True),
    )
    facts = (
        Column(_l("目的组织"), lambda row: _(OrganizationKind(row.destination_kind).label)),
        Column(_l("办理期限"), _days),
        Column(_l("依据规则"), lambda row: row.route_rule),
    )
    empty = (_l("还没有转接类型"), _l("转接类型随系统安装，升级时由维护人员增加。"))
    details_template = "kinds/details.html"

    def may_open(self, actor: Actor) -> bool:
        return bool(policy.visible_paths(actor))

    def beside_details(self, row: TransferKind) -> dict[str, Any]:
        return {"named": _(row.name), "legs": [leg(rule, row) for rule in row.rules]}
