"""What each action does to a transfer and its steps. Who may and when is in `actions`; nothing here checks that."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import select

from models import (
    AttachmentKind,
    HistoryAction,
    HistoryEntry,
    Organization,
    Stage,
    Step,
    StepState,
    Transfer,
    TransferState,
    clock,
    db,
)
from workflow import accounts, attachments, homes, leaving, planning
from workflow.actors import Actor
from workflow.errors import N_, RuleError
from workflow.routes import Stop

SUBMITTING = frozenset({HistoryAction.SUBMIT, HistoryAction.RESUBMIT})
APPLICANT = N_("申请人")
PASSING_ON = frozenset({HistoryAction.APPROVE, HistoryAction.REASSIGN})
"""What handles a step and sends the transfer on to the next."""
FORWARD = SUBMITTING | PASSING_ON


def start(transfer: Transfer, stops: Sequence[Stop], actor: Actor) -> None:
    """上报: the whole route is ahead, its first step waits (R23).

    A step of 申请 is no step that waits: it is handled by this (R15).
    """
    set_ahead(transfer, stops)
    first = transfer.current_step
    if first is not None and first.stage is Stage.ENTERING_APPLICATION:
        _handle(transfer, actor)
        _wait_at(transfer, transfer.steps[1])


def approve(transfer: Transfer, actor: Actor, opinion: str = "") -> dict[str, Any]:
    """通过: the waiting step is handled and what lies ahead is planned by the data of the day (R16, R24)."""
    _handle(transfer, actor)
    kept = planning.approvals_in_force(transfer)
    set_ahead(transfer, planning.plan_ahead(transfer, kept, None))
    return {}


def reject(transfer: Transfer, actor: Actor, reason: str) -> dict[str, Any]:
    """驳回: back to the step handled before, which decides again; from the first one to the applicant (R25)."""
    _turn_back(transfer, _earlier(transfer), objected=False)
    return {}


def object_(transfer: Transfer, actor: Actor, opinion: str) -> dict[str, Any]:
    """异议反馈: back to the organization above the branch on the route, past the branch's own receiving step (R29)."""
    _turn_back(transfer, _above_receiver(transfer), objected=True)
    return {}


def reassign(transfer: Transfer, actor: Actor, destination_id: int, opinion: str = "") -> dict[str, Any]:
    """改派: after an objection on to another branch of the own subtree, planned again from there (R44)."""
    was = transfer.destination
    # Before the approval writes: the database would refuse equal ends without a word.
    destination = checked_reassignment(transfer, destination_id)
    transfer.destination, transfer.destination_path = destination, destination.path
    changes = {"目的支部": [was.name, destination.name]}
    return {**approve(transfer, actor), "changes": changes, "destination_before": was.id}


def checked_reassignment(transfer: Transfer, destination_id: int) -> Organization:
    """The other branch, if the waiting organization may send the transfer there. Raises `RuleError` R13, R15, R44."""
    here, was = transfer.current_organization, transfer.destination
    destination = db.session.get(Organization, destination_id, populate_existing=True)
    assert here is not None
    if destination is None or not destination.path.startswith(here.path):
        raise RuleError(N_("只能改派到“%(name)s”范围内的支部，请重新选择。"), "R44", "destination", name=here.name)
    if destination.id == was.id:
        raise RuleError(N_("“%(name)s”就是现在的目的支部，请另选。"), "R44", "destination", name=was.name)
    planning.check_new_destination(transfer, destination)
    return destination


def withdraw(transfer: Transfer, actor: Actor) -> dict[str, Any]:
    """撤回: back to the step of the last approval, or to the applicant where nothing was approved (R26).

    A 改派 that is taken back leaves the destination as it was before it.
    """
    reassigned = transfer.last_action is HistoryAction.REASSIGN
    _go_back(transfer, _taken_back(transfer), TransferState.WITHDRAWN)
    return _destination_again(transfer) if reassigned else {}


def _destination_again(transfer: Transfer) -> dict[str, Any]:
    """The destination before the latest 改派, and what was ahead of the step that is back (R44)."""
    details = db.session.scalars(
        select(HistoryEntry.details)
        .where(HistoryEntry.transfer_id == transfer.id, HistoryEntry.action == HistoryAction.REASSIGN)
        .order_by(HistoryEntry.sequence.desc())
        .limit(1)
    ).one()
    here, was = transfer.current_step, transfer.destination
    assert here is not None
    transfer.destination = db.session.get_one(Organization, details["destination_before"])
    transfer.destination_path = transfer.destination.path
    # Where it cannot be planned, the next forward move says so: taking back always works (R16).
    with suppress(RuleError):
        ahead = planning.plan_ahead(transfer, [*planning.approvals_in_force(transfer), here], None)
        set_ahead(transfer, [planning.stop_of(here), *ahead])
    return {"changes": {"目的支部": [was.name, transfer.destination.name]}}


def void(transfer: Transfer, actor: Actor) -> dict[str, Any]:
    """作废: it becomes history, and a new application is possible (R27)."""
    _end(transfer, TransferState.VOIDED)
    return {}


def confirm(transfer: Transfer, actor: Actor, opinion: str = "") -> dict[str, Any]:
    """确认报到: the flow ends, the member's organization changes at this moment (R28), a liaison's grants end (R21)."""
    destination = transfer.destination
    if not destination.is_active:
        raise RuleError(N_("“%(name)s”已停用，不能确认报到，请联系省级管理员处理。"), "R12", name=destination.name)
    if transfer.kind.needs_letter and not attachments.has(transfer, AttachmentKind.RECEIPT):
        raise RuleError(N_("请先在记录中上传介绍信回执联，再确认报到。"), "R28")
    _handle(transfer, actor)
    homes.settle(transfer.member, destination)
    ended = leaving.end_grants(transfer.member, actor)
    opened = accounts.open_for_entered(transfer.member, actor) if transfer.kind.enters else None
    _end(transfer, TransferState.COMPLETED)
    return {**({"ended_grants": ended} if ended else {}), **({"account": opened.username} if opened else {})}


def set_ahead(transfer: Transfer, stops: Sequence[Stop]) -> None:
    """Replace the waiting step and all after it by `stops`; approvals in force stay as they are (R16)."""
    kept = planning.approvals_in_force(transfer)
    spare = [step for step in transfer.steps if step.state is not StepState.DONE]
    wanted = {stop.organization_id for stop in stops}
    objected = {step.organization_id for step in spare if step.objected and step.state is StepState.CURRENT}
    with db.session.no_autoflush:  # a new transfer has no current organization yet, which the database would refuse
        found = db.session.scalars(select(Organization).where(Organization.id.in_(wanted)))
        organizations = {organization.id: organization for organization in found}
    first = len(kept) + 1
    for position, stop in enumerate(stops, start=first):
        # Rows are written over in place: a position is unique, and new rows would come before old ones go.
        if spare:
            step = spare.pop(0)
        else:
            step = Step()
            transfer.steps.append(step)
        step.position = position
        step.state = StepState.COMING
        step.stage = stop.stage
        step.side = stop.side
        step.organization = organizations[stop.organization_id]
        step.organization_id = stop.organization_id
        step.level_unset = stop.level_unset
        step.confirms = stop.confirms
        step.objects = stop.objects
        step.objected = position == first and stop.organization_id in objected
    for step in spare:
        transfer.steps.remove(step)
    _wait_at(transfer, transfer.steps[len(kept)])


def destination_in_words(transfer: Transfer, name: str) -> str:
    """Where action `name` would take the transfer: an organization's name, 申请人, or the end."""
    if name in ("confirm", "reassign"):
        return transfer.destination.name
    if name == "void":
        return TransferState.VOIDED.label
    if name in ("approve", "resubmit"):
        ahead = [step for step in transfer.steps if step.state is StepState.COMING]
    else:
        back = {"reject": _earlier, "object": _above_receiver, "withdraw": _taken_back}[name](transfer)
        ahead = [back] if back else []
    return ahead[0].organization.name if ahead else APPLICANT


def route_words(transfer: Transfer) -> list[str]:
    """The route as a history entry keeps it: stage and organization of each step."""
    return [f"{step.stage.label} {step.organization.name}" for step in transfer.steps]


def _earlier(transfer: Transfer, besides: int | None = None) -> Step | None:
    """The nearest step handled before whose organization is still active (R25), other than that of `besides`."""
    handled = [
        step
        for step in planning.approvals_in_force(transfer)
        if step.organization.is_active
        and step.organization_id != besides
        # R15: what registered it is the applicant, and decides nothing.
        and step.stage is not Stage.ENTERING_APPLICATION
    ]
    return handled[-1] if handled else None


def _above_receiver(transfer: Transfer) -> Step | None:
    return _earlier(transfer, besides=transfer.current_organization_id)


def _taken_back(transfer: Transfer) -> Step | None:
    """The step of the latest approval, if the latest action was one (R26)."""
    approvals = planning.approvals_in_force(transfer)
    return approvals[-1] if transfer.last_action in PASSING_ON else None


def _handle(transfer: Transfer, actor: Actor) -> None:
    step = transfer.current_step
    assert step is not None
    step.level_unset = step.lacks_level
    step.state = StepState.DONE
    step.handled_at = clock.now()
    step.handled_by = actor.name
    # Only one step may wait: the database must see this one go before the next one comes.
    db.session.flush()


def _turn_back(transfer: Transfer, target: Step | None, *, objected: bool) -> None:
    _go_back(transfer, target, TransferState.REJECTED)
    if target:
        target.objected = objected


def _go_back(transfer: Transfer, target: Step | None, at_applicant: TransferState) -> None:
    first = target.position if target else 0
    for step in transfer.steps:
        if step.position >= first:
            step.state = StepState.COMING
            step.handled_at = None
            step.handled_by = ""
    db.session.flush()
    if target:
        _wait_at(transfer, target)
        return
    transfer.state = at_applicant
    transfer.current_organization = None
    transfer.current_organization_id = None
    transfer.waiting_organization_id = transfer.submitting_organization_id
    transfer.arrived_at = clock.now()


def _wait_at(transfer: Transfer, step: Step) -> None:
    transfer.arrived_at = clock.now()
    transfer.reminded_at = transfer.urged_at = None
    step.state = StepState.CURRENT
    transfer.state = TransferState.IN_PROGRESS
    transfer.current_organization = step.organization
    transfer.current_organization_id = step.organization_id
    transfer.waiting_organization_id = step.organization_id


def _end(transfer: Transfer, state: TransferState) -> None:
    transfer.state = state
    transfer.current_organization = None
    transfer.current_organization_id = None
    transfer.waiting_organization_id = None
    transfer.ended_at = clock.now()
    for step in transfer.steps:
        step.is_open = False
