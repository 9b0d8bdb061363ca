"""Applying: what the form may say (R18-R20), the preview before 上报 (R45), and applying again (R23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import selectinload

from models import (
    OPEN_STATES,
    HistoryAction,
    Member,
    MemberStatus,
    Organization,
    OrganizationKind,
    Side,
    Stage,
    Transfer,
    TransferKind,
    TransferState,
    clock,
    db,
)
from workflow import actors, history, leaving, letters, moves, notices, planning, policy
from workflow.actors import Actor
from workflow.errors import N_, RuleError, Words
from workflow.fonts import check_printable
from workflow.people_data import has_control_characters
from workflow.planning import kind_by_code
from workflow.routes import Node, Stop
from workflow.transaction import hold_tree, open_transfer_exists, transaction

FIELDS = ("destination_id", "reason", "applied_on", "dues_paid_until", "addressee", "destination_unit")
REASON_LENGTH = 500
ADDRESSEE_LENGTH, UNIT_LENGTH = 120, 200


@dataclass(frozen=True)
class PreviewStop:
    """One stop of a planned route as the applicant sees it before 上报 (R45)."""

    stage: Stage
    label: str
    organization_id: int
    organization_name: str
    side: Side
    level_unset: bool
    liaisons: tuple[str, ...]
    warnings: tuple[str, ...]


def application_kinds() -> list[TransferKind]:
    """The kinds that can be applied for: within the province, and those that leave with a letter (R13, R14)."""
    kinds = db.session.scalars(select(TransferKind).order_by(TransferKind.needs_letter, TransferKind.code))
    return [kind for kind in kinds if _is_applied_for(kind)]


def _is_applied_for(kind: TransferKind) -> bool:
    within = kind.destination_kind == OrganizationKind.BRANCH.value and not kind.enters
    return within or kind.needs_letter


def holding_organizations(kind: TransferKind) -> list[Organization]:
    """Where a kind that leaves the province may go: few, and outside the tree (R1, R39)."""
    query = select(Organization).where(Organization.kind == OrganizationKind(kind.destination_kind))
    return list(db.session.scalars(query.where(Organization.is_active.is_(True)).order_by(Organization.name)))


def destination_branches() -> ColumnElement[bool]:
    """The organizations that a transfer within the province may go to: active branches (R13)."""
    return and_(Organization.kind == OrganizationKind.BRANCH, Organization.is_active.is_(True))


def branches_to_reassign(actor: Actor) -> ColumnElement[bool]:
    """The branches among which a liaison chooses for 改派: active ones of the own subtrees (R44)."""
    return and_(destination_branches(), policy.within(Organization.path, policy.apply_paths(actor)))


def preview(kind_code: str, origin_id: int, destination_id: int) -> list[PreviewStop]:
    """The route as it would be planned today, each organization's liaisons, and every warning (R45).

    It begins with the source branch; of a kind that enters with the registering organization.
    Raises `RuleError` R12-R15 with the reason where there is no route.
    """
    kind = found_kind(kind_code)
    origin = found_organization(origin_id, "member")
    destination = found_organization(destination_id, "destination")
    return _previewed(*planning.plan_route(kind, origin, destination))


def preview_reassigned(transfer: Transfer, destination_id: int) -> list[PreviewStop]:
    """What would be ahead if the waiting step sent the transfer to another branch (R44, R45).

    Raises `RuleError` R12, R13, R15, R44 with the reason where it cannot.
    """
    here = transfer.current_step
    assert here is not None
    found_kind(transfer.kind_code)  # a transfer that is only looked at has its kind without the rules
    destination = moves.checked_reassignment(transfer, destination_id)
    kept = [*planning.approvals_in_force(transfer), here]
    return _previewed(*planning.plan_ahead_to(transfer, destination, kept, None))


def _previewed(stops: Sequence[Stop], lookup: Mapping[int, Node]) -> list[PreviewStop]:
    names = actors.liaison_names({stop.organization_id for stop in stops})
    return [_preview_stop(stop, lookup[stop.organization_id], tuple(names[stop.organization_id])) for stop in stops]


def _preview_stop(stop: Stop, node: Node, liaisons: tuple[str, ...]) -> PreviewStop:
    warnings = []
    if stop.level_unset:
        warnings.append(N_("未设置权限级别，因此继续往上流转。"))
    if not liaisons:
        warnings.append(N_("无有效联络员：送到该组织的记录暂时无人办理。"))
    return PreviewStop(
        stage=stop.stage,
        label=stop.stage.label,
        organization_id=node.id,
        organization_name=node.name,
        side=stop.side,
        level_unset=stop.level_unset,
        liaisons=liaisons,
        warnings=tuple(warnings),
    )


def apply(
    actor: Actor,
    *,
    kind_code: str,
    member_key: str,
    destination_id: int,
    reason: str,
    applied_on: date,
    dues_paid_until: str,
    addressee: str = "",
    destination_unit: str = "",
) -> Transfer:
    """上报 a new application for the actor or a member of the actor's subtree, in one transaction (R18-R21, R23).

    Raises `RuleError` whose `field` is one of member, destination, reason, applied_on, dues_paid_until, addressee,
    destination_unit.
    """
    with transaction(by_keys=True):
        hold_tree()
        kind = _offered_kind(kind_code)
        member = _locked_member(member_key, actor)
        submitting = policy.submitting_organization(member, actor)
        check_member(member)
        check_no_open_transfer(member)
        leaving.check(member)
        reason = checked_reason(reason)
        check_dates(applied_on, dues_paid_until)
        addressee, destination_unit = checked_letter(kind, addressee, destination_unit)
        destination = found_organization(destination_id, "destination")
        stops, _ = planning.plan_route(kind, member.organization, destination)
        transfer = begin(
            actor,
            stops,
            kind=kind,
            member=member,
            destination=destination,
            submitting_organization=db.session.get(Organization, submitting) if submitting else None,
            reason=reason,
            addressee=addressee,
            destination_unit=destination_unit,
            applied_on=applied_on,
            dues_paid_until=dues_paid_until,
        )
        submitted(transfer, actor, "R23", letters.follow(transfer, HistoryAction.SUBMIT, None))
    return transfer


def begin(
    actor: Actor,
    stops: Sequence[Stop],
    *,
    member: Member,
    destination: Organization,
    submitting_organization: Organization | None,
    **fields: Any,
) -> Transfer:
    """A new transfer at its first step, flushed; `fields` are columns. All is checked; `submitted` comes after."""
    submitting = submitting_organization.id if submitting_organization else None
    transfer = Transfer(
        member=member,
        state=TransferState.IN_PROGRESS,
        source=member.organization,
        source_id=member.organization_id,
        source_path=member.org_path,
        destination=destination,
        destination_path=destination.path,
        submitted_by_id=actor.account_id,
        submitting_organization=submitting_organization,
        submitting_organization_id=submitting,
        last_action=HistoryAction.SUBMIT,
        last_organization_id=submitting,
        **fields,
    )
    db.session.add(transfer)
    moves.start(transfer, stops, actor)
    db.session.flush()
    return transfer


def submitted(transfer: Transfer, actor: Actor, rule: str, details: Mapping[str, Any]) -> None:
    """The first history entry of a transfer, and the message to who has it to do (R31, R32)."""
    acting = transfer.submitting_organization or transfer.source
    history.append(
        transfer,
        HistoryAction.SUBMIT,
        rule,
        actor,
        acting_for=(acting.id, acting.name),
        after=transfer.current_step,
        details=dict(details),
    )
    notices.tell(transfer, actor)


def resubmit(
    transfer: Transfer,
    actor: Actor,
    *,
    destination_id: int | None = None,
    reason: str | None = None,
    applied_on: date | None = None,
    dues_paid_until: str | None = None,
    addressee: str | None = None,
    destination_unit: str | None = None,
) -> dict[str, Any]:
    """上报 again after a withdrawal or a rejection; the fields may be changed (R23). Called by `actions.perform`."""
    check_member(transfer.member)
    leaving.check(transfer.member, but_transfer=transfer.id)
    was = _words(transfer)
    if destination_id is not None:
        transfer.destination = found_organization(destination_id, "destination")
        transfer.destination_path = transfer.destination.path
    transfer.reason = checked_reason(transfer.reason if reason is None else reason)
    transfer.addressee, transfer.destination_unit = checked_letter(
        transfer.kind,
        transfer.addressee if addressee is None else addressee,
        transfer.destination_unit if destination_unit is None else destination_unit,
    )
    transfer.applied_on = applied_on or transfer.applied_on
    transfer.dues_paid_until = dues_paid_until or transfer.dues_paid_until
    check_dates(transfer.applied_on, transfer.dues_paid_until)
    # Nothing is written before the planner has agreed: the database would refuse equal ends without a word.
    with db.session.no_autoflush:
        stops, _ = planning.plan_route(transfer.kind, transfer.source, transfer.destination)
    moves.start(transfer, stops, actor)
    changes = {name: [was[name], value] for name, value in _words(transfer).items() if was[name] != value}
    return {"changes": changes} if changes else {}


def checked_reason(reason: str, rule: str = "R19", name: str = N_("转出原因")) -> str:
    """转出原因, trimmed; `RuleError` R19 where it is empty or too long. `name`: what the form calls it."""
    reason = reason.strip()
    if not reason:
        raise RuleError(N_("请填写%(name)s。"), rule, "reason", name=Words(name))
    if len(reason) > REASON_LENGTH:
        words = N_("%(name)s过长，请控制在%(limit)s字以内。")
        raise RuleError(words, rule, "reason", name=Words(name), limit=REASON_LENGTH)
    return reason


def checked_letter(kind: TransferKind, addressee: str, destination_unit: str) -> tuple[str, str]:
    """R19: 介绍信抬头, required where the kind needs a letter, and 转往单位; both empty where it needs none."""
    if not kind.needs_letter:
        return "", ""
    addressee, destination_unit = addressee.strip(), destination_unit.strip()
    if not addressee:
        raise RuleError(N_("请填写介绍信抬头，即接收党员的党组织全称。"), "R19", "addressee")
    check_line(addressee, ADDRESSEE_LENGTH, "R19", "addressee")
    check_line(destination_unit, UNIT_LENGTH, "R19", "destination_unit")
    check_printable(addressee, "R19", "addressee")
    check_printable(destination_unit, "R19", "destination_unit")
    return addressee, destination_unit


def check_line(text: str, limit: int, rule: str, field: str) -> None:
    """One line that goes onto paper: neither too long nor with what is not seen. Raises `RuleError` naming `field`."""
    if len(text) > limit:
        raise RuleError(N_("内容过长，请控制在%(limit)s字以内。"), rule, field, limit=limit)
    if has_control_characters(text):
        raise RuleError(N_("内容中有换行或控制字符，请删除。"), rule, field)


def check_dates(
    applied_on: date,
    dues_paid_until: str,
    rule: str = "R19",
    names: tuple[str, str] = (N_("申请时间"), N_("党费缴纳至")),
) -> None:
    """R19: 申请时间 not later than today, 党费缴纳至 a month not after the current one (both in Shanghai).

    `names`: what the form calls the two.
    """
    day, month = Words(names[0]), Words(names[1])
    if applied_on > clock.today():
        raise RuleError(N_("%(name)s不得晚于今天（%(today)s）。"), rule, "applied_on", name=day, today=clock.today())
    try:
        date.fromisoformat(f"{dues_paid_until}-01")
    except ValueError:
        raise RuleError(N_("请按“年-月”填写%(name)s，例如2026-11。"), rule, "dues_paid_until", name=month) from None
    if dues_paid_until > clock.this_month():
        words = N_("%(name)s不允许超过当前月份（%(month)s）。")
        raise RuleError(words, rule, "dues_paid_until", name=month, month=clock.this_month())


def found_kind(code: str) -> TransferKind:
    """The kind with this code and its stage rules. Raises `RuleError` R13 where there is none."""
    kind = kind_by_code(code)
    if kind is None:
        raise RuleError(N_("没有这种转接类型。"), "R13", "kind")
    return kind


def _offered_kind(code: str) -> TransferKind:
    kind = found_kind(code)
    if not _is_applied_for(kind):
        raise RuleError(N_("不能在这里申请“%(kind)s”。"), "R18", "kind", kind=kind.name)
    return kind


def found_organization(identity: int, field: str) -> Organization:
    """The organization that was chosen. Raises `RuleError` R13 naming the field where there is none."""
    organization = db.session.get(Organization, identity, populate_existing=True)
    if organization is None:
        raise RuleError(N_("所选组织不存在，请重新选择。"), "R13", field)
    return organization


def _locked_member(key: str, actor: Actor) -> Member:
    # The organization in a statement of its own: one that had to wait for the lock would join the former one.
    member: Member | None = db.session.scalar(
        select(Member)
        .where(Member.key == key, policy.applicable_members(actor))
        .options(selectinload(Member.organization))
        .with_for_update(of=Member)
        .execution_options(populate_existing=True)
    )
    if member is None:
        raise RuleError(N_("只能为自己或本组织范围内的党员申请，请重新选择党员。"), "R18", "member")
    return member


def check_member(member: Member) -> None:
    """R19a: only who is in good standing may apply or be applied for."""
    if member.status is not MemberStatus.NORMAL:
        raise RuleError(
            N_("%(name)s的党员状态为“%(status)s”，只有状态正常的党员才能申请转接。"),
            "R19a",
            "member",
            name=member.name,
            status=member.status,
        )


def check_no_open_transfer(member: Member) -> None:
    """R20: one open transfer a member."""
    unfinished = select(Transfer.id).where(Transfer.member_id == member.id, Transfer.state.in_(OPEN_STATES))
    if db.session.scalar(unfinished) is not None:
        raise open_transfer_exists()


def _words(transfer: Transfer) -> dict[str, str]:
    return {
        "目的支部": transfer.destination.name,
        "转出原因": transfer.reason,
        "申请时间": transfer.applied_on.isoformat(),
        "党费缴纳至": transfer.dues_paid_until,
        "介绍信抬头": transfer.addressee,
        "转往单位": transfer.destination_unit,
    }
