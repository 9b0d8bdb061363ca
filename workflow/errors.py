"""How a rule says no: one exception that carries the sentence for the user and the rule behind it (R22, R50)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from models import LabelledEnum


def N_(text: str) -> str:
    """Mark a sentence for translation; the view that shows it looks the translation up."""
    return text


@dataclass(frozen=True)
class Words:
    """A part of a sentence that is translated together with it: a marked template with its own values."""

    template: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return spoken(self.template, self.params, N_)


def spoken(template: str, params: Mapping[str, Any], translate: Callable[[str], str]) -> str:
    """The sentence in the language of `translate`, its labels, parts and lists of parts included; names stay."""
    text = translate(template)
    return text % {name: _said(value, translate) for name, value in params.items()} if params else text


def _said(value: Any, translate: Callable[[str], str]) -> Any:
    if isinstance(value, Words):
        return spoken(value.template, value.params, translate)
    if isinstance(value, LabelledEnum):
        return translate(value.label)
    if isinstance(value, tuple):
        return translate(N_("、")).join(str(_said(part, translate)) for part in value)
    return value


class RuleError(Exception):
    """A refusal. `str()` is the Chinese sentence; `template` and `params` let a view translate it (`spoken`).

    `rule` is the spec's number ("R20"), `field` the form field that it belongs to, if any.
    """

    def __init__(self, template: str, rule: str, field: str | None = None, **params: Any) -> None:
        super().__init__(spoken(template, params, N_))
        self.template = template
        self.params = params
        self.rule = rule
        self.field = field
