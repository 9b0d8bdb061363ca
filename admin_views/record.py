"""What a transfer looks like: where it stands in words, its route as a chart, its history as lines (R31, R34).

Plain presentation of loaded objects: nothing here asks the database or decides who may do what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from admin_views.languages import joined
from admin_views.translating import gettext as _
from models import (
    AttachmentKind,
    HistoryAction,
    HistoryEntry,
    Organization,
    Side,
    Stage,
    Step,
    StepState,
    Transfer,
    TransferState,
    clock,
)
from workflow import actors
from workflow.actions import Action, available_actions
from workflow.actors import Actor

CATEGORY = "党员类别"
TURNING_BACK = frozenset({HistoryAction.REJECT, HistoryAction.OBJECT})
STOP_STATES = {StepState.DONE: "done", StepState.CURRENT: "now", StepState.COMING: "coming"}
ENDED_TONES = {TransferState.COMPLETED: "done", TransferState.VOIDED: "end"}


# --- Words ---


def standing(transfer: Transfer) -> str:
    """Where it stands: 待东街街道工委审批, 待五龙村支部确认报到, 已驳回至申请人, 已办结 …"""
    step = transfer.current_step
    if step is not None:
        return awaited(step)
    if transfer.at_applicant:
        return _("%(state)s至申请人", state=_(transfer.state.label))
    return _(transfer.state.label)


def awaited(step: Step) -> str:
    """What the organization of a waiting step is waited for."""
    name = step.organization.name
    if step.confirms:
        return _("待%(name)s确认报到", name=name)
    if step.objects:
        return _("待%(name)s接收", name=name)
    return _("待%(name)s审批", name=name)


def tone(transfer: Transfer, actions: Sequence[Action]) -> str:
    """The class of the pill: one's own turn, under way, sent back, ended."""
    if transfer.at_applicant:
        return "back"
    if any(action.tone == "primary" for action in actions):
        return "now"
    return ENDED_TONES.get(transfer.state, "way")


def how_long(since: datetime) -> str:
    """A duration as people say it: 35 分钟, 2 小时, 4 天."""
    waited = max(clock.now() - since, timedelta())
    if waited < timedelta(hours=1):
        return _("%(count)s 分钟", count=max(1, waited // timedelta(minutes=1)))
    if waited < timedelta(days=1):
        return _("%(count)s 小时", count=waited // timedelta(hours=1))
    return _("%(count)s 天", count=waited.days)


def is_late(transfer: Transfer) -> bool:
    """Whether it has waited at a step for longer than its kind's days."""
    return transfer.state is TransferState.IN_PROGRESS and clock.now() - transfer.arrived_at > timedelta(
        days=transfer.kind.step_days
    )


def short_moment(moment: datetime) -> str:
    """``11-24 09:12``, in Shanghai."""
    return f"{moment.astimezone(clock.SHANGHAI):%m-%d %H:%M}"


def full_moment(moment: datetime) -> str:
    """``2026-11-24 09:12``, in Shanghai."""
    return f"{moment.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}"


def month_in_words(month: str) -> str:
    """``2026-11`` as 2026 年 11 月."""
    year, _dash, number = month.partition("-")
    return _("%(year)s 年 %(month)s 月", year=year, month=int(number))


def applicant_in_words(transfer: Transfer) -> str:
    """Who applied: the member, or a liaison in the name of an organization."""
    if transfer.submitting_organization is None:
        return _("本人")
    account = transfer.submitted_by
    name = account.member.name if account.member else _(actors.VIRTUAL_ADMIN)
    return _("%(organization)s 联络员 %(name)s", organization=transfer.submitting_organization.name, name=name)


# --- The chart ---


@dataclass(frozen=True)
class ChartStop:
    """One box of the flow chart. `organization` is None for the applicant's."""

    name: str
    label: str
    state: str
    who: str = ""
    when: str = ""
    organization: Organization | None = None
    liaisons: tuple[str, ...] = ()
    level_unset: bool = False
    own: bool = False
    sent_back: bool = False


@dataclass(frozen=True)
class ChartSide:
    """The consecutive boxes of one side of the transfer."""

    label: str
    stops: tuple[ChartStop, ...]


def chart(transfer: Transfer, liaisons: Mapping[int | None, Sequence[str]]) -> list[ChartSide]:
    """The whole route, the application first, grouped by side. `liaisons`: names by organization id."""
    turned_back_from = _turned_back_from(transfer)
    own = _handled_as_own(transfer)
    first = transfer.steps[0] if transfer.steps else None
    applying = first if first and first.stage is Stage.ENTERING_APPLICATION else None
    ahead = [step for step in transfer.steps if step is not applying]
    sides = [
        ChartSide(_(side.label), tuple(_box(step, liaisons, own, turned_back_from) for step in steps))
        for side, steps in groupby(ahead, key=lambda step: step.side)
    ]
    application = _application_box(transfer, applying, liaisons)
    if applying:
        return [ChartSide(_("申请"), (application,)), *sides]
    if not sides:
        return [ChartSide(_(Side.SOURCE.label), (application,))]
    return [ChartSide(sides[0].label, (application, *sides[0].stops)), *sides[1:]]


def progress(transfer: Transfer) -> str:
    """How far along the route it is, in words."""
    done = sum(step.state is StepState.DONE for step in transfer.steps)
    return _("已过 %(done)s 个环节，余 %(left)s 个环节", done=done, left=len(transfer.steps) - done)


def _application_box(
    transfer: Transfer, applying: Step | None, liaisons: Mapping[int | None, Sequence[str]]
) -> ChartStop:
    """Where it began; `applying` is the step of 申请, where the route has one (R15)."""
    submitting = transfer.submitting_organization
    rests = transfer.at_applicant or transfer.state is TransferState.VOIDED
    return ChartStop(
        name=submitting.name if submitting else transfer.member.name,
        label=_(applying.stage.label) if applying else _("申请人"),
        organization=applying.organization if applying else None,
        liaisons=tuple(liaisons.get(applying.organization_id, ())) if applying else (),
        state="back" if transfer.at_applicant else "done",
        who=_(transfer.state.label) if rests else _("上报"),
        when=short_moment(transfer.ended_at or transfer.arrived_at if rests else transfer.created_at),
    )


def _box(
    step: Step,
    liaisons: Mapping[int | None, Sequence[str]],
    own: set[tuple[int | None, str | None]],
    turned_back_from: tuple[int | None, str | None] | None,
) -> ChartStop:
    place = (step.organization_id, step.stage)
    sent_back = step.state is StepState.COMING and place == turned_back_from
    who, when = _handling(step)
    return ChartStop(
        name=step.organization.name,
        label=_(step.stage.label),
        state="back" if sent_back else STOP_STATES[step.state],
        who=who,
        when=when,
        organization=step.organization,
        liaisons=tuple(liaisons.get(step.organization_id, ())),
        level_unset=step.lacks_level,
        own=step.state is StepState.DONE and place in own,
        sent_back=sent_back,
    )


def _handling(step: Step) -> tuple[str, str]:
    if step.state is StepState.DONE and step.handled_at is not None:
        name = _briefly(step.handled_by, step.organization.name)
        said = _("%(name)s 确认报到", name=name) if step.confirms else _("%(name)s 通过", name=name)
        return said, short_moment(step.handled_at)
    if step.state is StepState.CURRENT:
        return _("待办理"), how_long(step.transfer.arrived_at)
    return "", ""


def _turned_back_from(transfer: Transfer) -> tuple[int | None, str | None] | None:
    """The step that the latest action sent it back from; planning again is no action (R26)."""
    if transfer.last_action not in TURNING_BACK:
        return None
    latest = next(entry for entry in reversed(transfer.history) if entry.action is transfer.last_action)
    return latest.from_organization_id, latest.from_stage


def _handled_as_own(transfer: Transfer) -> set[tuple[int | None, str | None]]:
    return {(entry.from_organization_id, entry.from_stage) for entry in transfer.history if entry.details.get("own")}


# --- The history ---


@dataclass(frozen=True)
class Line:
    """One history entry as the page shows it."""

    when: str
    action: str
    who: str
    organization: str
    origin: str
    target: str
    opinion: str
    rule: str
    own: bool
    changes: tuple[tuple[str, str, str], ...]


def lines(transfer: Transfer) -> list[Line]:
    """The history, newest first."""
    return [line(entry) for entry in reversed(transfer.history)]


def line(entry: HistoryEntry) -> Line:
    """One entry in words."""
    origin, target = _from_and_to(entry)
    return Line(
        when=full_moment(entry.at),
        action=_(entry.action.label),
        who=_briefly(entry.actor_name, entry.actor_organization_name),
        organization=entry.actor_organization_name,
        origin=origin,
        target=target,
        opinion=entry.opinion,
        rule=entry.rule,
        own=bool(entry.details.get("own")),
        changes=_changes(entry),
    )


def _briefly(name: str, organization: str) -> str:
    """A virtual admin account carries its organization's name, which stands beside it anyway."""
    return _(actors.VIRTUAL_ADMIN) if name == f"{organization}（{actors.VIRTUAL_ADMIN}）" else name


def _from_and_to(entry: HistoryEntry) -> tuple[str, str]:
    ends = {HistoryAction.CONFIRM: TransferState.COMPLETED, HistoryAction.VOID: TransferState.VOIDED}
    applicant = _("申请人")
    if entry.action is HistoryAction.PRINT_RECEIPT:
        return (_(TransferState.COMPLETED.label),) * 2
    end = ends.get(entry.action)
    return (
        entry.from_organization_name or applicant,
        entry.to_organization_name or (_(end.label) if end else applicant),
    )


def _change(name: str, before: str, after: str) -> tuple[str, str, str]:
    """One changed field; of what people write nothing is translated."""
    return (_(name), _(before), _(after)) if name == CATEGORY else (_(name), before, after)


def _changes(entry: HistoryEntry) -> tuple[tuple[str, str, str], ...]:
    changes = [_change(name, *values) for name, values in entry.details.get("changes", {}).items()]
    if "letter" in entry.details or "letter_voided" in entry.details:
        void, number = entry.details.get("letter_voided", ""), entry.details.get("letter", "")
        changes.append((_("介绍信编号"), _("%(number)s（作废）", number=void) if void else "", number))
    for kind, _colon, sha256 in (item.partition(":") for item in entry.details.get("attachments", ())):
        changes.append((_("附件"), "", f"{_(AttachmentKind(kind).label)} {sha256[:12]}"))
    if "receipt" in entry.details:
        changes.append((_("回执编号"), "", entry.details["receipt"]))
    if "account" in entry.details:
        changes.append((_("新账号（待激活）"), "", entry.details["account"]))
    if "ended_grants" in entry.details:
        changes.append((_("联络员角色"), joined(entry.details["ended_grants"]), _("已结束")))
    if "route" in entry.details:
        before, after = entry.details["route"]
        changes.append((_("流程"), " · ".join(before), " · ".join(after)))
    return tuple(changes)


# --- A row of a list ---


@dataclass(frozen=True)
class Row:
    """One transfer of a list with what the actor may do to it now."""

    transfer: Transfer
    actions: tuple[Action, ...]
    standing: str
    tone: str
    waited: str
    late: bool
    ended: str


def row(transfer: Transfer, actor: Actor) -> Row:
    """A transfer as a list shows it; it must hold what `loading.decision_options` loads."""
    offered = tuple(available_actions(transfer, actor))
    return Row(
        transfer=transfer,
        actions=offered,
        standing=standing(transfer),
        tone=tone(transfer, offered),
        waited=how_long(transfer.arrived_at),
        late=is_late(transfer),
        ended=short_moment(transfer.ended_at) if transfer.ended_at else "",
    )
