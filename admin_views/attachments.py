"""The files of a transfer: sent in, shown, fetched, removed (R38). Every request asks the rules again.

No address names a file: it names the row, by a random key, and the row leads to the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue

from admin_views import record
from admin_views.access import current_actor, in_words
from admin_views.languages import person_name
from admin_views.translating import gettext as _
from models import Attachment, AttachmentKind, MediaType, Transfer
from workflow import attachments, loading, storage, uploads
from workflow.actors import Actor
from workflow.errors import N_, RuleError
from workflow.storage import Storage

FILES = uploads.FIELD
ENDINGS = {
    MediaType.JPEG: (".jpg", ".jpeg"),
    MediaType.PNG: (".png",),
    MediaType.WEBP: (".webp",),
    MediaType.PDF: (".pdf",),
}
SEALED_OFF = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
"""A file opened by itself runs nothing, loads nothing and is of no origin; a browser's own viewer needs its style."""
PDF_VIEWER = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""For a PDF that is looked at: the viewers of older browsers do not open in a sandbox."""
NO_FILE = N_("请选择要上传的文件。")
NO_KIND = N_("请选择附件的类别。")

pages = Blueprint("attachments", __name__, url_prefix="/attachments")


# --- What the record shows ---


@dataclass(frozen=True)
class Shown:
    """One attachment as `transfers/_attachments.html` draws it."""

    key: str
    name: str
    kind: str
    facts: str
    who: str
    when: str
    is_picture: bool
    url: str
    may_remove: bool


def shown(transfer: Transfer, actor: Actor) -> dict[str, Any]:
    """What the fragment needs beside `transfer`, which must hold what `loading.decision_options` loads."""
    may_add = attachments.may_add(transfer, actor)
    return {
        "attachments": [
            Shown(
                key=attachment.key,
                name=attachment.name,
                kind=_(attachment.kind.label),
                facts=_facts(attachment),
                who=_who(attachment),
                when=record.full_moment(attachment.created_at),
                is_picture=attachment.is_picture,
                url=_address(attachment),
                may_remove=attachment.kind in may_add,
            )
            for attachment in attachments.listed(transfer)
        ],
        "may_add": may_add,
        "upload_limits": upload_limits(),
    }


def upload_limits() -> dict[str, Any]:
    """What one may choose to send, for the form and its script."""
    return {
        "accept": ",".join(MediaType),
        "megabytes": uploads.MEGABYTES,
        "total": current_app.config["MAX_CONTENT_LENGTH"] // (1024 * 1024) - 1,
        "count": attachments.LIMIT,
    }


def too_many_files(count: int) -> str:
    """What is said where more files came at once than are taken."""
    over = count - attachments.LIMIT
    return _("一次最多上传 %(limit)s 个文件，其余 %(count)s 个没有上传。", limit=attachments.LIMIT, count=over)


def _facts(attachment: Attachment) -> str:
    """JPEG · 3024×4032 · 1.2 MB"""
    measures = f"{attachment.width}×{attachment.height}" if attachment.is_picture else ""
    kilobytes = max(1, round(attachment.size / 1024))
    size = f"{kilobytes} KB" if kilobytes < 1024 else f"{kilobytes / 1024:.1f} MB"
    return " · ".join(filter(None, (attachment.media_type.label, measures, size)))


def _who(attachment: Attachment) -> str:
    """A virtual admin account carries its organization's name already."""
    name, organization = person_name(attachment.uploader_name), attachment.uploader_organization_name
    return name if name.startswith(organization) else f"{organization} {name}"


def _address(attachment: Attachment) -> str:
    """Where it is looked at; a PDF would otherwise be taken along."""
    return url_for("attachments.show", key=attachment.key, view=None if attachment.is_picture else 1)


# --- Fetching ---


@pages.route("/<key>", methods=["GET"])
def show(key: str) -> ResponseReturnValue:
    """The file: a picture, which was made anew, in the browser; a PDF to be taken along, or looked at with `view`."""
    attachment = _found(key)
    try:
        content = attachments.read(attachment, file_storage())
    except RuleError as error:
        flash(in_words(error), "error")
        return redirect(_record_of(_transfer_of(attachment).key), 303)
    inline = attachment.is_picture or "view" in request.args
    return _sent(content, attachment.media_type, _named(attachment), inline=inline)


@pages.route("/<key>/thumbnail", methods=["GET"])
def thumbnail(key: str) -> ResponseReturnValue:
    """The small picture; a PDF has none."""
    attachment = _found(key)
    if attachment.thumbnail_stored_as is None:
        abort(404)
    content = attachments.read(attachment, file_storage(), thumbnail=True)
    return _sent(content, MediaType.JPEG, "thumbnail.jpg", inline=True)


@pages.route("/held/<key>", methods=["GET"])
def held(key: str) -> ResponseReturnValue:
    """The small picture of a photo that is held for a transfer to come (R42): for who uploaded it."""
    photos = attachments.held(current_actor(), [key]) if "\x00" not in key else []
    if not photos or photos[0].thumbnail_stored_as is None:
        abort(404)
    content = attachments.read(photos[0], file_storage(), thumbnail=True)
    return _sent(content, MediaType.JPEG, "thumbnail.jpg", inline=True)


def _sent(content: bytes, media_type: MediaType, name: str, *, inline: bool) -> Response:
    response = send_file(
        BytesIO(content), media_type.value, as_attachment=not inline, download_name=name, etag=False, max_age=0
    )
    looked_at = inline and media_type is MediaType.PDF
    response.headers["Content-Security-Policy"] = PDF_VIEWER if looked_at else SEALED_OFF
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _named(attachment: Attachment) -> str:
    """The name to save it under: with an ending that is true."""
    endings = ENDINGS[attachment.media_type]
    return attachment.name if attachment.name.lower().endswith(endings) else attachment.name + endings[0]


# --- Sending in and removing ---


@pages.route("/<key>", methods=["POST"])
def add(key: str) -> ResponseReturnValue:
    """Any number of files for the transfer `key`: of each it is told whether it was taken, or why not."""
    actor, files = current_actor(), [file for file in request.files.getlist(FILES) if file.filename]
    _require_seen(key, actor)
    kind = next((kind for kind in AttachmentKind if kind == request.form.get("kind")), None)
    if kind is None or not files:
        flash(_(NO_FILE if kind else NO_KIND), "error")
        return redirect(_record_of(key), 303)
    kept = file_storage()
    for file in files[: attachments.LIMIT]:
        try:
            attachment = attachments.upload(key, kind, actor, file.filename or "", file.stream, kept)
        except RuleError as error:
            flash(in_words(error), "error")
        else:
            flash(_("已上传%(kind)s“%(name)s”。", kind=_(kind.label), name=attachment.name), "success")
    if len(files) > attachments.LIMIT:
        flash(too_many_files(len(files)), "error")
    return redirect(_record_of(key), 303)


@pages.route("/<key>/remove", methods=["POST"])
def remove(key: str) -> ResponseReturnValue:
    """【移除】"""
    attachment = _found(key)
    back = _record_of(_transfer_of(attachment).key)
    try:
        attachments.remove(key, current_actor())
    except RuleError as error:
        flash(in_words(error), "error")
    else:
        flash(_("已移除“%(name)s”。", name=attachment.name), "success")
    return redirect(back, 303)


# --- Shared ---


def _found(key: str) -> Attachment:
    actor = current_actor()
    attachment = attachments.found(key, actor) if "\x00" not in key else None
    if attachment is None:
        abort(404)
    return attachment


def _transfer_of(attachment: Attachment) -> Transfer:
    assert attachment.transfer is not None, "what is held for a transfer to come is not found"
    return attachment.transfer


def _require_seen(key: str, actor: Actor) -> None:
    if "\x00" in key or not loading.transfers_by_key([key], actor):
        abort(404)


def _record_of(key: str) -> str:
    return url_for("transfers.record", key=key, _anchor="attachments")


def file_storage() -> Storage:
    """Where the files lie, as the settings say."""
    return storage.storage(current_app.config)
