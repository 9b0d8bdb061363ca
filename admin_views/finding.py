"""Finding a person by 身份证号: the number comes in the body of a POST, and only its blind index goes on into a URL."""

from __future__ import annotations

import re
from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from admin_views.access import in_words
from admin_views.base import UNPROCESSABLE
from admin_views.listing import Asked
from models.crypto import keyring
from workflow import members
from workflow.errors import RuleError

BLIND_INDEX = re.compile(r"[0-9a-f]{64}")


class FindsByIdNumber:
    """Mixed into a `ScopedView` whose list template includes `admin/model/_id_number.html`."""

    @expose("/find", methods=("POST",))
    def find(self: Any) -> ResponseReturnValue:
        """To the list of what concerns the person; to the list with the reason where it is no ID number."""
        try:
            identity = members.check_id_number(request.form.get("id_number", ""))
        except RuleError as error:
            return self.show_list(Asked(), id_number_error=in_words(error)), UNPROCESSABLE
        return redirect(url_for(".index_view", person=keyring().index(identity.clear)), 303)


def person_asked() -> str:
    """The blind index in the URL, where it looks like one."""
    text = request.args.get("person", "")
    return text if BLIND_INDEX.fullmatch(text) else ""
