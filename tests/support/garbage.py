"""How often Python looks for garbage: seldom during the tests, as everywhere else where a test measures memory."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

USUAL = gc.get_threshold()
SELDOM = (10_000, *USUAL[1:])


def collect_seldom() -> None:
    """From now on; what is there already, mostly modules, is not looked through again.

    Every test leaves an application behind; looking for it as often as usual takes a fifth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)


@contextmanager
def collected_as_usual() -> Iterator[None]:
    """As in a process that is no test."""
    gc.set_threshold(*USUAL)
    try:
        yield
    finally:
        gc.set_threshold(*SELDOM)
