"""Entering from another province: who may register it, look-up by ID number, claim or create, 上报 (R40-R43).

What a look-up found is carried to 上报 in a sealed ticket: no ID number goes back to the page, and nobody can apply for
a number that they have not looked up, which the audit log then says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from models import (
    OPEN_STATES,
    AttachmentKind,
    AuditEvent,
    Gender,
    LabelledEnum,
    Member,
    MemberCategory,
    Organization,
    OrganizationKind,
    PermissionLevel,
    Transfer,
    TransferKind,
    ancestor_ids,
    clock,
    db,
    masked_id_number,
)
from models.crypto import KeysMissing, keyring
from models.prepared import BY_KEYS
from workflow import applications, areas, attachments, audit, leaving, members, moves, planning, policy
from workflow.actors import Actor
from workflow.errors import N_, RuleError
from workflow.fonts import serif
from workflow.people_data import (
    IdNumber,
    check_birth_date,
    check_ethnicity,
    check_gender,
    check_id_number,
    check_person_name,
)
from workflow.transaction import changed_meanwhile, hold_tree, open_transfer_exists, transaction
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
TICKET_VALID = timedelta(hours=8)
"""A look-up in the morning still serves for 上报 in the afternoon."""


class Answer(LabelledEnum):
    """What a look-up found (R41)."""

    CLAIMABLE = "claimable", N_("可以领回")
    RESERVED = "reserved", N_("正在转接")
    BELONGS = "belongs", N_("组织关系在省内")
    NOT_FOUND = "not_found", N_("没有登记")


@dataclass(frozen=True)
class LookUp:
    """The answer. `refusal` says why it goes no further; `member` only where it can be claimed.

    `running` is the transfer that has the member reserved, for who may see it.
    """

    answer: Answer
    identity: IdNumber
    ticket: str
    member: Member | None = None
    refusal: RuleError | None = None
    running: Transfer | None = None

    @property
    def masked(self) -> str:
        return masked_id_number(self.identity.clear)


# --- Who may ---


def registering_organizations(actor: Actor) -> list[Organization]:
    """The organizations for which the actor may register who enters: qualified, and the actor's as liaison (R40)."""
    if not actor.liaison_paths:
        return []
    query = (
        select(Organization)
        .join(Organization.level)
        .where(
            Organization.id.in_(actor.liaison_paths),
            Organization.is_active.is_(True),
            PermissionLevel.registers_entering.is_(True),
        )
        .order_by(Organization.path)
    )
    return list(db.session.scalars(query.execution_options(populate_existing=True, **BY_KEYS)))


def _registering(actor: Actor, identity: int) -> Organization:
    found = next((place for place in registering_organizations(actor) if place.id == identity), None)
    if found is None:
        raise RuleError(
            N_("只有省、市、县（市、区）级党委的联络员可以登记跨省转入，请选择您负责的组织。"), "R40", "registering"
        )
    return found


def kind() -> TransferKind:
    """The kind of those who enter."""
    code = db.session.scalar(select(TransferKind.code).where(TransferKind.enters.is_(True)).order_by(TransferKind.code))
    return applications.found_kind(code or "")


# --- Looking up (R41) ---


def look_up(actor: Actor, registering_id: int, id_number: str) -> LookUp:
    """Who has this ID number, as far as it is said. COMMITS an audit entry (R49); the caller counts the look-ups.

    Raises `RuleError` R40 where the actor may not, R41 where the number cannot be one.
    """
    with transaction():
        registering = _registering(actor, registering_id)
        identity = check_id_number(id_number)
        found = _answered(actor, identity, _found(identity), _sealed(actor, registering, identity))
        audit.record(
            AuditEvent.MEMBER_LOOKED_UP,
            actor,
            organization=registering,
            subject=found.masked,
            result=found.answer.value,
        )
    return found


def looked_up(actor: Actor, ticket: str) -> LookUp:
    """The look-up of a ticket, as it would be answered now. Raises `RuleError` R41 where it is not the actor's."""
    identity, _registering_id = _opened(actor, ticket)
    return _answered(actor, identity, _found(identity), ticket)


def _found(identity: IdNumber, *, locked: bool = False) -> Member | None:
    """The member with this ID number; `locked` until the transaction ends."""
    query = (
        select(Member)
        .where(Member.id_number_index == keyring().index(identity.clear))
        .options(selectinload(Member.organization))
        .execution_options(populate_existing=True)
    )
    found: Member | None = db.session.scalar(query.with_for_update(of=Member) if locked else query)
    return found


def _answered(actor: Actor, identity: IdNumber, member: Member | None, ticket: str) -> LookUp:
    if member is None:
        return LookUp(Answer.NOT_FOUND, identity, ticket)
    if not member.organization.is_holding:
        return LookUp(Answer.BELONGS, identity, ticket, refusal=_belongs(member))
    running: Transfer | None = db.session.scalar(
        select(Transfer).where(Transfer.member_id == member.id, Transfer.state.in_(OPEN_STATES))
    )
    if running is not None:
        own = running.submitting_organization_id in actor.liaison_paths
        return LookUp(
            Answer.RESERVED, identity, ticket, refusal=open_transfer_exists(), running=running if own else None
        )
    try:
        applications.check_member(member)
    except RuleError as error:
        return LookUp(Answer.CLAIMABLE, identity, ticket, refusal=error)
    return LookUp(Answer.CLAIMABLE, identity, ticket, member)


def _belongs(member: Member) -> RuleError:
    """Which way to go, and no more of where the member is than the city (R41)."""
    above = ancestor_ids(member.org_path)[:-1]
    city = db.session.get(Organization, above[min(1, len(above) - 1)]) if above else member.organization
    assert city is not None
    return RuleError(
        N_(
            "该党员的组织关系已在省内（%(city)s），不能从省外转入。请按省内转接办理："
            "由党员本人或其所在支部的联络员在【转出记录】中申请。"
        ),
        "R41",
        "id_number",
        city=city.name,
    )


def _sealed(actor: Actor, registering: Organization, identity: IdNumber) -> str:
    until = clock.now() + TICKET_VALID
    return keyring().seal(json.dumps([actor.account_id, registering.id, until.timestamp(), identity.clear]))


def _opened(actor: Actor, ticket: str) -> tuple[IdNumber, int]:
    """The ID number of a look-up, and the organization that it was for. Raises `RuleError` R41."""
    try:
        account_id, registering_id, until, clear = json.loads(keyring().open(ticket))
        usable = account_id == actor.account_id and until >= clock.now().timestamp()
    except (ValueError, TypeError, InvalidTag, KeysMissing):
        usable = False
    if not usable:
        raise _expired()
    return check_id_number(clear), registering_id


def _expired() -> RuleError:
    return RuleError(N_("查找结果已过期，请重新输入身份证号查找。"), "R41", "id_number")


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

    `ticket` is that of the look-up, `photos` are keys of what the actor holds, `person` has `PERSON` for who is not
    found, `entry` has `ENTRY`. Raises `RuleError` R12, R15, R20, R40-R42; `field` is one of the names of all these,
    registering, destination, id_number or files.
    """
    with transaction():
        hold_tree()
        registering = _registering(actor, registering_id)
        identity, asked_for = _opened(actor, ticket)
        if asked_for != registering.id:
            raise _expired()
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
            member=_claimed(actor, identity, person) or _created(actor, identity, person),
            destination=destination,
            submitting_organization=registering,
            **fields,
        )
        attachments.settle(transfer, actor, photos)
        applications.submitted(transfer, actor, "R42", attachments.came_with(transfer))
    return transfer


def _claimed(actor: Actor, identity: IdNumber, person: Mapping[str, Any]) -> Member | None:
    """【领回】: read and locked, not moved. None where there is nobody. Raises `RuleError` R19a, R20, R21, R41."""
    member = _found(identity, locked=True)
    if member is None:
        return None
    found = _answered(actor, identity, member, "")
    if found.refusal is not None:
        raise found.refusal
    if person:
        raise RuleError(N_("该党员刚刚已被登记，您填写的信息没有保存：请重新查找后领回。"), "R41", "id_number")
    leaving.check(member)
    return member


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
    unprintable = serif().missing(text)
    if unprintable:
        words = N_("“%(character)s”没有可打印的字形，请改用其他字。")
        raise RuleError(words, RULE, "addressee", character=unprintable[0])


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
