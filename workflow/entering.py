"""Entering from another province: claim or create, the form, 上报, and 上报 again (R41-R43); looked up in `claims`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any

from sqlalchemy import select

from models import (
    AttachmentKind,
    Gender,
    LabelledEnum,
    Member,
    MemberCategory,
    Organization,
    OrganizationKind,
    Transfer,
    TransferKind,
    clock,
    db,
)
from workflow import applications, areas, attachments, claims, leaving, members, moves, planning, policy
from workflow.actors import Actor
from workflow.errors import N_, RuleError
from workflow.fonts import check_printable
from workflow.people_data import (
    IdNumber,
    check_birth_date,
    check_ethnicity,
    check_gender,
    check_person_name,
)
from workflow.transaction import changed_meanwhile, hold_tree, transaction
from workflow.uploads import FIELD

RULE = "R42"
PERSON = ("name", "gender", "birth_date", "ethnicity", "category")
"""What is typed of who is not found (R41)."""
ENTRY = ("destination_id", "area", "branch", "dues_paid_until", "addressee", "applied_on", "reason")
"""What is typed of every transfer that enters (R42)."""
AGAIN = (*ENTRY, *members.ENTERING_FIELDS, "member_version", "photos")
BRANCH_LENGTH = 120
NAMES = (N_("转入时间"), N_("党费缴交至"))
REASON = N_("转接理由")


def kind() -> TransferKind:
    """The kind of those who enter."""
    code = db.session.scalar(select(TransferKind.code).where(TransferKind.enters.is_(True)).order_by(TransferKind.code))
    return applications.found_kind(code or "")


# --- 上报 (R42) ---


def apply(
    actor: Actor,
    ticket: str,
    *,
    registering_id: int,
    photos: Collection[str],
    person: Mapping[str, Any],
    **entry: Any,
) -> Transfer:
    """上报 of who enters, claimed or new, in one transaction; the claim is reserved by it, and nobody is moved yet.

    `ticket` is that of the look-up, `photos` are keys of what the actor holds, `person` has `PERSON` for who was not
    found, `entry` has `ENTRY`. Raises `RuleError` R12, R15, R19a-R21, R38, R40-R42; `field` is one of the names of all
    these, registering, destination, id_number or files.
    """
    with transaction():
        hold_tree()
        registering = claims.registering_organization(actor, registering_id)
        identity, claimed = claims.claim(actor, ticket, registering)
        if claimed:
            leaving.check(claimed)
        destination = applications.found_organization(entry.pop("destination_id"), "destination")
        fields = _columns(**entry)
        entering = kind()
        stops, _ = planning.plan_route(entering, registering, destination)
        if not photos:
            raise _no_photo()
        transfer = applications.begin(
            actor,
            stops,
            kind=entering,
            member=claimed or _created(actor, identity, person),
            destination=destination,
            submitting_organization=registering,
            **fields,
        )
        attachments.settle(transfer, actor, photos)
        applications.submitted(transfer, actor, "R42", attachments.came_with(transfer))
    return transfer


def _created(actor: Actor, identity: IdNumber, person: Mapping[str, Any]) -> Member:
    """A new member, who stands in the temporary organization until the flow ends. Raises `RuleError` R41."""
    temporary = db.session.scalars(
        select(Organization)
        .where(Organization.kind == OrganizationKind.TEMPORARY, Organization.is_active.is_(True))
        .order_by(Organization.id)
    ).first()
    if temporary is None:
        raise RuleError(N_("系统中没有临时党组织，暂时不能登记新党员，请联系省级管理员。"), "R41", "id_number")
    for error in person_problems(identity, {**dict.fromkeys(PERSON, ""), "birth_date": None, **person}):
        raise error
    fields = {name: person[name] for name in PERSON if name != "birth_date"}
    member = members.new_member(actor, identity, temporary, **fields)
    member.organization = temporary
    return member


def _columns(*, area: str, reason: str, branch: str, **entry: Any) -> dict[str, Any]:
    """What is typed of a transfer that enters, as its columns. Raises `RuleError` R42 naming the field."""
    for error in problems({"area": area, "reason": reason, "branch": branch, **entry}):
        raise error
    place = areas.checked(area)
    return {
        "previous_area": place.code,
        "previous_area_name": place.full_name,
        "previous_branch": branch.strip(),
        "reason": applications.checked_reason(reason, RULE, REASON),
        "dues_paid_until": entry["dues_paid_until"],
        "addressee": entry["addressee"].strip(),
        "applied_on": entry["applied_on"],
    }


def problems(entry: Mapping[str, Any]) -> list[RuleError]:
    """All that is wrong with the fields of `ENTRY` by themselves, each naming its field (R42)."""
    checks: dict[str, Callable[[Any], object]] = {
        "area": areas.checked,
        "branch": lambda text: _line(text, "branch", BRANCH_LENGTH, N_("请填写原所属党支部的名称。")),
        "dues_paid_until": lambda month: applications.check_dates(clock.today(), month, RULE, NAMES),
        "addressee": _check_addressee,
        "applied_on": lambda day: applications.check_dates(day, clock.this_month(), RULE, NAMES),
        "reason": lambda text: applications.checked_reason(text, RULE, REASON),
    }
    return _refusals(partial(check, entry[name]) for name, check in checks.items())


def person_problems(identity: IdNumber | None, person: Mapping[str, Any]) -> list[RuleError]:
    """All that is wrong with the fields of `PERSON` that are there, each naming its field (R41)."""
    checks: dict[str, Callable[[Any], object]] = {
        "name": check_person_name,
        "gender": lambda gender: _chosen(Gender, gender, "gender", N_("请选择性别。")),
        "birth_date": lambda born: check_birth_date(born, identity) if identity else None,
        "ethnicity": check_ethnicity,
        "category": lambda category: _chosen(MemberCategory, category, "category", N_("请选择党员类别。")),
    }
    wrong = _refusals(partial(checks[name], value) for name, value in person.items())
    if identity is not None and person.get("gender") in set(Gender):
        wrong += _refusals([partial(check_gender, Gender(person["gender"]), identity)])
    return wrong


def _refusals(checks: Iterable[Callable[[], object]]) -> list[RuleError]:
    wrong = []
    for check in checks:
        try:
            check()
        except RuleError as error:
            wrong.append(error)
    return wrong


def _line(text: str, field: str, limit: int, missing: str) -> None:
    if not text.strip():
        raise RuleError(missing, RULE, field)
    applications.check_line(text.strip(), limit, RULE, field)


def _check_addressee(text: str) -> None:
    """It is printed at the end, when nobody can change it any more."""
    missing = N_("请填写回执联抬头，即寄回回执的党组织全称。")
    _line(text, "addressee", applications.ADDRESSEE_LENGTH, missing)
    check_printable(text, RULE, "addressee")


def _chosen(kind: type[LabelledEnum], value: str, field: str, missing: str) -> None:
    if value not in set(kind):
        raise RuleError(missing, "R41", field)


def _no_photo() -> RuleError:
    return RuleError(N_("请上传介绍信照片，至少一张。"), RULE, FIELD)


# --- Again (R23) ---


def may_mend_person(transfer: Transfer, actor: Actor) -> bool:
    """Whether 上报 again may change what was typed of the member: by who registers them, while they belong nowhere."""
    is_new = transfer.kind.enters and transfer.source.kind is OrganizationKind.TEMPORARY
    return is_new and policy.acts_for(transfer.submitting_organization_id, transfer, actor)


def resubmit(
    transfer: Transfer,
    actor: Actor,
    *,
    photos: Collection[str] = (),
    destination_id: int | None = None,
    member_version: int | None = None,
    **given: Any,
) -> dict[str, Any]:
    """上报 again after a withdrawal or a rejection (R23). Called by `actions.perform`.

    `member_version`: the member as the form showed them; what somebody else has mended since is not put back (R30).
    """
    member, registering = transfer.member, planning.origin_of(transfer)
    applications.check_member(member)
    leaving.check(member, but_transfer=transfer.id)
    was = {**_words(transfer), **_person_words(member)}
    person = {name: given.pop(name) for name in members.ENTERING_FIELDS if name in given}
    if person and may_mend_person(transfer, actor):
        if member_version not in (None, member.version):
            raise changed_meanwhile()
        members.change_entering(actor, member, **person)
    entry = {**_entry(transfer), **given}
    for name, value in _columns(**entry).items():
        setattr(transfer, name, value)
    if destination_id is not None:
        transfer.destination = applications.found_organization(destination_id, "destination")
        transfer.destination_path = transfer.destination.path
    with db.session.no_autoflush:
        stops, _ = planning.plan_route(transfer.kind, registering, transfer.destination)
    attachments.settle(transfer, actor, photos)
    if not attachments.has(transfer, AttachmentKind.LETTER):
        raise _no_photo()
    moves.start(transfer, stops, actor)
    now = {**_words(transfer), **_person_words(member)}
    changes = {name: [was[name], value] for name, value in now.items() if was[name] != value}
    return {"changes": changes} if changes else {}


def _entry(transfer: Transfer) -> dict[str, Any]:
    """`ENTRY` of a transfer, without its destination."""
    return {
        "area": transfer.previous_area,
        "branch": transfer.previous_branch,
        "dues_paid_until": transfer.dues_paid_until,
        "addressee": transfer.addressee,
        "applied_on": transfer.applied_on,
        "reason": transfer.reason,
    }


def _words(transfer: Transfer) -> dict[str, str]:
    return {
        N_("原所属组织"): transfer.comes_from,
        N_("拟转入支部"): transfer.destination.name,
        NAMES[1]: transfer.dues_paid_until,
        N_("回执联抬头"): transfer.addressee,
        NAMES[0]: transfer.applied_on.isoformat(),
        REASON: transfer.reason,
    }


def _person_words(member: Member) -> dict[str, str]:
    return {N_("姓名"): member.name, N_("民族"): member.ethnicity, N_("党员类别"): member.category.label}
