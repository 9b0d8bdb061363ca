"""Flask-Admin's own lists over the same rows, tuned as far as it goes: what our lists must not be slower than.

Simple pager, joined references, AJAX references in the form, nothing counted; no sign-in, no scope.
"""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_babel import Babel

from bench.loading import SETTINGS
from bench.province.people import KEEPER
from bench.province.size import PRESENT
from bench.site import Site
from bench.timing import Spent, SqlClock, Timing, compare
from models import Member, Organization, Transfer, clock, db


class _Tuned(ModelView):
    simple_list_pager = True
    page_size = 20
    column_display_pk = False


class _Members(_Tuned):
    column_list = (*("name", "id_number_masked", "gender", "ethnicity", "category", "organization", "phone", "status"),)
    column_default_sort = [("org_path", False), ("id", False)]
    column_select_related_list = (Member.organization,)
    form_columns = ("name", "organization")
    form_ajax_refs = {"organization": {"fields": ("name",)}}


class _Organizations(_Tuned):
    column_list = ("name", "code", "kind", "level", "parent", "contact_name", "contact_phone", "is_active")
    column_default_sort = "path"
    column_select_related_list = (Organization.level, Organization.parent)
    form_columns = ("name", "parent")
    form_ajax_refs = {"parent": {"fields": ("name",)}}


class _Transfers(_Tuned):
    column_list = (
        *("member", "member.id_number_masked", "source", "destination", "kind", "number", "state"),
        *("current_organization", "arrived_at"),
    )
    column_default_sort = ("id", True)
    column_select_related_list = (
        *(Transfer.member, Transfer.source, Transfer.destination, Transfer.kind, Transfer.current_organization),
    )
    form_columns = ("reason", "source")
    form_ajax_refs = {"source": {"fields": ("name",)}}


LISTS = (
    ("members", _Members, Member),
    ("organizations", _Organizations, Organization),
    ("transfers", _Transfers, Transfer),
)


def measure(site: Site) -> Iterator[tuple[str, Timing]]:
    """Our list for a provincial admin beside Flask-Admin's: the latter stands in the place of what is by hand."""
    app = Flask("bench.tuned")
    app.testing = True
    app.config.from_mapping(SETTINGS, SQLALCHEMY_DATABASE_URI=site.app.config["SQLALCHEMY_DATABASE_URI"])
    if "SQLALCHEMY_ENGINE_OPTIONS" in site.app.config:
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = site.app.config["SQLALCHEMY_ENGINE_OPTIONS"]
    db.init_app(app)
    Babel(app)
    admin = Admin(app, name="tuned", url="/")
    with app.app_context():
        for name, view, model in LISTS:
            admin.add_view(view(model, db, endpoint=name, url=f"/{name}"))
        theirs = SqlClock(db.engine)
    reader, visitor = app.test_client(), site.visitor(KEEPER)

    def run(watch: SqlClock, client: object, path: str) -> Spent:
        with watch.watching() as spent:
            answer = client.get(path)  # type: ignore[attr-defined]
        assert answer.status_code == 200, f"{path} answers {answer.status_code}"
        return spent

    with clock.at(PRESENT):
        for name, _view, _model in LISTS:
            path = f"/{name}/"
            yield (
                f"{name}, admin, against Flask-Admin's own list",
                compare((lambda: run(site.clock, visitor, path), lambda: run(theirs, reader, path)))[0],  # noqa: B023
            )
    theirs.remove()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
