"""【转入记录】▸【申请】: look-up by ID number, the form, 上报 (R40-R42), and the form again after a rejection (R23).

The rules are in `workflow.entering`; here the fields are read, kept and shown again beside what is wrong with them. The
ID number comes in the body of one request, and goes on as a sealed ticket.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, SelectField
from wtforms.fields import SelectChoice

from admin_views import limiting
from admin_views.access import current_actor, in_words
from admin_views.applications import plan, sent, way_between
from admin_views.attachments import FILES, file_storage, too_many_files, upload_limits
from admin_views.base import UNPROCESSABLE
from admin_views.forms import DayField, LongTextField, Needed, PickerField, RowForm, TextField, labels, read_id
from admin_views.organizations import picked
from admin_views.translating import gettext as _
from models import Attachment, AttachmentKind, Gender, Member, MemberCategory, Organization, Transfer, clock, db
from workflow import actions, areas, attachments, claims, entering, members, planning
from workflow.areas import Area
from workflow.claims import LookUp
from workflow.errors import RuleError
from workflow.people_data import check_id_number

TOO_MANY = 429
AREA = ("province", "city", "county")
ALIASES = {"destination_id": "destination", "area": "province"}


def _choose(words: Any) -> list[SelectChoice]:
    return [SelectChoice("", words)]


class EntryForm(RowForm):
    """The form of who enters, in its order: the member where nobody is found (R41), then the transfer (R42)."""

    aliases = ALIASES
    member_version = HiddenField()
    name = TextField(_l("姓名"), [Needed()])
    gender = SelectField(
        _l("性别"), [Needed()], choices=[*_choose(_l("请选择")), *labels(Gender)], validate_choice=False
    )
    birth_date = DayField(_l("出生日期"), description=_l("可不填；填写后与身份证号核对。"), render_kw={"type": "date"})
    ethnicity = SelectField(
        _l("民族"),
        [Needed()],
        choices=[*_choose(_l("请选择")), *(SelectChoice(name, name) for name in members.ETHNICITIES)],
        validate_choice=False,
    )
    category = SelectField(
        _l("党员类别"), [Needed()], choices=[*_choose(_l("请选择")), *labels(MemberCategory)], validate_choice=False
    )

    province = SelectField(_l("省（自治区、直辖市）"), [Needed()], validate_choice=False)
    city = SelectField(_l("市（地、州、盟）"), validate_choice=False)
    county = SelectField(_l("县（市、区、旗）"), validate_choice=False)
    branch = TextField(_l("原所属党支部"), [Needed()], render_kw={"maxlength": 120})
    addressee = TextField(
        _l("回执联抬头"),
        [Needed()],
        description=_l("回执寄给谁，即介绍信上要求寄回回执的党组织全称。"),
        render_kw={"maxlength": 120},
    )
    destination = PickerField(_l("拟转入支部"), [Needed()], purpose="entering", id="entry-destination")
    applied_on = DayField(_l("转入时间"), [Needed()], render_kw={"type": "date"})
    dues_paid_until = TextField(_l("党费缴交至"), [Needed()], render_kw={"type": "month"})
    reason = LongTextField(_l("转接理由"), [Needed()], render_kw={"rows": 3, "maxlength": 500})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.photo_errors: list[str] = []

    def prepare(self, row: Any) -> None:
        """Offer the divisions inside what is chosen, and name the chosen branch."""
        self.destination.show(picked(self.destination.data))
        today = {"applied_on": clock.today().isoformat(), "dues_paid_until": clock.this_month()}
        for name, latest in today.items():
            self[name].render_kw = {**self[name].render_kw, "max": latest}
        chosen = self.chosen()
        province = chosen[0] if chosen else None
        city = next((area for area in chosen if area.is_city), None)
        inside = province.inside if province else ()
        counties = city.inside if city else () if province and province.has_cities else inside
        for field, offered in (
            (self.province, areas.provinces()),
            (self.city, inside if province and province.has_cities else ()),
            (self.county, counties),
        ):
            field.choices = [*_choose(_("请选择")), *(SelectChoice(area.code, area.name) for area in offered)]

    def chosen(self) -> Sequence[Area]:
        """The chosen divisions from the province down, as far as each lies in the one before it."""
        way: Sequence[Area] = ()
        for name in AREA:
            lineage = areas.lineage(self[name].data or "")
            if lineage and lineage[: len(way)] == tuple(way):
                way = lineage
        return way

    def entry(self) -> dict[str, Any]:
        """`entering.ENTRY` as it was typed, without the destination."""
        chosen = self.chosen()
        return {
            "area": chosen[-1].code if chosen else "",
            "branch": self.branch.data or "",
            "addressee": self.addressee.data or "",
            "applied_on": self.applied_on.data or clock.today(),
            "dues_paid_until": (self.dues_paid_until.data or "").strip(),
            "reason": self.reason.data or "",
        }

    def person(self) -> dict[str, Any]:
        """What was typed of the member, as far as the form asks for it."""
        return {name: self[name].data or "" for name in entering.PERSON if name in self and name != "birth_date"} | (
            {"birth_date": self.birth_date.data} if "birth_date" in self else {}
        )

    def check(self, found: LookUp | None) -> bool:
        """Whether it may be sent; what is wrong stands beside its field, all at once."""
        wrong = entering.problems(self.entry()) + entering.person_problems(
            found.identity if found else None, self.person()
        )
        for error in wrong:
            self.refused(error)
        if "birth_date" in self and self.birth_date.data is None and any(self.birth_date.raw_data or ()):
            self.refuse("birth_date", _("请按“年-月-日”填写出生日期，例如1990-03-07。"))
        if self.applied_on.data is None:
            self.refuse("applied_on", _("请按“年-月-日”填写转入时间，例如2026-11-24。"))
        if not self.destination.data:
            self.refuse("destination", _("请选择拟转入支部。"))
        return not self.errors_shown

    def refused(self, error: RuleError) -> None:
        """Keep a refusal beside the field that it belongs to."""
        if error.field == FILES:
            self.photo_errors.append(in_words(error))
        else:
            self.refuse(error.field, in_words(error))

    @property
    def errors_shown(self) -> bool:
        return bool(self.page_errors or self.photo_errors) or any(field.errors for field in self)


class EnteringPages:
    """The pages of entering, mixed into the view of transfers."""

    render: Callable[..., str]
    get_one: Callable[[str], Transfer]

    @expose("/enter", methods=("GET", "POST"))
    def enter(self) -> ResponseReturnValue:
        """The look-up by ID number, and what comes of it."""
        places = _places()
        if request.method == "GET":
            return self._ask(_asked_for(places) or places[0], places)
        actor, registering = current_actor(), _asked_for(places)
        if registering is None:
            abort(403)
        try:
            check_id_number(request.form.get("id_number", ""))
            wait = limiting.wait_for_look_up(str(actor.account_id))
            if wait:
                words = _("查找过于频繁，请在%(wait)s后再试。", wait=limiting.in_words(wait))
                return self._ask(registering, places, error=words), TOO_MANY
            found = claims.look_up(actor, registering.id, request.form["id_number"])
        except RuleError as error:
            return self._ask(registering, places, error=in_words(error)), UNPROCESSABLE
        if found.refusal is not None:
            return self._ask(registering, places, found=found)
        form = _form_of(found)
        form.applied_on.data = clock.today()
        return self._entry(form, registering, found=found)

    @expose("/enter/send", methods=("POST",))
    def enter_send(self) -> ResponseReturnValue:
        """上报: a claimed member, or a new one."""
        actor, places = current_actor(), _places()
        registering = _asked_for(places)
        if registering is None:
            abort(403)
        try:
            found = claims.looked_up(actor, request.form.get("ticket", ""))
        except RuleError as error:
            return self._ask(registering, places, error=in_words(error)), UNPROCESSABLE
        if found.refusal is not None:
            return self._ask(registering, places, found=found), UNPROCESSABLE
        form = _form_of(found, request.form)
        photos = _photos(form)
        if not photos:
            form.photo_errors.append(_("请上传介绍信照片，至少一张。"))
        if not form.check(found):
            return self._entry(form, registering, found=found, photos=photos), UNPROCESSABLE
        if request.form.get("seen") != _way(registering, form):
            return self._entry_after_route(form, registering, found=found, photos=photos)
        keys = [photo.key for photo in photos]
        try:
            transfer = entering.apply(
                actor,
                found.ticket,
                registering_id=registering.id,
                destination_id=form.destination.data,
                photos=keys,
                person=form.person(),
                **form.entry(),
            )
        except RuleError as error:
            form.refused(error)
            left = attachments.held(actor, keys)
            return self._entry(form, registering, found=found, photos=left), UNPROCESSABLE
        return sent(transfer)

    def enter_again(self, transfer: Transfer) -> ResponseReturnValue:
        """再次上报 of a transfer that the actor is offered it for: the same form, with what the transfer says."""
        registering = planning.origin_of(transfer)
        if request.method == "GET":
            return self._entry(_form_again(transfer), registering, transfer=transfer)
        form = _form_again(transfer, request.form)
        photos = _photos(form)
        if not form.check(None):
            return self._entry(form, registering, transfer=transfer, photos=photos), UNPROCESSABLE
        if request.form.get("seen") != _way(registering, form):
            return self._entry_after_route(form, registering, transfer=transfer, photos=photos)
        keys = [photo.key for photo in photos]
        try:
            done = actions.perform(
                transfer.key,
                "resubmit",
                current_actor(),
                expected_version=request.form.get("version", type=int),
                destination_id=form.destination.data,
                photos=keys,
                member_version=request.form.get("member_version", type=int),
                **form.person(),
                **form.entry(),
            )
        except RuleError as error:
            if error.field is None:
                flash(in_words(error), "error")
                return redirect(url_for(".record", key=transfer.key), 303)
            form.refused(error)
            left = attachments.held(current_actor(), keys)
            return self._entry(form, registering, transfer=self.get_one(transfer.key), photos=left), UNPROCESSABLE
        return sent(done)

    def _entry_after_route(self, form: EntryForm, registering: Organization, **shown: Any) -> ResponseReturnValue:
        """The route first, before it is sent; where there is none, the reason beside the branch (R45)."""
        refusal = plan(entering.kind().code, registering.id, form.destination.data or 0).refusal
        if refusal:
            form.refuse("destination", refusal)
            return self._entry(form, registering, **shown), UNPROCESSABLE
        return self._entry(form, registering, look=True, **shown)

    def _ask(
        self, registering: Organization, places: Sequence[Organization], *, error: str = "", found: LookUp | None = None
    ) -> str:
        return self.render(
            "transfers/enter.html",
            registering=registering,
            places=places,
            error=error,
            found=found,
            refusal=in_words(found.refusal) if found and found.refusal else "",
        )

    def _entry(
        self,
        form: EntryForm,
        registering: Organization,
        *,
        found: LookUp | None = None,
        transfer: Transfer | None = None,
        photos: Sequence[Attachment] = (),
        look: bool = False,
    ) -> str:
        form.destination.within = str(registering.id)
        form.prepare(None)
        if transfer and form.destination.data and not form.destination.picked[0]:  # a member reads no organization
            form.destination.show((_branch_name(transfer, registering, form.destination.data), ""))
        member: Member | None = transfer.member if transfer else found.member if found else None
        kind = entering.kind()
        attached = attachments.listed(transfer) if transfer else []
        return self.render(
            "transfers/entry.html",
            form=form,
            kind=kind,
            registering=registering,
            found=found,
            member=member,
            transfer=transfer,
            photos=photos,
            attached=[photo for photo in attached if photo.kind is AttachmentKind.LETTER],
            preview=plan(kind.code, registering.id, form.destination.data) if form.destination.data else None,
            way=_way(registering, form),
            look=look,
            upload_limits=upload_limits(),
        )


def _branch_name(transfer: Transfer, registering: Organization, identity: int) -> str:
    """The transfer's own branch, or another one of those that the applicant may choose."""
    if identity == transfer.destination_id:
        return transfer.destination.name
    offered = claims.branches(current_actor(), registering.id)
    return db.session.scalar(select(Organization.name).where(Organization.id == identity, offered)) or ""


def _places() -> Sequence[Organization]:
    """The organizations for which the actor registers; 403 where there is none (R40)."""
    places = claims.registering_organizations(current_actor())
    if not places:
        abort(403)
    return places


def _asked_for(places: Sequence[Organization]) -> Organization | None:
    """The one of them that the request names."""
    asked = read_id(request.values.get("registering"))
    return next((place for place in places if place.id == asked), None)


def _form_of(found: LookUp, typed: MultiDict[str, str] | None = None) -> EntryForm:
    form = EntryForm(typed)
    if found.member is not None:
        for name in entering.PERSON:
            form.drop(name)
    return form


def _form_again(transfer: Transfer, typed: MultiDict[str, str] | None = None) -> EntryForm:
    way = areas.lineage(transfer.previous_area)  # none where the division is no more: it is chosen anew
    form = EntryForm(
        typed,
        version=transfer.version,
        member_version=transfer.member.version,
        name=transfer.member.name,
        ethnicity=transfer.member.ethnicity,
        category=transfer.member.category.value,
        province=way[0].code if way else "",
        city=next((area.code for area in way[1:] if area.is_city), ""),
        county=next((area.code for area in way[1:] if not area.is_city), ""),
        branch=transfer.previous_branch,
        addressee=transfer.addressee,
        destination=transfer.destination_id,
        applied_on=transfer.applied_on,
        dues_paid_until=transfer.dues_paid_until,
        reason=transfer.reason,
    )
    kept = members.ENTERING_FIELDS if entering.may_mend_person(transfer, current_actor()) else ()
    for name in entering.PERSON:
        if name not in kept:
            form.drop(name)
    return form


def _photos(form: EntryForm) -> list[Attachment]:
    """The photos that came with the form: those held before and still wanted, and those that come now.

    What is wrong with one stands beside them; the others stay, also where the form comes back.
    """
    actor = current_actor()
    wanted = [key for key in request.form.getlist("photo")[: attachments.MOST_HELD] if key.isprintable()]
    photos = attachments.held(actor, wanted)
    if len(photos) < len(set(wanted)):
        form.photo_errors.append(_("之前选的照片已过期，请重新上传。"))
    storage = file_storage()
    files = [file for file in request.files.getlist(FILES) if file.filename]
    for file in files[: attachments.LIMIT]:
        try:
            photos.append(attachments.hold(actor, file.filename or "", file.stream, storage))
        except RuleError as error:
            form.photo_errors.append(in_words(error))
    if len(files) > attachments.LIMIT:
        form.photo_errors.append(too_many_files(len(files)))
    return photos


def _way(registering: Organization, form: EntryForm) -> str:
    """Names the two ends: what the applicant has seen the route of."""
    return way_between(registering.id, form.destination.data or "")
