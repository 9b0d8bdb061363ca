"""What may be done with a row besides changing its fields: a button, a confirm window, a POST of its own (R30).

What is drawn and what is accepted are one list, `doings`. Mixed into `ScopedView`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue

from admin_views.access import current_actor, in_words
from admin_views.translating import gettext as _
from workflow.actors import Actor
from workflow.errors import RuleError
from workflow.transaction import transaction


@dataclass(frozen=True)
class Doing:
    """One button. `name` is the view's endpoint behind it, `tone` that of the window's button: primary or danger."""

    name: str
    label: Any
    title: Any
    say: Any
    tone: str = "primary"


class Doings:
    """The doings of a view's rows; none unless the view says otherwise."""

    get_one: Callable[[Any], Any]
    after_saving: Callable[[Any], str]
    doings_in_list = False
    """Whether the buttons stand in the list too, and not on the row's page alone."""

    def doings(self, actor: Actor, row: Any) -> Sequence[Doing]:
        """What this actor may do with the row now."""
        return ()

    def offered(self, name: str) -> Any | None:
        """The row that the form names, where `name` may be done with it now; None, with a message, where no more.

        Forbidden to whom nothing is offered at all.
        """
        row = self.get_one(request.form.get("id", ""))
        names = {doing.name for doing in self.doings(current_actor(), row)}
        if not names:
            abort(403)
        if name in names:
            return row
        flash(_("这项操作现在不能进行：数据刚刚有变化，请按最新情况操作。"), "error")
        return None

    def do(self, name: str, deed: Callable[[Actor, Any], object], said: str) -> ResponseReturnValue:
        """Do it in one transaction; `said` is the message of success. Then back to where the row is looked at."""
        row = self.offered(name)
        if row is None:
            return redirect(self.after_saving(self.get_one(request.form.get("id", ""))), 303)
        back = self.after_saving(row)
        try:
            with transaction():
                deed(current_actor(), row)
        except RuleError as error:
            flash(in_words(error), "error")
        else:
            flash(said, "success")
        return redirect(back, 303)
