"""【党员信息维护】: the members of the actor's subtrees (R9). Transfers and corrections move them (R32a)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload
from wtforms import SelectField

from admin_views import phones
from admin_views.access import current_actor
from admin_views.base import UNPROCESSABLE, ScopedView
from admin_views.finding import FindsByIdNumber, person_asked
from admin_views.forms import (
    DayField,
    LongTextField,
    Needed,
    PickerField,
    ReadableDate,
    RowForm,
    SecretField,
    TextField,
    labels,
    read_id,
)
from admin_views.listing import Asked, Column, Search, by_label, starting_with
from admin_views.lookups import names_above
from admin_views.organizations import OrganizationTree, picked, tree_of
from admin_views.translating import gettext as _
from models import Gender, Member, MemberCategory, MemberStatus
from workflow import homes, members, policy
from workflow.actors import Actor
from workflow.transaction import transaction

LIAISON_FIELDS = ("ethnicity", "category", "joined_on")
"""What a liaison changes: no name, number or phone, which say who somebody is and how they are reached."""
KEEPER_FIELDS = members.EDITABLE


PARTICULARS = (
    Column(_l("所在组织"), lambda row: row.organization.name),
    Column(_l("身份证号"), lambda row: row.id_number_masked),
    Column(_l("性别"), lambda row: _(row.gender.label)),
    Column(_l("民族"), lambda row: row.ethnicity),
    Column(_l("党员类别"), lambda row: _("%(category)s党员", category=_(row.category.label))),
    Column(
        _l("党员状态"),
        lambda row: _(row.status.label),
        tone=lambda row: "done" if row.status is MemberStatus.NORMAL else "end",
    ),
    Column(_l("入党日期"), lambda row: row.joined_on.isoformat() if row.joined_on else ""),
)
"""What is on record of a member beside the phone, which has a panel of its own."""


class MemberForm(RowForm):
    """One member. The ID number is never shown: left empty on an existing member it stays as it is."""

    organization_id = PickerField(
        _l("所在组织"), [Needed()], purpose="home", description=_l("新增后只能通过组织关系转接变更。")
    )
    name = TextField(_l("姓名"), [Needed()])
    id_number = SecretField(_l("身份证号"), render_kw={"maxlength": 18, "autocomplete": "off"})
    gender = SelectField(_l("性别"), coerce=Gender, choices=labels(Gender))
    ethnicity = SelectField(_l("民族"), choices=list(members.ETHNICITIES))
    category = SelectField(_l("党员类别"), coerce=MemberCategory, choices=labels(MemberCategory))
    status = SelectField(_l("党员状态"), coerce=MemberStatus, choices=labels(MemberStatus))
    phone = TextField(_l("手机号码"), description=_l("中国大陆11位手机号，不能填固定电话。改动后需要重新激活。"))
    joined_on = DayField(
        _l("入党日期"), [ReadableDate(_l("请按“年-月-日”填写，例如2026-11-24。"))], render_kw={"type": "date"}
    )

    def prepare(self, row: Member | None) -> None:
        if row is not None:
            self.id_number.description = _("现为 %(number)s；留空表示不修改。", number=row.id_number_masked)
            return
        self.id_number.flags.required = True
        self.id_number.description = _("18位。性别须与第17位相符。")
        self.organization_id.show(picked(self.organization_id.data))

    def fill_from(self, args: Mapping[str, str]) -> None:
        self.organization_id.data = read_id(args.get("org"))
        self.organization_id.show(picked(self.organization_id.data))

    def values(self) -> dict[str, Any]:
        values = super().values()
        if "organization_id" not in values and not values.get("id_number"):
            values.pop("id_number", None)
        return values


class CorrectionForm(RowForm):
    """Where a member really belongs, and why it has to be corrected (R32a)."""

    organization_id = PickerField(
        _l("应在的组织"),
        [Needed()],
        purpose="home",
        description=_l("党支部，或省外、特殊、未知、临时组织。输入名称查找。"),
    )
    reason = LongTextField(
        _l("更正原因"),
        [Needed()],
        description=_l("例如：录入时选错支部。会记入审计日志。"),
        render_kw={"rows": 3, "maxlength": homes.REASON_LENGTH},
    )

    def prepare(self, row: Member) -> None:
        self.organization_id.show(picked(self.organization_id.data))


class MemberView(FindsByIdNumber, OrganizationTree, ScopedView):
    """【党员信息维护】: provincial admins keep members, liaisons a few plain particulars of theirs."""

    model = Member
    scope = staticmethod(policy.members_visible)
    address = "key"
    order = (Member.org_path, Member.id)
    loading = (joinedload(Member.organization),)
    noun = _l("党员")
    columns = (
        Column(_l("党员"), lambda row: row.name, note=lambda row: row.id_number_masked),
        Column(_l("性别"), lambda row: _(row.gender.label), brief=True),
        Column(_l("民族"), lambda row: row.ethnicity, brief=True),
        Column(_l("类别"), lambda row: _(row.category.label), brief=True),
        Column(_l("所在组织"), lambda row: row.organization.name),
        Column(_l("手机"), lambda row: row.masked_phone, brief=True),
        Column(
            _l("状态"),
            lambda row: "" if row.status is MemberStatus.NORMAL else _(row.status.label),
            tone=lambda row: "end",
        ),
    )
    facts = PARTICULARS
    finder = Search(_l("姓名（开头几个字）"), starting_with(Member.name), (Member.name, Member.id))
    choices = (
        by_label("category", _l("全部类别"), Member.category, MemberCategory),
        by_label("status", _l("全部状态"), Member.status, MemberStatus),
    )
    exports = True
    empty = (_l("还没有党员"), _l("所选组织及其下级的党员将显示在这里。"))
    form_class = MemberForm
    list_template = "members/list.html"
    form_template = "members/form.html"
    details_template = "members/details.html"

    def may_open(self, actor: Actor) -> bool:
        return bool(policy.visible_paths(actor))

    def may_create(self, actor: Actor) -> bool:
        return policy.may_keep_data(actor)

    def may_delete(self, actor: Actor, row: Member) -> bool:
        return policy.may_keep_data(actor)

    def editable(self, actor: Actor, row: Member) -> Sequence[str]:
        if policy.may_keep_data(actor):
            return KEEPER_FIELDS
        return LIAISON_FIELDS if policy.may_edit_member(actor, row) else ()

    def create(self, actor: Actor, fields: dict[str, Any]) -> Member:
        return members.create_member(actor, **fields)

    def change(self, actor: Actor, row: Member, fields: dict[str, Any]) -> None:
        members.change_member(actor, row, **fields)

    def delete(self, actor: Actor, row: Member) -> None:
        members.delete_member(actor, row)

    @expose("/id-number", methods=("POST",))
    def id_number(self) -> ResponseReturnValue:
        """【查看身份证号】: in clear, in this one answer; the audit log says who read whose (R49)."""
        actor, row = current_actor(), self.get_one(request.form.get("id", ""))
        if not policy.may_read_id_number(actor, row):
            abort(403)
        with transaction():
            number = members.read_id_number(actor, row)
        return self.render(self.details_template, row=row, id_number=number, **self.beside_details(row))

    @expose("/correct", methods=("GET", "POST"))
    def correct(self) -> ResponseReturnValue:
        """【更正所在组织】: where the member really belongs, with a reason (R32a)."""
        actor, row = current_actor(), self.get_one(request.args.get("id", ""))
        if not policy.may_keep_data(actor):
            abort(403)
        form = CorrectionForm(request.form if request.method == "POST" else None)
        form.prepare(row)
        if request.method == "GET":
            form.version.data = str(row.version)
            return self._show_correction(form, row)
        if form.version.data != str(row.version):
            flash(_("该记录已被他人修改。下面是最新内容，请核对后重新修改。"), "error")
            return redirect(self.get_url(".correct", id=row.key), 303)
        there, reason = form.organization_id.data, form.reason.data or ""
        if not self._kept(form, lambda: members.correct_organization(actor, row, there, reason)):
            return self._show_correction(form, self.get_one(request.args["id"])), UNPROCESSABLE
        flash(_("已更正%(name)s的所在组织：%(place)s。", name=row.name, place=row.organization.name), "success")
        return redirect(self.after_saving(row), 303)

    def _show_correction(self, form: RowForm, row: Member) -> str:
        return self.render("members/correct.html", form=form, row=row, back=self.after_saving(row))

    def listed(self, asked: Asked) -> Select[Any]:
        organization, person = self.chosen(), person_asked()
        query = super().listed(asked)
        if organization is not None:
            query = query.where(policy.within(Member.org_path, [organization.path]))
        return query.where(Member.id_number_index == person) if person else query

    def beside_list(self, asked: Asked) -> dict[str, Any]:
        organization, person = self.chosen(), person_asked()
        place = {"org": organization.id} if organization else {}
        return {"tree": tree_of(organization), "place": {**place, **({"person": person} if person else {})}}

    def beside_form(self, row: Member | None) -> dict[str, Any]:
        return {"phone": phones.panel(row, self.after_saving(row)) if row else None}

    def beside_details(self, row: Member) -> dict[str, Any]:
        actor = current_actor()
        above = names_above([row.organization])[row.organization_id]
        may_apply = policy.is_within(row.org_path, policy.apply_paths(actor))
        return {
            "phone": phones.panel(row, self.after_saving(row)),
            "above": f"{above} / {row.organization.name}" if above else row.organization.name,
            "apply_url": url_for("transfers.apply", member=row.key) if may_apply else "",
            "reads_id_number": policy.may_read_id_number(actor, row),
            "correct_url": url_for(".correct", id=row.key) if policy.may_keep_data(actor) else "",
        }
