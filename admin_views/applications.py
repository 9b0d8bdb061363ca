"""【申请】 and applying again: the form, the planned route beside it, and 上报 (R18, R19, R23, R45).

The rules are in `workflow.applications`; here the fields are read, kept and shown again beside what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from admin_views.access import current_actor, in_words
from admin_views.base import UNPROCESSABLE
from admin_views.forms import read_id
from admin_views.lookups import names_above
from admin_views.translating import gettext as _
from models import Member, Organization, Stage, Transfer, clock, db
from workflow import actions, applications, claims, loading, planning, policy
from workflow.applications import PreviewStop
from workflow.errors import RuleError

FIELDS = (
    *("kind", "member", "destination", "reason", "applied_on", "dues_paid_until"),
    *("addressee", "destination_unit", "version"),
)


def way_between(start: str | int, destination: str | int) -> str:
    """Names the two ends of a route, so that a form says which one has been looked at."""
    return f"{start}:{destination}"


@dataclass
class Application:
    """The form as it was typed, and what is wrong with it by field; the empty name is the form as a whole."""

    kind: str = ""
    member: str = ""
    destination: str = ""
    reason: str = ""
    applied_on: str = ""
    dues_paid_until: str = ""
    addressee: str = ""
    destination_unit: str = ""
    version: str = ""
    """The transfer's, as it was when the form was opened: one that comes back with an error is no younger (R30)."""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def typed(cls, form: Mapping[str, str]) -> Application:
        """What a posted form says."""
        application = cls()
        for name in FIELDS:
            setattr(application, name, form.get(name, "").replace("\x00", "").strip())
        return application

    @classmethod
    def of(cls, transfer: Transfer) -> Application:
        """A transfer's own fields, to be changed and sent again."""
        return cls(
            kind=transfer.kind_code,
            member=transfer.member.key,
            destination=str(transfer.destination_id),
            reason=transfer.reason,
            applied_on=transfer.applied_on.isoformat(),
            dues_paid_until=transfer.dues_paid_until,
            addressee=transfer.addressee,
            destination_unit=transfer.destination_unit,
            version=str(transfer.version),
        )

    @property
    def destination_id(self) -> int:
        """The chosen organization; 0, which is none, where nothing usable was chosen."""
        usable = self.destination.isdecimal() and len(self.destination) < 10
        return int(self.destination) if usable else 0

    @property
    def way(self) -> str:
        """Names the two ends: what the applicant has seen the route of."""
        return way_between(self.member, self.destination)

    def errors_of(self, name: str) -> list[str]:
        """What is wrong with one field."""
        return [self.errors[name]] if name in self.errors else []

    def refused(self, error: RuleError) -> None:
        """Keep a refusal beside the field that it belongs to."""
        self.errors.setdefault(error.field if error.field in FIELDS else "", in_words(error))

    def checked(self) -> dict[str, Any]:
        """The fields as values for the workflow; what is wrong goes into `errors`, all at once."""
        if not self.member:
            self.errors["member"] = _("请选择党员。")
        if not self.destination_id:
            self.errors["destination"] = _("请选择目的支部。") if self.stays else _("请选择目的组织。")
        applied_on = clock.today()
        try:
            applied_on = date.fromisoformat(self.applied_on)
        except ValueError:
            self.errors["applied_on"] = _("请按“年-月-日”填写申请时间，例如2026-11-24。")
        self._check(lambda: applications.checked_reason(self.reason))
        self._check(lambda: applications.check_dates(applied_on, clock.this_month()))
        self._check(lambda: applications.check_dates(clock.today(), self.dues_paid_until))
        kind = loading.transfer_kinds().get(self.kind)
        if kind is not None:
            self._check(lambda: applications.checked_letter(kind, self.addressee, self.destination_unit))
        return {
            "destination_id": self.destination_id,
            "reason": self.reason,
            "applied_on": applied_on,
            "dues_paid_until": self.dues_paid_until,
            "addressee": self.addressee,
            "destination_unit": self.destination_unit,
        }

    @property
    def stays(self) -> bool:
        """Within the province: no letter is needed."""
        kind = loading.transfer_kinds().get(self.kind)
        return kind is None or not kind.needs_letter

    def _check(self, check: Callable[[], object]) -> None:
        try:
            check()
        except RuleError as error:
            self.refused(error)


@dataclass(frozen=True)
class Preview:
    """The planned route, or why there is none."""

    stops: tuple[PreviewStop, ...] = ()
    refusal: str = ""

    @property
    def next_place(self) -> str:
        """Where 上报 sends it: past the step that 上报 itself is (R15)."""
        ahead = (stop.organization_name for stop in self.stops if stop.stage is not Stage.ENTERING_APPLICATION)
        return next(ahead, "")


def plan(kind: str, origin_id: int, destination_id: int) -> Preview:
    """The route as it would be planned today (R45)."""
    return _looked_at(lambda: applications.preview(kind, origin_id, destination_id))


def plan_reassigned(transfer: Transfer, destination_id: int) -> Preview:
    """What would be ahead after 改派 (R44, R45)."""
    return _looked_at(lambda: applications.preview_reassigned(transfer, destination_id))


def _looked_at(planned: Callable[[], list[PreviewStop]]) -> Preview:
    try:
        return Preview(tuple(planned()))
    except RuleError as error:
        return Preview(refusal=in_words(error))


def _is_reassignable(transfer: Transfer) -> bool:
    return "reassign" in {action.name for action in actions.available_actions(transfer, current_actor())}


class ApplyingPages:
    """The pages of applying, mixed into the view of transfers."""

    render: Callable[..., str]
    get_one: Callable[[str], Transfer]
    enter_again: Callable[[Transfer], ResponseReturnValue]

    @expose("/apply", methods=("GET", "POST"))
    def apply(self) -> ResponseReturnValue:
        """【申请】: a new application, for a member of the own subtree or for oneself."""
        actor = current_actor()
        if not policy.is_liaison(actor) and actor.member_key is None:
            abort(403)
        if request.method == "GET":
            own = "" if policy.is_liaison(actor) else actor.member_key or ""
            asked, kind = request.args.get("member", own), request.args.get("kind", "")
            return self._form(Application(kind=kind, member=asked, applied_on=clock.today().isoformat()))
        form = Application.typed(request.form)
        if not policy.is_liaison(actor):
            form.member = actor.member_key or ""
        values = form.checked()
        if form.errors:
            return self._form(form), UNPROCESSABLE
        if request.form.get("seen") != form.way:
            return self._form_after_route(form)
        try:
            transfer = applications.apply(actor, kind_code=form.kind, member_key=form.member, **values)
        except RuleError as error:
            form.refused(error)
            return self._form(form), UNPROCESSABLE
        return sent(transfer)

    @expose("/<key>/resubmit", methods=("GET", "POST"))
    def resubmit(self, key: str) -> ResponseReturnValue:
        """再次上报: the same form, filled in with what the transfer says."""
        actor = current_actor()
        transfer = self.get_one(key)
        offered = {action.name for action in actions.available_actions(transfer, actor)}
        if transfer.kind.enters and "resubmit" in offered:
            return self.enter_again(transfer)
        if request.method == "GET":
            if "resubmit" not in offered:
                flash(_("这条记录现在不能再次上报。"), "error")
                return redirect(url_for(".record", key=key), 303)
            return self._form(Application.of(transfer), transfer)
        form = Application.typed(request.form)
        form.kind, form.member = transfer.kind_code, transfer.member.key
        values = form.checked()
        if form.errors and "resubmit" in offered:
            return self._form(form, transfer), UNPROCESSABLE
        if request.form.get("seen") != form.way and "resubmit" in offered:
            return self._form_after_route(form, transfer)
        try:
            transfer = actions.perform(
                key, "resubmit", actor, expected_version=request.form.get("version", type=int), **values
            )
        except RuleError as error:
            if error.field is None:
                flash(in_words(error), "error")
                return redirect(url_for(".record", key=key), 303)
            form.refused(error)
            return self._form(form, self.get_one(key)), UNPROCESSABLE
        return sent(transfer)

    @expose("/preview")
    def preview(self) -> ResponseReturnValue:
        """The planned route as a fragment: `kind`, `destination`, and where it begins.

        That is a `transfer`, a `member`, or, of who enters, `registering` (R42); with `action` it is a transfer that
        may be sent to another branch (R44).
        """
        form = Application.typed(request.args)
        if "action" in request.args:
            transfer = self.get_one(request.args.get("transfer", ""))
            if not _is_reassignable(transfer):
                abort(404)
            return self.render(
                "transfers/_preview.html", preview=plan_reassigned(transfer, form.destination_id), way=""
            )
        registering = read_id(request.args.get("registering"))
        if registering is not None:
            if registering not in {place.id for place in claims.registering_organizations(current_actor())}:
                abort(404)
            shown = plan(form.kind, registering, form.destination_id)
            way = way_between(registering, form.destination)
            return self.render("transfers/_preview.html", preview=shown, way=way)
        key = request.args.get("transfer")
        way = form.way
        if key:
            transfer = self.get_one(key)
            origin_id = planning.origin_of(transfer).id
            way = way_between(origin_id, form.destination) if transfer.kind.enters else way
        else:
            member = _applicable(form.member)
            if member is None:
                abort(404)
            origin_id = member.organization_id
        shown = plan(form.kind, origin_id, form.destination_id)
        return self.render("transfers/_preview.html", preview=shown, way=way)

    def _form_after_route(self, form: Application, transfer: Transfer | None = None) -> ResponseReturnValue:
        """The route first, before it is sent; where there is none, the reason beside the destination (R45)."""
        member = transfer.member if transfer else _applicable(form.member)
        if member is None:
            form.errors["member"] = _("请选择党员。")
        else:
            origin = planning.origin_of(transfer).id if transfer else member.organization_id
            refusal = plan(form.kind, origin, form.destination_id).refusal
            if not refusal:
                return self._form(form, transfer, look=True)
            form.errors["destination"] = refusal
        return self._form(form, transfer), UNPROCESSABLE

    def _form(self, form: Application, transfer: Transfer | None = None, *, look: bool = False) -> str:
        kinds = {kind.code: kind for kind in applications.application_kinds()}
        form.kind = form.kind if form.kind in kinds or transfer else next(iter(kinds))
        kind = transfer.kind if transfer else kinds[form.kind]
        holding = applications.holding_organizations(kind) if kind.needs_letter else []
        if len(holding) == 1:
            form.destination = str(holding[0].id)
        member = transfer.member if transfer else _applicable(form.member)
        source = transfer.source if transfer else member.organization if member else None
        destination = db.session.get(Organization, form.destination_id) if form.destination_id else None
        return self.render(
            "transfers/apply.html",
            form=form,
            kinds=kinds.values(),
            kind=kind,
            holding=holding,
            transfer=transfer,
            member=member,
            source=source,
            destination=destination,
            destination_way=names_above([destination])[destination.id] if destination else "",
            preview=plan(form.kind, source.id, destination.id) if source and destination else None,
            look=look,
            picks_member=transfer is None and policy.is_liaison(current_actor()),
            today=clock.today().isoformat(),
            this_month=clock.this_month(),
        )


def _applicable(key: str) -> Member | None:
    if not key or not key.isprintable():
        return None
    member: Member | None = db.session.scalar(
        select(Member)
        .where(Member.key == key, policy.applicable_members(current_actor()))
        .options(joinedload(Member.organization))
    )
    return member


def sent(transfer: Transfer) -> ResponseReturnValue:
    """On to the record of what was sent, and who has it now."""
    step = transfer.current_step
    assert step is not None
    flash(
        _("已上报 %(name)s 的转接，现送 %(place)s。", name=transfer.member.name, place=step.organization.name),
        "success",
    )
    return redirect(url_for(".record", key=transfer.key), 303)
