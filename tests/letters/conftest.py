"""Lin Xiaoyu's letter, drawn once."""

from __future__ import annotations

import pytest

from tests.letters.reading import LIN, only_page, text
from workflow.letter_pdf import render


@pytest.fixture(scope="session")
def lin() -> bytes:
    return render(LIN)


@pytest.fixture(scope="session")
def lin_says(lin: bytes) -> str:
    return text(only_page(lin))
