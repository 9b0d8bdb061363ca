"""【短信】: what waits in the outbox, what went out, what could not; a provincial admin sends it once more (R32)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from admin_views.access import current_actor, in_words
from admin_views.base import ScopedView
from admin_views.doing import Doing
from admin_views.listing import Column, by_label
from admin_views.record import full_moment
from admin_views.translating import gettext as _
from admin_views.translating import translator
from models import Message, MessageKind, MessageState
from workflow import outbox, policy
from workflow.actors import Actor
from workflow.errors import RuleError
from workflow.transaction import transaction

TONES = {MessageState.WAITING: "way", MessageState.SENT: "done", MessageState.DEAD: "back"}


def place(message: Message) -> str:
    """The organization that a message concerns."""
    return message.organization.name if message.organization else ""


def reason(message: Message) -> str:
    """Why the latest attempt failed."""
    return _(message.last_error) if message.last_error else ""


def in_other_words(message: Message) -> str:
    """What the sentence says, for who reads another language than it goes out in."""
    said = outbox.shown(message, translator())
    return said if said != outbox.shown(message) else ""


def _state(message: Message) -> str:
    return _(message.state.label)


def _tone(message: Message) -> str:
    return TONES[message.state]


class MessageView(ScopedView):
    """【短信】: read only, and for provincial admins only, since phones of the whole province stand in it."""

    model = Message
    scope = staticmethod(outbox.messages_visible)
    address = "key"
    order = (Message.id,)
    newest_first = True
    loading = (joinedload(Message.organization),)
    columns = (
        Column(_l("时间"), lambda row: full_moment(row.created_at), brief=True),
        Column(_l("类别"), lambda row: _(row.kind.label), brief=True),
        Column(_l("手机号码"), lambda row: row.masked_phone, brief=True),
        Column(_l("组织"), place),
        Column(_l("状态"), _state, tone=_tone, brief=True),
        Column(_l("次数"), lambda row: row.attempts, brief=True),
        Column(_l("失败原因"), reason),
    )
    facts = (
        Column(_l("内容"), outbox.shown, note=in_other_words),
        Column(_l("手机号码"), lambda row: row.masked_phone),
        Column(_l("组织"), place),
        Column(_l("状态"), _state, tone=_tone),
        Column(_l("次数"), lambda row: row.attempts),
        Column(_l("失败原因"), reason),
        Column(_l("写入时间"), lambda row: full_moment(row.created_at)),
        Column(_l("下次发送"), lambda row: full_moment(row.next_at) if row.state is MessageState.WAITING else ""),
        Column(_l("发送时间"), lambda row: full_moment(row.sent_at) if row.sent_at else ""),
    )
    choices = (
        by_label("state", _l("全部状态"), Message.state, MessageState),
        by_label("kind", _l("全部类别"), Message.kind, MessageKind),
    )
    doings_in_list = True
    empty = (_l("还没有短信"), _l("验证码、待办、退回、办结和催办等短信写入后，将显示在这里。"))

    def may_open(self, actor: Actor) -> bool:
        return policy.may_keep_data(actor)

    def doings(self, actor: Actor, row: Message) -> Sequence[Doing]:
        if not outbox.may_resend(actor, row):
            return ()
        title = _("重发发往%(phone)s的“%(kind)s”短信？", phone=row.masked_phone, kind=_(row.kind.label))
        return [Doing("resend", _("重发"), title, _("短信将重新排队发送，次数从头计算；操作会记入审计日志。"))]

    @expose("/resend", methods=("POST",))
    def resend(self) -> ResponseReturnValue:
        """【重发】. Whoever comes second is told by the rule how it stands now, and not that it is forbidden."""
        row = self.get_one(request.form.get("id", ""))
        try:
            with transaction():
                outbox.resend(current_actor(), row)
        except RuleError as error:
            flash(in_words(error), "error")
        else:
            flash(_("已重新排队，稍后发送。"), "success")
        return redirect(self.after_saving(row), 303)

    def beside_details(self, row: Message) -> dict[str, Any]:
        return {"named": f"{_(row.kind.label)} · {full_moment(row.created_at)}"}
