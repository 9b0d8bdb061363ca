"""How a rule says no: one exception that carries the sentence for the user and the rule behind it (R22, R50)."""

from __future__ import annotations

from typing import Any


def N_(text: str) -> str:
    """Mark a sentence for translation; the view that shows it looks the translation up."""
    return text


class RuleError(Exception):
    """A refusal. `str()` is the Chinese sentence; `template` and `params` let a view translate it.

    `rule` is the spec's number ("R20"), `field` the form field that it belongs to, if any.
    """

    def __init__(self, template: str, rule: str, field: str | None = None, **params: Any) -> None:
        super().__init__(template % params if params else template)
        self.template = template
        self.params = params
        self.rule = rule
        self.field = field
