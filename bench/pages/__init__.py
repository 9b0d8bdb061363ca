"""What is measured, family by family; each page stands beside the same page as hand-written SQL and bare Jinja.

The pages by hand show the same rows with the same cells, without frame, session or rights: what cannot be done without.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.pages import applying, auditing, desk, keeping, lookups, members, organizations, records, transfers
from bench.sample import Sample
from bench.site import Page

FAMILIES = (transfers, desk, records, applying, organizations, members, lookups, keeping, auditing)


def pages(sample: Sample) -> Iterator[Page]:
    """Every page, in the order of the table."""
    for family in FAMILIES:
        yield from family.pages(sample)
