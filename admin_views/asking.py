"""The words of a confirm window: the question, what follows from a yes, what has to be typed (R24-R29)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from admin_views.translating import gettext as _
from models import HistoryAction, Transfer
from workflow import actions
from workflow.errors import N_

REPLAN = HistoryAction.REPLAN.value
URGE = "urge"
BESIDES = {REPLAN: N_("重新规划流程"), URGE: N_("催办")}
"""What may be done with a transfer that is no action (R16, R47): its name and its button."""


class Wording(NamedTuple):
    """`input` is the form field that the window asks for, `label` its words; `place` is where it goes next."""

    title: str
    consequence: str
    input: str = ""
    label: str = ""
    picks: bool = False
    """A destination is chosen too (R44)."""


WORDINGS = {
    "approve": Wording(N_("通过 %(name)s 的转接？"), N_("通过后送 %(place)s。"), "opinion", N_("审批意见（可不填）")),
    "confirm": Wording(
        N_("确认 %(name)s 已报到？"),
        N_("确认后转接办结，组织关系转入 %(place)s。"),
        "opinion",
        N_("报到意见（可不填）"),
    ),
    "reject": Wording(
        N_("驳回 %(name)s 的转接？"), N_("驳回后退回 %(place)s 重新办理。"), "reason", N_("请填写驳回理由")
    ),
    "object": Wording(
        N_("不接收 %(name)s，提出异议反馈？"), N_("提交后退回 %(place)s 重新办理。"), "opinion", N_("请填写反馈意见")
    ),
    "reassign": Wording(
        N_("改派 %(name)s 的转接？"),
        N_("现目的支部是 %(place)s。改派后按新的目的支部重新规划流程，并继续往下流转。"),
        "opinion",
        N_("改派说明（可不填）"),
        picks=True,
    ),
    "withdraw": Wording(N_("撤回 %(name)s 的转接？"), N_("撤回后回到 %(place)s。")),
    "void": Wording(N_("作废 %(name)s 的转接？"), N_("作废后成为历史记录，不能恢复；之后可以重新申请。")),
    REPLAN: Wording(
        N_("重新规划 %(name)s 的转接流程？"),
        N_("已办理的环节不变，其余环节按现在的组织关系和权限级别重新规划。"),
    ),
    URGE: Wording(N_("催办 %(name)s 的转接？"), N_("向正在办理的组织的联络员发送一条短信；24小时内只能催办一次。")),
}


@dataclass(frozen=True)
class Question:
    """A confirm window ready to be shown."""

    title: str
    consequence: str
    input: str
    label: str
    picks: bool
    required: bool
    tone: str
    button: str


def asks_for(name: str) -> frozenset[str]:
    """The fields of an action's window, beside which a refusal may stand."""
    wording = WORDINGS.get(name)
    if wording is None or not wording.input:
        return frozenset()
    return frozenset({wording.input, "destination"} if wording.picks else {wording.input})


def question(transfer: Transfer, name: str) -> Question:
    """The confirm window of action `name`, one of `WORDINGS`."""
    wording = WORDINGS[name]
    action = actions.ACTIONS.get(name)
    about = {
        "name": transfer.member.name,
        "place": _(actions.next_stop_after(transfer, name)) if action else "",
    }
    return Question(
        title=_(wording.title) % about,
        consequence=_(wording.consequence) % about,
        input=wording.input,
        label=_(wording.label) if wording.label else "",
        picks=wording.picks,
        required=action is not None and wording.input in action.needs,
        tone=action.tone if action else "",
        button=_(action.label if action else BESIDES[name]),
    )


def goes_next(transfer: Transfer, name: str) -> str:
    """Where action `name` takes the transfer, for the bar below a record."""
    return question(transfer, name).consequence
