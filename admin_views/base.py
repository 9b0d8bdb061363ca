"""The one base view: every door that Flask-Admin leaves open is closed here, once (design §2, style §2).

A view declares its model, its scope, what it shows and who may change what. List, details, create, edit, delete and
export reach rows through that scope and through nothing else; what is out of scope is not found. Whatever a view does
not declare does not exist: bulk actions, inline editing and Flask-Admin's own look-ups never do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from sqlalchemy import ColumnElement, Select, func
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm.interfaces import ORMOption

from admin_views import listing, reviewing
from admin_views.access import Guarded, current_actor, in_words
from admin_views.doing import Doings
from admin_views.exporting import export_rows
from admin_views.forms import RowForm, read_id
from admin_views.listing import Asked, Column, Filter, Page, Search
from admin_views.translating import gettext as _
from models import Organization, db
from models.prepared import BY_KEYS
from workflow.actors import Actor
from workflow.errors import RuleError
from workflow.outlook import Outlook
from workflow.transaction import transaction

UNPROCESSABLE = 422


class ScopedView(Guarded, Doings, ModelView):
    """Rows of one model, as far as the actor's scope reaches."""

    model: type[Any]
    scope: Callable[[Actor], ColumnElement[bool]]
    """Which rows the actor may read: the condition of every statement of this view."""
    address = "id"
    """The column that names a row in a URL."""
    order: Sequence[InstrumentedAttribute[Any]] = ()
    """Tells any two rows apart, and an index serves it."""
    newest_first = False
    """The list runs through `order`, and any other that a search brings, from its end."""
    loading: Sequence[ORMOption] = ()
    """What the pages show beside the row itself."""

    columns: Sequence[Column] = ()
    facts: Sequence[Column] = ()
    finder: Search | None = None
    choices: Sequence[Filter] = ()
    exports = False
    page_size = 20
    empty = ("", "")
    """What a list without rows says: what will appear here, and how."""
    form_class: type[RowForm] | None = None
    noun: Any = ""
    """What one row is called on the page that makes a new one."""

    list_template = "admin/model/list.html"
    details_template = "admin/model/details.html"
    form_template = "admin/model/form.html"

    # Flask-Admin's own switches stay off: what a view may do is asked of the methods below, row by row.
    can_create = can_edit = can_delete = can_view_details = can_export = False
    simple_list_pager = True
    column_list = ()
    form = RowForm

    def __init__(self, **menu: Any) -> None:
        """`menu`: name, category, endpoint, url, as Flask-Admin takes them."""
        super().__init__(self.model, db, **menu)

    # --- What a view may do; closed unless it says otherwise ---

    def may_create(self, actor: Actor) -> bool:
        return False

    def may_delete(self, actor: Actor, row: Any) -> bool:
        return False

    def editable(self, actor: Actor, row: Any) -> Sequence[str]:
        """The fields of the form that this actor may change on this row; none closes editing."""
        return ()

    def create(self, actor: Actor, fields: dict[str, Any]) -> Any:
        """Create a row through the workflow; the caller commits."""
        raise NotImplementedError

    def change(self, actor: Actor, row: Any, fields: dict[str, Any]) -> None:
        """Change a row through the workflow; the caller commits."""
        raise NotImplementedError

    def foresee(self, actor: Actor, row: Any, fields: dict[str, Any]) -> Outlook | None:
        """What a change would do to routes; None where it does nothing to any. Raises the change's own `RuleError`."""
        return None

    def delete(self, actor: Actor, row: Any) -> None:
        """Delete a row through the workflow; the caller commits."""
        raise NotImplementedError

    # --- Reaching rows: the only ways ---

    def scoped(self) -> Select[Any]:
        """The rows that the actor may read."""
        return listing.rows_of(self.model, self.scope(current_actor()))

    def get_one(self, id: Any) -> Any:
        """The row that `id` names; not found where there is none in scope."""
        value = self._address_value(id)
        row = None
        if value is not None:
            query = self.scoped().where(getattr(self.model, self.address) == value).options(*self.loading)
            row = db.session.scalar(query.execution_options(populate_existing=True, **BY_KEYS))
        if row is None:
            abort(404)
        return row

    def get_pk_value(self, model: Any) -> Any:
        return getattr(model, self.address)

    def get_query(self) -> Any:
        return db.session.query(self.model).filter(self.scope(current_actor()))

    def get_count_query(self) -> Any:
        return db.session.query(func.count("*")).select_from(self.model).filter(self.scope(current_actor()))

    def list_scope(self, actor: Actor, asked: Asked) -> ColumnElement[bool]:
        """What the list shows of the scope; a view that narrows it by itself says so in one condition within it."""
        return self.scope(actor)

    def listed(self, asked: Asked) -> Select[Any]:
        """The rows that the list shows for a query string, unordered."""
        query = listing.rows_of(self.model, self.list_scope(current_actor(), asked))
        if self.finder and asked.search:
            query = query.where(self.finder.condition(asked.search))
        searched = self.order_of(asked) is not self.order
        for item in self.choices:
            if item.name in asked.filters:
                condition = item.beside if searched and item.beside else item.condition
                query = query.where(condition(asked.filters[item.name]))
        return query

    def order_of(self, asked: Asked) -> Sequence[InstrumentedAttribute[Any]]:
        """The order of the list: that of the first search that brings one, else its own."""
        asked_for: list[Search | Filter] = [self.finder] if self.finder and asked.search else []
        asked_for += [item for item in self.choices if item.name in asked.filters]
        return next((item.order for item in asked_for if item.order), self.order)

    def page(self, asked: Asked) -> Page:
        """One page of the list."""
        named = {name: self._address_value(request.args[name]) for name in ("after", "before") if name in request.args}
        cursors = {name: value for name, value in named.items() if value is not None}
        query = self.listed(asked).options(*self.loading)
        order, address = self.order_of(asked), getattr(self.model, self.address)
        return listing.page(query, order, address, cursors, self.page_size, newest_first=self.newest_first)

    def _address_value(self, text: Any) -> Any:
        """What a URL says as a value of the address column; None where no row can have it."""
        if getattr(self.model, self.address).type.python_type is not int:
            return str(text) if str(text).isprintable() else None
        return read_id(text)

    # --- The doors ---

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        return self.show_list(Asked.of(request.args, self.choices))

    def show_list(self, asked: Asked, **more: Any) -> str:
        """The list as a page; `more` is what its template says beside."""
        # A label is translated once a page, not once a cell.
        columns = [replace(column, label=str(column.label)) for column in self.columns]
        shown = {"asked": asked, "page": self.page(asked), "columns": columns, **self.beside_list(asked), **more}
        return str(self.render(self.list_template, **shown))

    def chosen(self) -> Organization | None:
        """The organization that the list is narrowed to; a view with a tree says which."""
        return None

    def beside_list(self, asked: Asked) -> dict[str, Any]:
        """What the list's template shows beside the list; `place` are arguments that its links keep."""
        return {"place": {}}

    @expose("/details/")
    def details_view(self) -> ResponseReturnValue:
        if not self.facts:
            abort(404)
        row = self.get_one(request.args.get("id", ""))
        return self.render(self.details_template, row=row, **self.beside_details(row))

    def beside_details(self, row: Any) -> dict[str, Any]:
        """What the details template shows beside the facts."""
        return {}

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        actor = current_actor()
        if self.form_class is None:
            abort(404)
        if not self.may_create(actor):
            abort(403)
        form = self.form_class(request.form if request.method == "POST" else None)
        form.prepare(None)
        form.drop("version")
        if request.method == "GET":
            form.fill_from(request.args)
            return self._show_form(form, None)
        if not form.validate():
            return self._show_form(form, None), UNPROCESSABLE
        made: list[Any] = []
        if not self._kept(form, lambda: made.append(self.create(actor, form.values()))):
            return self._show_form(form, None), UNPROCESSABLE
        row = made[0]
        flash(_("已新增%(name)s。", name=self.row_name(row)), "success")
        return redirect(self.after_saving(row), 303)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        actor = current_actor()
        if self.form_class is None:
            abort(404)
        row = self.get_one(request.args.get("id", ""))
        names = self.editable(actor, row)
        if not names:
            abort(403)
        form = self.form_class(request.form if request.method == "POST" else None, obj=row)
        form.prepare(row)
        form.keep(*names, "version")
        if request.method == "GET":
            return self._show_form(form, row)
        if form.version.data != str(row.version):
            return self._told_stale(row)
        if not form.validate():
            return self._show_form(form, row), UNPROCESSABLE
        values, foreseen = form.values(), None
        try:
            foreseen = self.foresee(actor, row, values)
        except RuleError as error:
            form.refuse(error.field, in_words(error))
            return self._show_form(form, self.get_one(request.args["id"])), UNPROCESSABLE
        if foreseen is not None:
            row = self.get_one(request.args["id"])  # foreseeing has let go of it
            if form.version.data != str(row.version):
                return self._told_stale(row)
            if reviewing.must_be_seen(foreseen):
                return self._show_review(foreseen, row)
        if not self._kept(form, lambda: self.change(actor, row, values)):
            return self._show_form(form, self.get_one(request.args["id"])), UNPROCESSABLE
        flash(_("已保存%(name)s。", name=self.row_name(row)), "success")
        reviewing.replan_if_asked(foreseen, actor)
        return redirect(self.after_saving(row), 303)

    @expose("/delete/", methods=("POST",))
    def delete_view(self) -> ResponseReturnValue:
        actor = current_actor()
        row = self.get_one(request.form.get("id", ""))
        if not self.may_delete(actor, row):
            abort(403)
        name, back = self.row_name(row), self.after_saving(row)
        try:
            with transaction():
                self.delete(actor, row)
        except RuleError as error:
            flash(in_words(error), "error")
            return redirect(back, 303)
        flash(_("已删除%(name)s。", name=name), "success")
        return redirect(self.get_url(".index_view"), 303)

    @expose("/export/<export_type>/", methods=("POST",))
    def export(self, export_type: str) -> ResponseReturnValue:
        """The whole list as it is filtered, as a file; an audit entry says who took it (R49)."""
        if not self.exports or export_type != "csv":
            abort(404)
        asked = Asked.of(request.args, self.choices)
        query = self.listed(asked).options(*self.loading).order_by(*listing.in_order(self.order, self.newest_first))
        return export_rows(
            current_actor(),
            str(self.name),
            self.columns,
            query,
            organization=self.chosen(),
            filters=asked.in_words(self.choices, self.finder),
        )

    @expose("/action/", methods=("POST",))
    def action_view(self) -> NoReturn:
        abort(404)

    @expose("/ajax/lookup/")
    def ajax_lookup(self) -> NoReturn:
        abort(404)

    @expose("/ajax/update/", methods=("POST",))
    def ajax_update(self) -> NoReturn:
        abort(404)

    # --- Saving and showing ---

    def _kept(self, form: RowForm, change: Callable[[], None]) -> bool:
        """Run a change in one transaction; False, with the reason on the form, where a rule refuses it."""
        try:
            with transaction():
                change()
        except RuleError as error:
            form.refuse(error.field, in_words(error))
            return False
        return True

    def _show_form(self, form: RowForm, row: Any) -> str:
        back = self.after_saving(row) if row is not None else self.get_url(".index_view")
        return self.render(self.form_template, form=form, row=row, back=back, **self.beside_form(row))

    def beside_form(self, row: Any) -> dict[str, Any]:
        """What the form's template shows beside the form; `row` is None where one is created."""
        return {}

    def _told_stale(self, row: Any) -> ResponseReturnValue:
        flash(_("该记录已被他人修改。下面是最新内容，请核对后重新修改。"), "error")
        return redirect(self.get_url(".edit_view", id=self.get_pk_value(row)), 303)

    def _show_review(self, foreseen: Outlook, row: Any) -> str:
        back = self.get_url(".edit_view", id=self.get_pk_value(row))
        return self.render("admin/model/review.html", subject=row, back=back, **reviewing.shown(foreseen))

    def row_name(self, row: Any) -> str:
        """What a message calls a row."""
        return f"“{row}”"

    def after_saving(self, row: Any) -> str:
        """Where a saved row is looked at."""
        if not self.facts:
            return url_for(f"{self.endpoint}.index_view")
        return url_for(f"{self.endpoint}.details_view", id=self.get_pk_value(row))

    # --- What Flask-Admin would do of its own accord ---

    def get_list(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError("lists page by key: see `page`")

    def create_model(self, form: Any) -> NoReturn:
        raise NotImplementedError("rows are created through the workflow: see `create`")

    def update_model(self, form: Any, model: Any) -> NoReturn:
        raise NotImplementedError("rows are changed through the workflow: see `change`")

    def delete_model(self, model: Any) -> NoReturn:
        raise NotImplementedError("rows are deleted through the workflow: see `delete`")

    def is_action_allowed(self, name: str) -> bool:
        return False

    def _create_ajax_loader(self, name: str, options: Mapping[str, Any]) -> NoReturn:
        raise NotImplementedError("pickers ask admin_views.lookups, which is scoped and bounded")
