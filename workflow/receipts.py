"""The return receipt (回执) of who has entered: by the receiving committee once the member has moved (R42, R43)."""

from __future__ import annotations

from sqlalchemy import select

from models import (
    HistoryAction,
    Organization,
    Qualification,
    ReturnReceipt,
    Series,
    Stage,
    Transfer,
    TransferState,
    clock,
    db,
)
from workflow import history, loading, numbering, planning, policy, receipt_pdf
from workflow.actors import Actor
from workflow.errors import N_, RuleError
from workflow.fonts import printable
from workflow.receipt_pdf import ReceiptData
from workflow.transaction import transaction

RULE = "R42"


def receiving(transfer: Transfer) -> Organization | None:
    """The committee that receives: on the way down the last one that is committee-qualified."""
    by_rank = planning.qualifications_by_rank()
    for step in reversed(transfer.steps):
        rank = step.organization.level_rank
        if step.stage is Stage.ENTERING_APPROVAL or (rank and Qualification.COMMITTEE in by_rank[rank]):
            return step.organization
    return None


def may_print(transfer: Transfer, actor: Actor) -> bool:
    """A liaison of the receiving committee, from 确认报到 on; as often as needed, under one number."""
    if not transfer.kind.enters or transfer.state is not TransferState.COMPLETED or not actor.liaison_paths:
        return False
    committee = receiving(transfer)
    return committee is not None and policy.acts_for(committee.id, transfer, actor)


def issue(key: str, actor: Actor) -> tuple[ReturnReceipt, bytes]:
    """【打印回执】: the receipt and its PDF; the first one draws a number of the receipts' own series. COMMITS.

    History says so. What cannot be printed draws no number. Raises `RuleError` R30, R35a, R42.
    """
    with transaction():
        transfer = loading.locked_transfer(key)
        if transfer is None or not policy.may_view_transfer(transfer, actor):
            raise RuleError(N_("记录不存在，或不在您的管理范围内。"), "R30")
        if not may_print(transfer, actor):
            raise RuleError(N_("回执由接收党员的基层党委在确认报到之后打印。"), RULE)
        receipt = of(transfer) or _made(transfer, actor)
        content = receipt_pdf.render(data_of(receipt))
    return receipt, content


def of(transfer: Transfer) -> ReturnReceipt | None:
    """The receipt of a transfer, if one was printed."""
    found: ReturnReceipt | None = db.session.scalar(
        select(ReturnReceipt).where(ReturnReceipt.transfer_id == transfer.id)
    )
    return found


def _made(transfer: Transfer, actor: Actor) -> ReturnReceipt:
    committee = receiving(transfer)
    assert committee is not None
    receipt = ReturnReceipt(
        number=numbering.next_number(Series.RECEIPT),
        transfer_id=transfer.id,
        issuer_id=committee.id,
        name=transfer.member.name,
        addressee=transfer.addressee,
        dated=clock.today(),
        clerk=actor.name if actor.member_id else "",
        phone=committee.contact_phone,
    )
    db.session.add(receipt)
    db.session.flush()
    history.append(
        transfer,
        HistoryAction.PRINT_RECEIPT,
        RULE,
        actor,
        acting_for=(committee.id, committee.name),
        details={"receipt": receipt.number},
    )
    return receipt


def data_of(receipt: ReturnReceipt) -> ReceiptData:
    """The receipt for its form; a name without a printed form leaves its place open, to be written by hand."""
    return ReceiptData(
        number=receipt.number,
        name=printable(receipt.name),
        addressee=receipt.addressee,
        date=receipt.dated,
        clerk=printable(receipt.clerk),
        phone=receipt.phone,
    )
