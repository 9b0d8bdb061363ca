"""【查看介绍信】: a letter, editing, preview, print, 重新开具; the county's list; the public check (R35-R37, R46).

A preview masks the ID number. Printing is a POST: it freezes, and an audit entry says who read the number (R49).
"""

from __future__ import annotations

from collections.abc import Iterator
from queue import SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import HiddenField, IntegerField

from admin_views import limiting
from admin_views.access import PanelView, current_actor, in_words
from admin_views.base import UNPROCESSABLE
from admin_views.forms import DayField, RowForm, TextField, read_id
from admin_views.translating import gettext as _
from models import Letter, LetterState, Organization, PermissionLevel, Seal, Transfer, clock, db
from workflow import letter_deadlines, letter_pdf, letters, loading, policy, uploads, verification
from workflow.actors import Actor
from workflow.errors import RuleError
from workflow.transaction import transaction

PDF = "application/pdf"
MOST_AT_ONCE = 200
SHOWN = 100
TONES = {LetterState.DRAFT: "way", LetterState.FROZEN: "done", LetterState.VOIDED: "end"}


class LetterForm(RowForm):
    """What may be edited in a letter (R36), in the order of the form."""

    number = HiddenField()
    addressee = TextField(_l("抬头"))
    source_words = TextField(_l("由（转出组织）"))
    destination_words = TextField(_l("去（转往单位）"))
    dated = DayField(_l("介绍信日期"), render_kw={"type": "date"})
    valid_days = IntegerField(_l("有效期（天）"), render_kw={"type": "number", "min": 1, "max": letters.LONGEST.days})
    member_phone = TextField(_l("党员联系电话"))
    committee_address = TextField(_l("基层党委通讯地址"))
    committee_phone = TextField(_l("联系电话"))
    committee_fax = TextField(_l("传真"))
    committee_postcode = TextField(_l("邮编"))
    receipt_addressee = TextField(_l("回执联抬头"))

    def values(self) -> dict[str, Any]:
        typed = {name: value for name, value in super().values().items() if name != "number"}
        return {**typed, "valid_days": self.valid_days.data or 0}


class LetterView(PanelView):
    """The letters of transfers that leave. The record leads to each; in the menu stands the county's list."""

    def may_open(self, actor: Actor) -> bool:
        return bool(policy.visible_paths(actor))

    @expose("/")
    def index(self) -> str:
        """R47: the letters whose receipt has not come, those near or past their validity first."""
        found = list(db.session.scalars(letter_deadlines.waiting_for_receipt(current_actor()).limit(SHOWN + 1)))
        return self.render(
            "letters/index.html",
            letters=found[:SHOWN],
            more=len(found) > SHOWN,
            is_late=letter_deadlines.is_late,
            today=clock.today(),
            seals=_seals(current_actor()),
        )

    @expose("/seal", methods=("POST",))
    def seal(self) -> ResponseReturnValue:
        """The seal of one's own organization: a picture, or none any more."""
        file, identity = request.files.get("seal"), read_id(request.form.get("org")) or 0
        try:
            picture = uploads.checked(file.filename or "", file.stream) if file and file.filename else None
            with transaction():
                letters.set_seal(current_actor(), identity, picture)
        except RuleError as error:
            flash(in_words(error), "error")
        else:
            flash(_("已更换印章。") if picture else _("已取消印章。"), "success")
        return redirect(url_for(".index"), 303)

    @expose("/<key>")
    def letter(self, key: str) -> str:
        """What the letter says; a form for who may edit it, and how it will look."""
        transfer, letter = _seen(key)
        form = LetterForm(obj=letter)
        form.version.data = str(letter.version)
        return self._show(transfer, letter, form)

    @expose("/<key>/save", methods=("POST",))
    def save(self, key: str) -> ResponseReturnValue:
        """【保存】"""
        transfer, letter = _seen(key)
        form = LetterForm(request.form)
        try:
            version = read_id(form.version.data) or 0
            letters.edit(key, current_actor(), version, number=form.number.data or None, **form.values())
        except RuleError as error:
            if error.field is None:  # the letter is another one by now, and is what the page has to show
                flash(in_words(error), "error")
                return redirect(url_for(".letter", key=key), 303)
            form.refuse(error.field, in_words(error))
            transfer, letter = _seen(key)
            return self._show(transfer, letter, form), UNPROCESSABLE
        flash(_("已保存介绍信。"), "success")
        return redirect(url_for(".letter", key=key), 303)

    @expose("/<key>/preview.pdf")
    def preview(self, key: str) -> ResponseReturnValue:
        """How it looks, the ID number masked; a draft says 草稿."""
        transfer, letter = _seen(key)
        data = letters.data_of(letter, transfer, clear=False, verify_url=_verify_url(letter))
        try:
            return _pdf([data], letter.number)
        except RuleError as error:
            return _in_frame(in_words(error))

    @expose("/<key>/print", methods=("POST",))
    def print(self, key: str) -> ResponseReturnValue:
        """【打印】, 【下载】: the letter itself; the first one at the county freezes it."""
        actor = current_actor()
        transfer, _letter = _seen(key)
        try:
            letter = letters.freeze(key, actor)
            data = letters.data_of(letter, transfer, clear=True, verify_url=_verify_url(letter))
            made = _pdf([data], letter.number, download="download" in request.form)
            with transaction():
                letters.read_for_print(transfer, actor)
        except RuleError as error:
            if "framed" in request.form:
                return _in_frame(in_words(error))
            flash(in_words(error), "error")
            return redirect(url_for(".letter", key=key), 303)
        return made

    @expose("/print", methods=("POST",))
    def print_chosen(self) -> ResponseReturnValue:
        """Several frozen letters as one PDF; one that may not be printed is left out and named."""
        actor, chosen, left = current_actor(), [], []
        for key in request.form.getlist("chosen")[:MOST_AT_ONCE]:
            transfer = _transfer(key)
            letter = letters.in_force(transfer) if transfer else None
            frozen = letter is not None and letter.state is LetterState.FROZEN
            if transfer and letter and frozen and letters.may_print(transfer, letter, actor):
                chosen.append((transfer, letter))
            elif transfer:
                left.append(transfer.member.name)
        if not chosen:
            flash(_("没有可以打印的介绍信：请选择本组织已定稿的介绍信。"), "error")
            return redirect(url_for(".index"), 303)
        with transaction():
            for transfer, _letter in chosen:
                letters.read_for_print(transfer, actor)
        pages = [
            letters.data_of(letter, transfer, clear=True, verify_url=_verify_url(letter)) for transfer, letter in chosen
        ]
        said = _("未包括（介绍信已变化）：%(names)s。", names="、".join(left)) if left else ""
        if "told" in request.form:
            told = Response(_told(pages, _seal_place()), mimetype="application/octet-stream")
            told.headers["X-Left-Out"] = quote(said)
            return told
        if said:
            flash(said, "warning")
        return _pdf(pages, chosen[0][1].number, download=True)

    @expose("/<key>/reissue", methods=("POST",))
    def reissue(self, key: str) -> ResponseReturnValue:
        """【重新开具】: with a reason; the new one is a draft until it is printed."""
        _seen(key)
        try:
            made = letters.reissue(key, current_actor(), request.form.get("reason", "").replace("\x00", ""))
        except RuleError as error:
            flash(in_words(error), "error")
        else:
            flash(_("原介绍信已作废，已生成新编号%(number)s。", number=made.number), "success")
        return redirect(url_for(".letter", key=key), 303)

    def _show(self, transfer: Transfer, letter: Letter, form: LetterForm) -> str:
        actor = current_actor()
        everyone = letters.all_of(transfer)
        by_id = {one.id: one.number for one in everyone}
        return self.render(
            "letters/letter.html",
            transfer=transfer,
            letter=letter,
            form=form,
            tone=TONES[letter.state],
            may_edit=letters.may_edit(transfer, letter, actor),
            may_print=letters.may_print(transfer, letter, actor),
            will_freeze=letters.may_freeze(transfer, letter, actor),
            may_reissue=letters.may_reissue(transfer, letter, actor),
            late=letter_deadlines.is_late(letter),
            others=[one for one in everyone if one.id != letter.id],
            replaces=by_id.get(letter.replaces_id or 0, ""),
        )


def _transfer(key: str) -> Transfer | None:
    if not key.isprintable():
        return None
    actor = current_actor()
    transfer: Transfer | None = db.session.scalar(
        select(Transfer)
        .where(Transfer.key == key, policy.transfers_visible(actor))
        .options(*loading.decision_options())
        .execution_options(populate_existing=True)
    )
    return transfer if transfer is not None and letters.may_view(transfer, actor) else None


def _seen(key: str) -> tuple[Transfer, Letter]:
    transfer = _transfer(key)
    letter = letters.in_force(transfer) if transfer else None
    if transfer is None or letter is None:
        abort(404)
    return transfer, letter


def _seals(actor: Actor) -> list[tuple[int, str, bool]]:
    """The own organizations that let members leave: id, name, and whether a seal is there."""
    query = (
        select(Organization.id, Organization.name, Seal.organization_id)
        .join(Organization.level)
        .outerjoin(Seal, Seal.organization_id == Organization.id)
        .where(Organization.id.in_(actor.liaison_paths), PermissionLevel.approves_leaving.is_(True))
        .order_by(Organization.path)
    )
    return [(row[0], row[1], row[2] is not None) for row in db.session.execute(query)]


def link(transfer: Transfer, actor: Actor) -> str:
    """Where 【查看介绍信】 leads; "" where there is no letter for this actor."""
    if not letters.may_view(transfer, actor) or letters.in_force(transfer) is None:
        return ""
    return url_for("letters.letter", key=transfer.key)


def _verify_url(letter: Letter) -> str:
    return url_for("verify.letter", number=letter.number, s=verification.signature(letter.number), _external=True)


def _seal_place() -> letter_pdf.SealPlace:
    place: letter_pdf.SealPlace = current_app.config["LETTER_SEAL"]
    return place


def _told(pages: list[letter_pdf.LetterData], seal_place: letter_pdf.SealPlace) -> Iterator[bytes]:
    """A dot for each page that is drawn, a line's end, the PDF: what the page's script needs for its progress bar."""
    made = SimpleQueue[bytes | None]()

    def draw() -> None:
        content = b""  # what the script takes for a failure
        try:
            content = letter_pdf.render_many(pages, progress=lambda _count: made.put(None), seal_place=seal_place)
        finally:
            made.put(content)

    Thread(target=draw, daemon=True).start()
    while (content := made.get()) is None:
        yield b"."
    yield b"\n" + content


def _pdf(pages: list[letter_pdf.LetterData], name: str, *, download: bool = False) -> Response:
    return pdf(letter_pdf.render_many(pages, seal_place=_seal_place()), name, download=download)


def _in_frame(words: str) -> Response:
    """Why there is no letter, in the place where it would stand."""
    return _framed(Response(render_template("letters/refused.html", words=words)), UNPROCESSABLE)


def _framed(response: Response, status: int = 200) -> Response:
    """What a page of ours may hold in a frame, and nobody else's."""
    response.status_code = status
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Content-Security-Policy"] = "frame-ancestors 'self'"  # anything more keeps Chrome's viewer out
    return response


def pdf(content: bytes, name: str, *, download: bool = False) -> Response:
    """A PDF, to be looked at in a frame or kept as a file."""
    response = Response(content, mimetype=PDF)
    how = "attachment" if download else "inline"
    response.headers["Content-Disposition"] = f'{how}; filename="{name}.pdf"'
    return _framed(response)


# --- The public check ---


verify = Blueprint("verify", __name__, url_prefix="/verify")


@verify.route("/<number>")
def letter(number: str) -> ResponseReturnValue:
    """R46: genuine, void or unknown; nothing can be asked for by counting through the numbers."""
    wait = limiting.wait_for_address("checks", limiting.CHECKS)
    if wait:
        words = _("核验过于频繁，请在%(wait)s后再试。", wait=limiting.in_words(wait))
        return render_template("letters/verify.html", number=number, letter=None, said=words), 429
    found = verification.verified(number, request.args.get("s", ""))
    if found is None:
        return render_template("letters/verify.html", number=number, letter=None), 404
    made, county, name = found
    return render_template("letters/verify.html", number=number, letter=made, county=county, name=name)
