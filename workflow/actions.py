"""The transition table and `perform`, the single way to change a transfer (§6, R23-R31).

What a page draws (`available_actions`) and what is accepted come from one table; what an action does to the steps is in
`moves`. Every call is one transaction with one history entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from models import HistoryAction, HistoryEntry, Transfer, TransferState, clock, db
from workflow import applications, attachments, entering, history, letters, loading, moves, notices, planning, policy
from workflow.actors import Actor
from workflow.errors import N_, RuleError, Words
from workflow.transaction import hold_tree, transaction

OPINION_LENGTH = 500


class Capacity(NamedTuple):
    """In whose name an actor acts; the member's own branch, for the record, where the member acts as applicant."""

    organization_id: int | None
    organization_name: str
    as_liaison: bool


@dataclass(frozen=True)
class Action:
    """One row of the table. `needs` are inputs that must be there; `forward` moves are planned again (R16)."""

    name: str
    label: str
    rule: str
    state: Callable[[Transfer], bool]
    who: Callable[[Transfer, Actor], bool]
    needs: tuple[str, ...]
    effect: Callable[..., dict[str, Any]]
    capacity: Callable[[Transfer, Actor], Capacity]
    takes: tuple[str, ...] = ()
    tone: str = ""
    forward: bool = False


def _at_applicant(transfer: Transfer) -> bool:
    return transfer.at_applicant


def _on_approving_step(transfer: Transfer) -> bool:
    step = transfer.current_step
    return step is not None and not step.confirms


def _on_confirming_step(transfer: Transfer) -> bool:
    step = transfer.current_step
    return step is not None and step.confirms


def _on_receiving_step(transfer: Transfer) -> bool:
    step = transfer.current_step
    return step is not None and step.objects


def _objected(transfer: Transfer) -> bool:
    step = transfer.current_step
    return step is not None and step.objected and not step.confirms


def _next_not_handled(transfer: Transfer) -> bool:
    """R26: the latest action is a forward move, so the step after it has not been handled."""
    return transfer.state is TransferState.IN_PROGRESS and transfer.last_action in moves.FORWARD


def _made_last_move(transfer: Transfer, actor: Actor) -> bool:
    if transfer.last_action in moves.PASSING_ON:
        return policy.acts_for(transfer.last_organization_id, transfer, actor)
    return policy.is_applicant_side(transfer, actor)


def _for_step(transfer: Transfer, actor: Actor) -> Capacity:
    step = transfer.current_step
    assert step is not None
    return Capacity(step.organization_id, step.organization.name, True)


def _as_applicant(transfer: Transfer, actor: Actor) -> Capacity:
    submitting = transfer.submitting_organization
    if actor.member_id == transfer.member_id or submitting is None:
        return Capacity(transfer.source_id, transfer.source.name, False)
    return Capacity(submitting.id, submitting.name, True)


def _as_last_mover(transfer: Transfer, actor: Actor) -> Capacity:
    if transfer.last_action not in moves.PASSING_ON:
        return _as_applicant(transfer, actor)
    organization = planning.approvals_in_force(transfer)[-1].organization
    return Capacity(organization.id, organization.name, True)


def _apply_again(transfer: Transfer, actor: Actor, **fields: Any) -> dict[str, Any]:
    """上报 again, by the form that the kind has."""
    again = entering.resubmit if transfer.kind.enters else applications.resubmit
    return again(transfer, actor, **fields)


ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        Action("approve", N_("通过"), "R24", _on_approving_step, policy.stands_on_step, (), moves.approve,
               _for_step, takes=("opinion",), tone="primary", forward=True),
        Action("confirm", N_("确认报到"), "R28", _on_confirming_step, policy.stands_on_step, (), moves.confirm,
               _for_step, takes=("opinion",), tone="primary"),
        Action("resubmit", N_("上报"), "R23", _at_applicant, policy.is_applicant_side, (), _apply_again,
               _as_applicant, takes=(*applications.FIELDS, *entering.AGAIN), tone="primary", forward=True),
        Action("reject", N_("驳回"), "R25", _on_approving_step, policy.stands_on_step, ("reason",), moves.reject,
               _for_step, tone="danger"),
        Action("object", N_("异议反馈"), "R29", _on_receiving_step, policy.stands_on_step, ("opinion",), moves.object_,
               _for_step, tone="danger"),
        Action("reassign", N_("改派"), "R44", _objected, policy.stands_on_step, ("destination_id",), moves.reassign,
               _for_step, takes=("opinion",), forward=True),
        Action("withdraw", N_("撤回"), "R26", _next_not_handled, _made_last_move, (), moves.withdraw,
               _as_last_mover),
        Action("void", N_("作废"), "R27", _at_applicant, policy.is_applicant_side, (), moves.void,
               _as_applicant, tone="danger"),
    )
}  # fmt: skip

_MISSING = {
    "reason": N_("请填写驳回理由。"),
    "opinion": N_("请填写反馈意见。"),
    "destination_id": N_("请选择改派到的支部。"),
}


def available_actions(transfer: Transfer, actor: Actor) -> list[Action]:
    """What `actor` may do now: the page draws this, `perform` accepts this, nothing else decides (R30).

    Needs the transfer with what `loading.decision_options` loads; asks the database nothing.
    """
    return [action for action in ACTIONS.values() if action.state(transfer) and action.who(transfer, actor)]


def perform(key: str, name: str, actor: Actor, /, *, expected_version: int | None = None, **inputs: Any) -> Transfer:
    """Take action `name` on the transfer with this key, in one transaction; returns the transfer as it then stands.

    `expected_version` is the version that the user saw. Raises `RuleError`: R30 where the action is not (or no more)
    offered to this actor, the action's own rule where an input is missing (`field` names it), R12 where a forward move
    cannot be planned. Nothing is changed then.
    """
    action = ACTIONS.get(name)
    if action is None:
        raise RuleError(N_("没有“%(name)s”这个操作。"), "R30", name=name[:20])
    with transaction(by_keys=True):
        hold_tree()
        transfer = _locked_and_seen(key, actor, expected_version, action.label)
        if action not in available_actions(transfer, actor):
            raise _not_now(transfer, action.label)
        values = _checked_inputs(action, inputs)
        before, since = transfer.current_step, transfer.arrived_at
        capacity = action.capacity(transfer, actor)
        details = action.effect(transfer, actor, **values)
        if capacity.as_liaison and actor.member_id == transfer.member_id:
            details = {**details, "own": True}
        transfer.last_action = HistoryAction(name)
        transfer.last_organization_id = capacity.organization_id
        # Every action makes a new version, even one that leaves the row's other values as they were.
        flag_modified(transfer, "last_action")
        db.session.flush()
        details = {**details, **letters.follow(transfer, HistoryAction(name), before)}
        details = {**details, **attachments.came_with(transfer, since)}
        history.append(
            transfer,
            HistoryAction(name),
            action.rule,
            actor,
            acting_for=capacity[:2],
            before=before,
            after=transfer.current_step,
            opinion=values.get("reason" if name == "reject" else "opinion") or "",
            details=details,
        )
        notices.tell(transfer, actor)
    return transfer


def may_replan(transfer: Transfer, actor: Actor) -> bool:
    """Whether 重新规划流程 is offered (R16)."""
    return policy.may_replan(transfer, actor)


def replan(key: str, actor: Actor, *, expected_version: int | None = None) -> bool:
    """Plan a running transfer again by hand; True where its route changed, which history then says (R16).

    No action in the sense of R26. Raises `RuleError` R30 or the planner's reason.
    """
    label = HistoryAction.REPLAN.label
    with transaction(by_keys=True):
        hold_tree()
        transfer = _locked_and_seen(key, actor, expected_version, label)
        if not policy.may_replan(transfer, actor):
            raise _not_now(transfer, label)
        kept = planning.approvals_in_force(transfer)
        waiting = transfer.current_step
        was = [planning.stop_of(step) for step in transfer.steps if step not in kept]
        ahead = planning.plan_ahead(transfer, kept, waiting)
        if ahead == was:
            return False
        route_before, waited_at, since = (
            moves.route_words(transfer),
            transfer.current_organization_id,
            transfer.arrived_at,
        )
        moves.set_ahead(transfer, ahead)
        if transfer.current_organization_id == waited_at:
            transfer.arrived_at = since
        flag_modified(transfer, "arrived_at")
        history.append(
            transfer,
            HistoryAction.REPLAN,
            "R16",
            actor,
            acting_for=_replanning_for(transfer, actor),
            before=waiting,
            after=transfer.current_step,
            details={"route": [route_before, moves.route_words(transfer)]},
        )
    return True


def next_stop_after(transfer: Transfer, name: str) -> str:
    """Where an action would take the transfer, in words for its confirm window."""
    return moves.destination_in_words(transfer, name)


def where_it_stands(transfer: Transfer) -> Words:
    """The transfer's place in words: 待东街街道工委办理, 已驳回至申请人, 已办结 …"""
    if transfer.current_organization is not None:
        return Words(N_("待%(name)s办理"), {"name": transfer.current_organization.name})
    if transfer.at_applicant:
        return Words(N_("%(state)s至申请人"), {"state": transfer.state})
    return Words(transfer.state.label)


def _locked_and_seen(key: str, actor: Actor, expected_version: int | None, label: str) -> Transfer:
    transfer = loading.locked_transfer(key)
    if transfer is None or not policy.may_view_transfer(transfer, actor):
        raise RuleError(N_("记录不存在，或不在您的管理范围内。"), "R30")
    if expected_version is not None and transfer.version != expected_version:
        raise _not_now(transfer, label)
    return transfer


def _not_now(transfer: Transfer, label: str) -> RuleError:
    """Tell what happened instead of only saying no (R30)."""
    last = db.session.scalars(
        select(HistoryEntry)
        .where(HistoryEntry.transfer_id == transfer.id)
        .order_by(HistoryEntry.sequence.desc())
        .limit(1)
    ).one()
    moment = last.at.astimezone(clock.SHANGHAI)
    return RuleError(
        N_("未能“%(action)s”：该记录目前%(where)s（%(when)s 由%(who)s%(last)s）。请按最新情况办理。"),
        "R30",
        action=Words(label),
        where=where_it_stands(transfer),
        when=f"{moment:%m-%d %H:%M}",
        who=f"{last.actor_organization_name} {last.actor_name}".strip(),
        last=last.action,
    )


def _checked_inputs(action: Action, inputs: dict[str, Any]) -> dict[str, Any]:
    unknown = set(inputs) - {*action.needs, *action.takes}
    if unknown:
        raise TypeError(f"{action.name} takes no {', '.join(sorted(unknown))}")
    values = {name: value.strip() if isinstance(value, str) else value for name, value in inputs.items()}
    for name in action.needs:
        if not values.get(name):
            raise RuleError(_MISSING[name], action.rule, name.removesuffix("_id"))
    for name in {*action.needs, "opinion"}:  # resubmit's reason is a field of the application (R19)
        if isinstance(text := values.get(name), str) and len(text) > OPINION_LENGTH:
            raise RuleError(N_("内容过长，请控制在%(limit)s字以内。"), action.rule, name, limit=OPINION_LENGTH)
    return values


def _replanning_for(transfer: Transfer, actor: Actor) -> tuple[int | None, str]:
    if actor.is_provincial_admin:
        return None, ""
    post = next(post for post in actor.posts if post.organization_id in actor.liaison_paths)
    return post.organization_id, post.organization_name
