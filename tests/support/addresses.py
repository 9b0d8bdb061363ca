"""The builders of addresses, compiled once for all the applications of a test run."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]

_compile = Rule._compile_builder
_compiled: dict[tuple[object, ...], Builder] = {}


def compiled_once(rule: Rule, append_unknown: bool = True) -> Builder:
    """`Rule._compile_builder`, which makes the same function of the same words: it gets the rule as an argument."""
    if rule.defaults:
        return _compile(rule, append_unknown)  # a default's words depend on its converter
    key = (rule.rule, tuple(rule._trace), append_unknown)
    if key not in _compiled:
        _compiled[key] = _compile(rule, append_unknown)
    return _compiled[key]
