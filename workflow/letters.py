"""Introduction letters: what an action does to them, editing, 定稿, 重新开具, the seal, what they say (R35-R37).

The PDF is drawn elsewhere (`letter_pdf`); here is what the form says and who may change it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from models import (
    AuditEvent,
    HistoryAction,
    Letter,
    LetterState,
    MediaType,
    Organization,
    Qualification,
    Seal,
    Stage,
    Step,
    Transfer,
    TransferState,
    clock,
    db,
)
from workflow import audit, history, letter_pdf, loading, numbering, planning, policy
from workflow.actors import Actor
from workflow.errors import N_, RuleError
from workflow.fonts import check_printable, printable
from workflow.letter_pdf import LetterData
from workflow.people_data import check_id_number, has_control_characters
from workflow.transaction import transaction
from workflow.uploads import Upload

FIELDS: Mapping[str, str] = {
    "addressee": N_("抬头"),
    "source_words": N_("由（转出组织）"),
    "destination_words": N_("去（转往单位）"),
    "dated": N_("介绍信日期"),
    "valid_days": N_("有效期（天）"),
    "member_phone": N_("党员联系电话"),
    "committee_address": N_("基层党委通讯地址"),
    "committee_phone": N_("联系电话"),
    "committee_fax": N_("传真"),
    "committee_postcode": N_("邮编"),
    "receipt_addressee": N_("回执联抬头"),
}
"""What may be edited, with the form's words."""
NEEDED = ("addressee", "source_words", "destination_words", "receipt_addressee", "dated")
"""What a letter cannot be printed without."""
LONGEST = timedelta(days=180)
"""The longest validity: what was dated before that is no letter any more."""
REASON_LENGTH = 500
_TURNED_BACK = {
    HistoryAction.REJECT: N_("驳回后重新开具"),
    HistoryAction.WITHDRAW: N_("撤回后重新开具"),
    HistoryAction.VOID: N_("转接已作废"),
}


# --- What there is ---------------------------------------------------------------------------------------------------


def in_force(transfer: Transfer) -> Letter | None:
    """The letter of a transfer that is not void."""
    letter: Letter | None = db.session.scalar(
        select(Letter)
        .where(Letter.transfer_id == transfer.id, Letter.state != LetterState.VOIDED)
        .execution_options(populate_existing=True)
    )
    return letter


def all_of(transfer: Transfer) -> list[Letter]:
    """Every letter that was made for a transfer, the latest first."""
    return list(db.session.scalars(select(Letter).where(Letter.transfer_id == transfer.id).order_by(Letter.id.desc())))


def sends_off(transfer: Transfer) -> Step | None:
    """The first step whose organization is committee-qualified, else the county's: there the letter is made (R35b)."""
    by_rank = planning.qualifications_by_rank()
    for step in transfer.steps:
        rank = step.organization.level_rank
        if step.stage is Stage.LEAVING_APPROVAL or (rank and Qualification.COMMITTEE in by_rank[rank]):
            return step
    return None


def county_step(transfer: Transfer) -> Step | None:
    """The step that lets the member leave: under its seal the letter stands."""
    return next((step for step in transfer.steps if step.stage is Stage.LEAVING_APPROVAL), None)


def _at_letter_step(transfer: Transfer) -> bool:
    """From the first committee-qualified organization to the county (R36)."""
    first, here = sends_off(transfer), transfer.current_step
    return first is not None and here is not None and not here.confirms and here.position >= first.position


def may_edit(transfer: Transfer, letter: Letter | None, actor: Actor) -> bool:
    """R36: whoever stands on a step from the first committee-qualified organization on, while it is a draft."""
    if letter is None or letter.state is not LetterState.DRAFT or not policy.stands_on_step(transfer, actor):
        return False
    here = transfer.current_step
    return here is not None and (here.confirms or _at_letter_step(transfer))


def may_view(transfer: Transfer, actor: Actor) -> bool:
    """R37: who makes it, approves it or keeps the data; it says more of a person than the record does."""
    if not transfer.kind.needs_letter or not policy.may_view_transfer(transfer, actor):
        return False
    first = sends_off(transfer)
    makers = {step.organization_id for step in transfer.steps if first and step.position >= first.position}
    return actor.is_provincial_admin or not makers.isdisjoint(actor.liaison_paths)


def may_freeze(transfer: Transfer, letter: Letter | None, actor: Actor) -> bool:
    """R35b: by the first 【打印】 at the county's step; a letter that was made again, at its step of confirming."""
    step = transfer.current_step
    at_county = step is not None and (step.stage is Stage.LEAVING_APPROVAL or step.confirms)
    drafted = letter is not None and letter.state is LetterState.DRAFT
    return drafted and at_county and policy.stands_on_step(transfer, actor)


def may_print(transfer: Transfer, letter: Letter | None, actor: Actor) -> bool:
    """R37: the county, as often as it likes; before it is frozen there is only the draft."""
    county = county_step(transfer)
    frozen = letter is not None and letter.state is LetterState.FROZEN
    mine = county is not None and county.organization_id in actor.liaison_paths
    return may_freeze(transfer, letter, actor) or (frozen and mine)


def may_reissue(transfer: Transfer, letter: Letter | None, actor: Actor) -> bool:
    """R35b: the county, one that is lost or past its validity, while the receipt is waited for."""
    step = transfer.current_step
    frozen = letter is not None and letter.state is LetterState.FROZEN
    return frozen and step is not None and step.confirms and policy.stands_on_step(transfer, actor)


# --- What an action does to the letter -------------------------------------------------------------------------------


def follow(transfer: Transfer, action: HistoryAction, before: Step | None) -> dict[str, Any]:
    """Draw, freeze or void the letter as an action asks (R35b); what was done, for the action's history entry.

    Called by `actions.perform` within its transaction. Raises `RuleError` R19 where the letter cannot be approved yet.
    """
    if not transfer.kind.needs_letter:
        return {}
    letter, told = in_force(transfer), {}
    void = letter is not None and (
        action is HistoryAction.VOID or (action in _TURNED_BACK and letter.state is LetterState.FROZEN)
    )
    if void:
        assert letter is not None
        _void(letter, _TURNED_BACK[action])
        told["letter_voided"] = letter.number
        letter = None
    if letter is not None and action is HistoryAction.RESUBMIT and letter.state is LetterState.DRAFT:
        letter.addressee = transfer.addressee
        letter.destination_words = transfer.destination_unit or letter.destination_words
    if letter is None and transfer.state is TransferState.IN_PROGRESS and _at_letter_step(transfer):
        letter = _draw(transfer)
        told["letter"] = letter.number
    if action is HistoryAction.APPROVE and before is not None and before.stage is Stage.LEAVING_APPROVAL:
        letter = letter or _draw(transfer)
        if letter.state is LetterState.DRAFT:
            _freeze(letter, transfer)
        told["letter"] = letter.number
    db.session.flush()
    return told


def _draw(transfer: Transfer, after: Letter | None = None) -> Letter:
    """A letter with the next number of the month; what it says beside, from the transfer or the void one before it."""
    first, county = sends_off(transfer), county_step(transfer)
    assert first is not None and county is not None
    before = after or db.session.scalar(
        select(Letter).where(Letter.transfer_id == transfer.id).order_by(Letter.id.desc()).limit(1)
    )
    issuer = first.organization
    says = (
        {name: getattr(before, name) for name in FIELDS}
        if before
        else {
            "addressee": transfer.addressee,
            "source_words": f"{issuer.name}{transfer.source.name}"[:200],
            "destination_words": transfer.destination_unit or _special(transfer),
            "receipt_addressee": issuer.name,
            "member_phone": transfer.member.phone,
            "committee_phone": issuer.contact_phone,
        }
    )
    letter = Letter(
        number=numbering.next_number(),
        transfer_id=transfer.id,
        replaces_id=before.id if before else None,
        issuer_id=issuer.id,
        county_id=county.organization_id,
        **{**says, "dated": clock.today()},
    )
    db.session.add(letter)
    db.session.flush()
    return letter


def _special(transfer: Transfer) -> str:
    """A special organization is itself where the member goes; 省外组织 is only where they are kept."""
    return transfer.destination.name if transfer.kind.destination_kind == "special" else ""


def _freeze(letter: Letter, transfer: Transfer) -> None:
    """定稿. What cannot be drawn is refused while it can still be edited (R35a)."""
    missing = [name for name in NEEDED if not getattr(letter, name)]
    if missing:
        raise RuleError(N_("介绍信还缺少“%(name)s”，请先填写并保存。"), "R19", missing[0], name=FIELDS[missing[0]])
    letter.state, letter.frozen_at = LetterState.FROZEN, clock.now()
    letter.ends_on = letter.dated + timedelta(days=letter.valid_days)
    letter_pdf.render(data_of(letter, transfer, clear=False))
    db.session.flush()


def _void(letter: Letter, reason: str) -> None:
    letter.state, letter.voided_at, letter.void_reason = LetterState.VOIDED, clock.now(), reason
    db.session.flush()


# --- Editing, 定稿, 重新开具 ----------------------------------------------------------------------------------------


def edit(key: str, actor: Actor, expected_version: int | None, *, number: str | None = None, **fields: Any) -> Letter:
    """【保存】: what the letter says; history says who changed what from what to what (R36). COMMITS.

    `expected_version` and `number` are those of the letter that the page showed: a new one begins at the first version.

    Raises `RuleError` R36, R30 where somebody else saved meanwhile; `field` names what is wrong.
    """
    with transaction():
        transfer, letter = _locked(key)
        if not may_edit(transfer, letter, actor):
            raise RuleError(N_("介绍信现在不能修改：只有办理环节所在组织可以在定稿前修改。"), "R36")
        assert letter is not None
        _check_version(letter, expected_version, number)
        values = checked(fields)
        changes = {
            FIELDS[name]: [str(getattr(letter, name)), str(value)]
            for name, value in values.items()
            if getattr(letter, name) != value
        }
        for name, value in values.items():
            setattr(letter, name, value)
        if changes:
            db.session.flush()
            _enter(transfer, HistoryAction.EDIT_LETTER, "R36", actor, letter, {"changes": changes})
    return letter


def freeze(key: str, actor: Actor, expected_version: int | None = None) -> Letter:
    """The first 【打印】 at the county freezes the letter (R35b); later ones change nothing. COMMITS.

    Raises `RuleError` R37, R19, R30, R35a.
    """
    with transaction():
        transfer, letter = _locked(key)
        if not may_print(transfer, letter, actor):
            raise RuleError(N_("介绍信现在不能打印：由县委在审批环节打印。"), "R37")
        assert letter is not None
        if letter.state is LetterState.DRAFT:
            _check_version(letter, expected_version)
            _freeze(letter, transfer)
            _enter(transfer, HistoryAction.PRINT_LETTER, "R35b", actor, letter, {})
    return letter


def reissue(key: str, actor: Actor, reason: str) -> Letter:
    """【重新开具】: the number is void with the reason, a new one takes its place as a draft (R35b). COMMITS."""
    reason = reason.strip()
    with transaction():
        transfer, letter = _locked(key)
        if not may_reissue(transfer, letter, actor):
            raise RuleError(N_("介绍信现在不能重新开具。"), "R35b")
        assert letter is not None
        if not reason:
            raise RuleError(N_("请填写重新开具的原因，例如遗失或超过有效期。"), "R35b", "reason")
        if len(reason) > REASON_LENGTH:
            raise RuleError(N_("原因过长，请控制在%(limit)s字以内。"), "R35b", "reason", limit=REASON_LENGTH)
        _void(letter, reason)
        made = _draw(transfer, letter)
        details = {"letter_voided": letter.number}
        _enter(transfer, HistoryAction.REISSUE_LETTER, "R35b", actor, made, details, opinion=reason)
    return made


def checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a letter as they may be kept. Raises `RuleError` R36 naming the field."""
    values: dict[str, Any] = {}
    for name, value in fields.items():
        if name not in FIELDS:
            raise TypeError(f"not a field of a letter that may be set: {name}")
        values[name] = value.strip() if isinstance(value, str) else value
        if isinstance(value, str):
            limit = getattr(Letter, name).type.length
            if len(values[name]) > limit:
                words = N_("%(name)s过长，请控制在%(limit)s字以内。")
                raise RuleError(words, "R36", name, name=FIELDS[name], limit=limit)
            if has_control_characters(values[name]):
                raise RuleError(N_("%(name)s中有换行或控制字符，请删除。"), "R36", name, name=FIELDS[name])
            check_printable(values[name], "R36", name)
        if name in NEEDED and name != "destination_words" and not values[name]:
            raise RuleError(N_("请填写%(name)s。"), "R36", name, name=FIELDS[name])
    if "valid_days" in values and not 1 <= values["valid_days"] <= LONGEST.days:
        raise RuleError(N_("有效期应为1至180天。"), "R36", "valid_days")
    if "dated" in values and values["dated"] > clock.today():
        raise RuleError(N_("介绍信日期不能晚于今天。"), "R36", "dated")
    if "dated" in values and values["dated"] < clock.today() - LONGEST:
        raise RuleError(N_("介绍信日期过早：有效期最长180天，请核对年份。"), "R36", "dated")
    return values


def _locked(key: str) -> tuple[Transfer, Letter | None]:
    transfer = loading.locked_transfer(key)
    if transfer is None:
        raise RuleError(N_("没有这条转接记录。"), "R30")
    return transfer, in_force(transfer)


def _check_version(letter: Letter, expected: int | None, number: str | None = None) -> None:
    if (expected is not None and letter.version != expected) or number not in (None, letter.number):
        raise RuleError(N_("介绍信刚刚被其他人修改，请核对最新内容后再操作；您的修改没有保存。"), "R30")


def _enter(
    transfer: Transfer,
    action: HistoryAction,
    rule: str,
    actor: Actor,
    letter: Letter,
    details: dict[str, Any],
    opinion: str = "",
) -> None:
    step = transfer.current_step
    assert step is not None
    history.append(
        transfer,
        action,
        rule,
        actor,
        acting_for=(step.organization_id, step.organization.name),
        before=step,
        after=step,
        opinion=opinion,
        details={**details, "letter": letter.number},
    )


# --- What it says ----------------------------------------------------------------------------------------------------


def data_of(letter: Letter, transfer: Transfer, *, clear: bool, verify_url: str = "") -> LetterData:
    """The letter for the form. Without `clear` the ID number is masked: a preview is no letter (R37, R49)."""
    member = transfer.member
    number = member.id_number
    born = check_id_number(number).birth_date
    had_birthday = (letter.dated.month, letter.dated.day) >= (born.month, born.day)
    year, _dash, month = transfer.dues_paid_until.partition("-")
    draft = letter.state is LetterState.DRAFT
    return LetterData(
        number=letter.number,
        draft=draft,
        voided=letter.state is LetterState.VOIDED,
        name=printable(member.name),
        gender=member.gender,
        age=letter.dated.year - born.year - (not had_birthday),
        ethnicity=member.ethnicity,
        category=member.category,
        id_number=number if clear else member.id_number_masked,
        source_words=letter.source_words,
        destination_words=letter.destination_words,
        addressee=letter.addressee,
        dues_year=int(year),
        dues_month=int(month),
        valid_days=letter.valid_days,
        date=letter.dated,
        member_phone=letter.member_phone,
        committee_address=letter.committee_address,
        committee_phone=letter.committee_phone,
        committee_fax=letter.committee_fax,
        committee_postcode=letter.committee_postcode,
        receipt_addressee=letter.receipt_addressee,
        verify_url="" if draft else verify_url,
        seal=seal_of(letter),
    )


def seal_of(letter: Letter) -> bytes | None:
    """The picture of the county's seal, where it has one; a draft bears none."""
    if letter.state is not LetterState.FROZEN:
        return None
    return db.session.scalar(select(Seal.content).where(Seal.organization_id == letter.county_id))


def set_seal(actor: Actor, organization_id: int, picture: Upload | None) -> None:
    """The seal of one's own organization, None takes it away; an audit entry says so. The caller commits.

    Raises `RuleError` R35a where it is not the actor's, or no picture.
    """
    if organization_id not in actor.liaison_paths:
        raise RuleError(N_("只能更换本组织的印章。"), "R35a", "seal")
    if picture is not None and picture.media_type is MediaType.PDF:
        raise RuleError(N_("印章应为图片，最好是透明背景的 PNG。"), "R35a", "seal")
    seal = db.session.get(Seal, organization_id)
    if picture is None:
        if seal is None:
            return
        db.session.delete(seal)
    elif seal is None:
        db.session.add(Seal(organization_id=organization_id, content=picture.content))
    else:
        seal.content = picture.content
    organization = db.session.get_one(Organization, organization_id)
    audit.record(AuditEvent.SEAL_CHANGED, actor, organization=organization, subject=organization.name)
    db.session.flush()


def read_for_print(transfer: Transfer, actor: Actor) -> None:
    """R49: a printed letter shows the ID number in clear; an audit entry says who read whose. The caller commits."""
    organization = transfer.source
    audit.record(AuditEvent.ID_NUMBER_READ, actor, organization=organization, subject=transfer.member.name)
