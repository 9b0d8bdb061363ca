"""Finding what has to be translated where Babel's readers do not look: labels in `models`, names of seeded kinds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, BinaryIO

Message = tuple[int, str, str, list[str]]
"""Line, function, message, comments: what Babel takes."""


def labels(fileobj: BinaryIO, keywords: Any, comment_tags: Any, options: Any) -> Iterator[Message]:
    """The second value of each `NAME = "code", "标签"` in a class body, as a Babel extraction method."""
    tree = ast.parse(fileobj.read())
    for declared in ast.walk(tree):
        if not isinstance(declared, ast.ClassDef):
            continue
        for statement in declared.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Tuple):
                _code, *rest = statement.value.elts
                if len(rest) == 1 and isinstance(rest[0], ast.Constant) and isinstance(rest[0].value, str):
                    yield statement.lineno, "", rest[0].value, []


def seeded(fileobj: BinaryIO, keywords: Any, comment_tags: Any, options: Any) -> Iterator[Message]:
    """The names in the `KINDS` that a migration seeds: (code, name, …) each."""
    for statement in ast.parse(fileobj.read()).body:
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == "KINDS":
            for _code, name, *_rest in ast.literal_eval(statement.value):
                yield statement.lineno, "", name, []
