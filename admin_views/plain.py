"""A whole desk for a model in a few declared lines: list, search, form, scope, audit, export (docs/extending.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import Field

from admin_views.base import ScopedView
from admin_views.forms import PickerField, RowForm
from admin_views.organizations import picked
from workflow import policy, records
from workflow.actors import Actor


class DeclaredForm(RowForm):
    """A form whose fields are all that there is to it: organizations are shown by name."""

    def prepare(self, row: Any) -> None:
        for field in self:
            if isinstance(field, PickerField):
                field.show(picked(field.data))


def form_of(**fields: Field) -> type[RowForm]:
    """The form of a row from its fields: `form_of(month=TextField("月份"))`."""
    return type("FormOfRow", (DeclaredForm,), fields)


class PlainView(ScopedView):
    """Rows that no rule of their own keeps. The model needs `version` and, where rows have one, `organization_id`."""

    def may_open(self, actor: Actor) -> bool:
        return bool(policy.visible_paths(actor))

    def keeps(self, actor: Actor) -> bool:
        """Who creates, changes and deletes; provincial admins unless the view says otherwise."""
        return policy.may_keep_data(actor)

    def may_create(self, actor: Actor) -> bool:
        return self.keeps(actor)

    def may_delete(self, actor: Actor, row: Any) -> bool:
        return self.keeps(actor)

    def editable(self, actor: Actor, row: Any) -> Sequence[str]:
        if self.form_class is None or not self.keeps(actor):
            return ()
        return [field.name for field in self.form_class() if field.name != "version"]

    def create(self, actor: Actor, fields: dict[str, Any]) -> Any:
        return records.create(actor, self.model, str(self.noun), self.scope(actor), fields)

    def change(self, actor: Actor, row: Any, fields: dict[str, Any]) -> None:
        records.change(actor, row, str(self.noun), self.scope(actor), fields)

    def delete(self, actor: Actor, row: Any) -> None:
        records.delete(actor, row, str(self.noun))
