"""Looking before saving: what a change of data would do to routes is shown, said yes to, mended in one click (R16)."""

from __future__ import annotations

from typing import Any

from flask import flash, request

from admin_views.access import told
from admin_views.translating import gettext as _
from workflow import outlook
from workflow.actors import Actor
from workflow.outlook import Outlook

SHOWN = 20
SEEN, THEN, REPLAN = "seen", "then", "replan"
_OWN = frozenset({"csrf_token", SEEN, THEN})


def must_be_seen(foreseen: Outlook | None) -> bool:
    """Whether there is something to look at that the sender of this form has not looked at yet."""
    return foreseen is not None and not foreseen.is_empty and request.form.get(SEEN) != foreseen.mark


def shown(foreseen: Outlook) -> dict[str, Any]:
    """What the page that asks (admin/model/review.html) shows; `fields` is what was typed, to be sent again."""
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in _OWN]
    return {"foreseen": foreseen, "fields": fields, "shown": SHOWN, "most": outlook.MOST_REPLANNED, "told": told}


def replan_if_asked(foreseen: Outlook | None, actor: Actor) -> None:
    """After saving: plan again what the change concerns, where the button said so; flashes what came of it."""
    if foreseen is None or request.form.get(THEN) != REPLAN:
        return
    tell_replanned(*outlook.replan_all([change.key for change in foreseen.transfers], actor))


def tell_replanned(done: int, failed: int) -> None:
    """What planning again has come to, as messages."""
    if done:
        flash(_("已重新规划 %(count)s 条转接的流程。", count=done), "success")
    if failed:
        flash(_("有 %(count)s 条转接没有重新规划：请在【数据体检】中查看原因。", count=failed), "warning")
