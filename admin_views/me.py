"""【党员个人信息采集】 and 【个人认证】: a member's own particulars, and the phone of any account (R9)."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from admin_views import phones
from admin_views.access import PanelView, current_actor, in_words
from admin_views.base import UNPROCESSABLE
from admin_views.members import PARTICULARS, MemberForm
from admin_views.translating import gettext as _
from models import Member, db
from workflow import members
from workflow.actors import Actor
from workflow.errors import RuleError
from workflow.transaction import transaction


class ParticularsView(PanelView):
    """One's own particulars: what is on record, and the few fields that one keeps oneself."""

    def may_open(self, actor: Actor) -> bool:
        return actor.member_id is not None

    @expose("/", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        member = _own(current_actor())
        form = MemberForm(request.form if request.method == "POST" else None, obj=member)
        form.keep(*members.OWN_FIELDS, "version")
        if request.method == "GET":
            return self._show(member, form)
        if form.version.data != str(member.version):
            flash(_("该记录已被他人修改。下面是最新内容，请核对后重新修改。"), "error")
            return redirect(url_for(".index"), 303)
        if not form.validate():
            return self._show(member, form), UNPROCESSABLE
        try:
            with transaction():
                members.change_own(current_actor(), member, **form.values())
        except RuleError as error:
            form.refuse(error.field, in_words(error))
            return self._show(_own(current_actor()), form), UNPROCESSABLE
        flash(_("已保存您的个人信息。"), "success")
        return redirect(url_for(".index"), 303)

    def _show(self, member: Member, form: MemberForm) -> str:
        return self.render(
            "me/particulars.html",
            row=member,
            facts=PARTICULARS,
            form=form,
            phone=phones.panel(member, url_for(".index")),
        )


class IdentityView(PanelView):
    """【个人认证】: who this account is, and the phone that activates it."""

    @expose("/")
    def index(self) -> str:
        actor = current_actor()
        holder = _own(actor) if actor.member_id is not None else phones.own_holder(actor)
        return self.render(
            "me/identity.html",
            actor=actor,
            member=holder if isinstance(holder, Member) else None,
            phone=phones.panel(holder, url_for(".index")),
        )


def _own(actor: Actor) -> Member:
    query = select(Member).where(Member.id == actor.member_id).options(joinedload(Member.organization))
    return db.session.scalars(query.execution_options(populate_existing=True)).one()
