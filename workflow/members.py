"""Keeping members right: creating, changing, deleting; reading an ID number in clear (R6, R7, R41, R49).

Each function checks, changes, writes the audit entry and flushes; the caller's `transaction` commits. `actor` None is
the command line. The checks on a person's data by themselves are in `people_data`, where members belong in `homes`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from models import (
    Account,
    AuditEvent,
    Gender,
    Member,
    MemberCategory,
    MemberStatus,
    Organization,
    Transfer,
    clock,
    db,
)
from models.crypto import keyring
from workflow import audit, policy
from workflow.actors import Actor
from workflow.errors import N_, RuleError
from workflow.homes import MEMBER_KINDS, check_new_home, correct_organization, other_home
from workflow.people_data import (
    ETHNICITIES,
    IdNumber,
    check_ethnicity,
    check_gender,
    check_id_number,
    check_joined_on,
    check_person_name,
    normal_mobile,
)
from workflow.transaction import hold_tree

__all__ = [
    "EDITABLE",
    "ETHNICITIES",
    "KEEPERS_ONLY",
    "MEMBER_KINDS",
    "IdNumber",
    "change_member",
    "check_id_number",
    "check_new_home",
    "correct_organization",
    "create_member",
    "delete_member",
    "normal_mobile",
    "other_home",
    "phone_taken",
    "read_id_number",
]

EDITABLE = ("id_number", "name", "gender", "ethnicity", "category", "status", "phone", "joined_on")
OWN_FIELDS = ("ethnicity", "joined_on")
"""What members change themselves; the phone by the code that it receives (workflow/phones.py)."""
ENTERING_FIELDS = ("name", "ethnicity", "category")
"""What who registers a new member from another province may still mend, while the member belongs nowhere yet."""
KEEPERS_ONLY = frozenset({"id_number", "status"})
"""What a liaison may not change: who the person is, and whether they are in good standing."""


def create_member(actor: Actor | None, *, phone_activated: bool = False, **fields: Any) -> Member:
    """A new member from `EDITABLE` fields and `organization_id`, flushed.

    `phone_activated`: the phone counts as bound (R10).
    Raises `RuleError` R1 (no organization for members), R6, R7 (phone of another), R41.
    """
    if actor is not None and not policy.may_keep_data(actor):
        raise RuleError(N_("只有省级管理员可以新增党员。"), "R41")
    identity = check_id_number(fields.pop("id_number", ""))
    hold_tree()
    organization = db.session.get(Organization, fields.pop("organization_id", None) or 0, populate_existing=True)
    check_new_home(organization)
    assert organization is not None
    return new_member(actor, identity, organization, phone_activated=phone_activated, **fields)


def new_member(
    actor: Actor | None,
    identity: IdNumber,
    organization: Organization,
    *,
    phone_activated: bool = False,
    **fields: Any,
) -> Member:
    """A new member of an organization, flushed; who may make one, and where, the caller has checked.

    Raises `RuleError` R6, R7, R41.
    """
    member = Member(
        organization_id=organization.id,
        org_path=organization.path,
        status=fields.pop("status", MemberStatus.NORMAL),
        phone="",
    )
    with db.session.no_autoflush:
        _refuse_known(identity, None)
        _assign(member, _checked({"name": "", "ethnicity": "", "phone": "", **fields}), identity)
        if member.phone and phone_activated:
            member.phone_activated_at = clock.now()
        check_gender(member.gender, identity)
    db.session.add(member)
    _flush()
    audit.record(AuditEvent.MEMBER_CREATED, actor, organization=organization, subject=member.name)
    db.session.flush()
    return member


def change_member(actor: Actor | None, member: Member, **fields: Any) -> Member:
    """Change `EDITABLE` fields; a changed phone must be activated again (R6). Never the organization.

    Raises `RuleError` R32a (another organization), R33 (not the actor's member), R6, R7, R41.
    """
    if fields.pop("organization_id", member.organization_id) != member.organization_id:
        raise other_home("organization_id")
    if actor is not None and not policy.may_edit_member(actor, member):
        raise RuleError(N_("您只能维护所辖组织的党员信息。"), "R33")
    if actor is not None and not policy.may_keep_data(actor):
        _refuse_keepers_fields(member, fields)
    return _change(actor, member, fields)


def change_own(actor: Actor, member: Member, **fields: Any) -> Member:
    """【党员个人信息采集】: a member's own change of `OWN_FIELDS`. Raises `RuleError` R9 for any other field, R41."""
    if actor.member_id != member.id or not set(fields) <= set(OWN_FIELDS):
        raise RuleError(N_("您只能修改自己的民族和入党日期；其他信息请联系本支部联络员。"), "R9")
    return _change(actor, member, fields)


def change_entering(actor: Actor, member: Member, **fields: Any) -> Member:
    """Change `ENTERING_FIELDS` of who entered by a transfer that came back, which the caller has checked (R23, R41)."""
    assert set(fields) <= set(ENTERING_FIELDS)
    return _change(actor, member, fields)


def delete_member(actor: Actor | None, member: Member) -> None:
    """Delete a member who has neither transfers nor an account; otherwise `RuleError` R31."""
    if actor is not None and not policy.may_keep_data(actor):
        raise RuleError(N_("只有省级管理员可以删除党员。"), "R31")
    if db.session.scalar(select(Transfer.id).where(Transfer.member_id == member.id).limit(1)) is not None:
        raise RuleError(N_("不能删除“%(name)s”：已有组织关系转接记录。可改为修改党员状态。"), "R31", name=member.name)
    if db.session.scalar(select(Account.id).where(Account.member_id == member.id).limit(1)) is not None:
        raise RuleError(N_("不能删除“%(name)s”：已有登录账号。可改为修改党员状态。"), "R31", name=member.name)
    organization = db.session.get(Organization, member.organization_id)
    audit.record(AuditEvent.MEMBER_DELETED, actor, organization=organization, subject=member.name)
    db.session.delete(member)
    db.session.flush()


def read_id_number(actor: Actor, member: Member) -> str:
    """The ID number in clear, for those whose duty needs it; an audit entry says who read whose (R49).

    Show it only once the caller's `transaction` has committed. Raises `RuleError` R49.
    """
    if not policy.may_read_id_number(actor, member):
        raise RuleError(N_("您不能查看该党员的身份证号。"), "R49")
    organization = db.session.get(Organization, member.organization_id)
    audit.record(AuditEvent.ID_NUMBER_READ, actor, organization=organization, subject=member.name)
    db.session.flush()
    return member.id_number


def _change(actor: Actor | None, member: Member, fields: dict[str, Any]) -> Member:
    before = _values(member)
    with db.session.no_autoflush:
        values = _checked(fields)
        identity = check_id_number(values.pop("id_number")) if "id_number" in values else None
        if identity is not None:
            _refuse_known(identity, member)
        _assign(member, values, identity)
        if "gender" in fields or identity is not None:
            check_gender(member.gender, identity or check_id_number(member.id_number))
    changed = audit.changes(before, _values(member))
    if changed:
        _flush()
        organization = db.session.get(Organization, member.organization_id)
        audit.record(AuditEvent.MEMBER_CHANGED, actor, organization=organization, subject=member.name, changes=changed)
        db.session.flush()
    return member


def phone_taken() -> RuleError:
    """R7: without the code that the phone receives nobody takes it from another member."""
    return RuleError(N_("该手机号码已登记在另一名党员名下，请核对。"), "R7", "phone")


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise TypeError(f"not fields of a member that may be set: {sorted(unknown)}")
    checks: dict[str, Callable[[Any], Any]] = {
        "name": check_person_name,
        "ethnicity": check_ethnicity,
        "phone": lambda phone: normal_mobile(phone or ""),
        "joined_on": check_joined_on,
        "gender": Gender,
        "category": MemberCategory,
        "status": MemberStatus,
    }
    return {name: checks[name](value) if name in checks else value for name, value in fields.items()}


def _refuse_keepers_fields(member: Member, values: Mapping[str, Any]) -> None:
    for name in KEEPERS_ONLY & values.keys():
        if values[name] != getattr(member, name):
            raise RuleError(N_("该项只有省级管理员可以修改。"), "R33", name)


def _refuse_known(identity: IdNumber, own: Member | None) -> None:
    index = keyring().index(identity.clear)
    known = db.session.scalar(select(Member.id).where(Member.id_number_index == index))
    if known is not None and (own is None or known != own.id):
        raise _id_number_taken()


def _id_number_taken() -> RuleError:
    return RuleError(N_("该身份证号已登记在另一名党员名下，请核对。"), "R41", "id_number")


def _assign(member: Member, values: Mapping[str, Any], identity: IdNumber | None) -> None:
    for name, value in values.items():
        if name == "phone" and value != member.phone:
            _refuse_taken_phone(value, member)
            member.phone_activated_at = None
        setattr(member, name, value)
    if identity is not None and (member.id_number_sealed is None or member.id_number != identity.clear):
        member.id_number = identity.clear


def _refuse_taken_phone(phone: str, member: Member) -> None:
    holder = select(Member.id).where(Member.phone == phone, Member.id != (member.id or 0)).limit(1)
    if phone and db.session.scalar(holder) is not None:
        raise phone_taken()


def _values(member: Member) -> dict[str, Any]:
    """What an audit entry compares; the blind index stands for the ID number, so that nothing is decrypted for it."""
    names = [name for name in EDITABLE if name != "id_number"]
    return {"id_number": member.id_number_index, **{name: getattr(member, name) for name in names}}


def _flush() -> None:
    """Where two people enter the same number or phone at once, the second is told as plainly as ever."""
    try:
        db.session.flush()
    except IntegrityError as error:
        db.session.rollback()
        if "phone" in str(error.orig):
            raise phone_taken() from error
        if "id_number_index" in str(error.orig):
            raise _id_number_taken() from error
        raise
