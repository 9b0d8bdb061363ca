"""【点击激活】, 【点击修改】, 【清空】: the phone of a member or of one's own account, by the code it receives (R6-R9).

One door for the three places of R9; `of` names the member, and is empty for one's own.
"""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import or_, select

from admin_views import limiting
from admin_views.access import PanelView, current_actor, in_words, safe_path
from admin_views.base import UNPROCESSABLE
from admin_views.translating import gettext as _
from models import Account, Member, db
from workflow import phones, policy
from workflow.actors import Actor
from workflow.errors import RuleError
from workflow.phones import Holder
from workflow.transaction import transaction

TOO_MANY = 429


class PhoneView(PanelView):
    """The number, and the code that proves it. In nobody's menu: the pages of the person lead here."""

    @expose("/")
    def index(self) -> ResponseReturnValue:
        return self._show(_holder())

    @expose("/code", methods=("POST",))
    def code(self) -> ResponseReturnValue:
        """【获取验证码】: one a minute and ten a day, for the phone and for whose it is to become."""
        actor, holder = current_actor(), _holder()
        typed = request.form.get("phone", "")
        try:
            phone = phones.check_mobile(typed)
        except RuleError as error:
            return self._show(holder, typed=typed, error=error), UNPROCESSABLE
        wait = limiting.wait_for_code(phone, phones.mark_of(holder))
        if wait:
            words = _("验证码发送过于频繁，请在%(wait)s后再试。", wait=limiting.in_words(wait))
            return self._show(holder, typed=phone, said=words), TOO_MANY
        with transaction():
            phones.ask(actor, holder, phone)
        return self._show(holder, sent_to=phone)

    @expose("/bind", methods=("POST",))
    def bind(self) -> ResponseReturnValue:
        """Bind it; whoever held it before has been told."""
        holder, phone = _holder(), request.form.get("phone", "")
        try:
            bound = phones.bind(current_actor(), holder, phone, request.form.get("code", ""))
        except RuleError as error:
            at_code = error.field == "code"
            return self._show(holder, typed=phone, sent_to=phone if at_code else "", error=error), UNPROCESSABLE
        words = _("已激活手机号码%(phone)s。", phone=masked(bound.phone))
        flash(words + (_("该号码原来激活的账号已自动解绑。") if bound.unbound else ""), "success")
        return redirect(_back(holder), 303)

    @expose("/clear", methods=("POST",))
    def clear(self) -> ResponseReturnValue:
        """【清空】"""
        holder = _holder()
        try:
            with transaction():
                phones.clear(current_actor(), holder)
        except RuleError as error:
            flash(in_words(error), "error")
        else:
            flash(_("已清空手机号码。"), "success")
        return redirect(_back(holder), 303)

    def _show(
        self, holder: Holder, *, typed: str = "", sent_to: str = "", said: str = "", error: RuleError | None = None
    ) -> str:
        return self.render(
            "phones/index.html",
            panel=panel(holder),
            typed=typed,
            sent_to=sent_to,
            sent_words=_("验证码已发送到%(phone)s，5分钟内有效。", phone=masked(sent_to)) if sent_to else "",
            said=said,
            errors={error.field or "": in_words(error)} if error else {},
            back=_back(holder),
            own=not request.values.get("of"),
        )


def _holder() -> Holder:
    """Whose phone the request is about; not found out of scope, forbidden where it is read only."""
    actor, key = current_actor(), request.values.get("of", "").replace("\x00", "")
    holder = own_holder(actor) if not key else _member(key, actor)
    if not phones.may_bind(actor, holder):
        abort(403)
    return holder


def own_holder(actor: Actor) -> Holder:
    """One's own: the member's, or that of an account of no member."""
    if actor.member_id is not None:
        return db.session.get_one(Member, actor.member_id)
    return db.session.get_one(Account, actor.account_id)


def _member(key: str, actor: Actor) -> Member:
    seen = or_(policy.members_visible(actor), Member.id == (actor.member_id or 0))
    member: Member | None = db.session.scalar(select(Member).where(Member.key == key, seen))
    if member is None:
        abort(404)
    return member


def masked(phone: str) -> str:
    """``138****0001``."""
    return f"{phone[:3]}****{phone[-4:]}" if phone else ""


def panel(holder: Holder, back: str = "") -> dict[str, Any]:
    """What `phones/_panel.html` shows of a phone, and where its buttons go."""
    key = holder.key if isinstance(holder, Member) and holder.id != current_actor().member_id else ""
    where: dict[str, Any] = {"of": key, "back": back}
    return {
        "name": holder.name if isinstance(holder, Member) else holder.username,
        "number": masked(holder.phone),
        "activated": holder.phone_activated_at is not None,
        "may_bind": phones.may_bind(current_actor(), holder),
        "change_url": url_for("phone.index", **{name: value for name, value in where.items() if value}),
        "clear_url": url_for("phone.clear"),
        **where,
    }


def _back(holder: Holder) -> str:
    asked = safe_path(request.values.get("back"))
    if asked:
        return asked
    own = isinstance(holder, Account) or holder.id == current_actor().member_id
    return url_for("identity.index") if own else url_for("members.details_view", id=holder.key)
