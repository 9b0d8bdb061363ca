"""The return receipt as a PDF (R42): what it says goes in, an A4 page comes out. No database, no rights."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date

from workflow.errors import N_
from workflow.letter_pdf import fitting, new_canvas, refuse_unprintable
from workflow.letter_words import ordinary_date

_TITLE = "中国共产党党员组织关系介绍信回执联"
_RECEIPT = N_("回执")
_SIZES = {"receipt": 12.5, "clerk": 10.5, "phone": 10.5}


@dataclass(frozen=True)
class ReceiptData:
    """What one receipt says. An empty string leaves its place open, to be written by hand."""

    number: str
    name: str
    addressee: str
    date: date
    clerk: str
    phone: str


def render(data: ReceiptData) -> bytes:
    """A PDF of one page. Refused (R35a): a character without a glyph, more text than fits."""
    refuse_unprintable(data, _RECEIPT)
    out = io.BytesIO()
    canvas = new_canvas(out, _TITLE)
    canvas.setTitle(f"{_TITLE} {data.number}")
    for place in fitting(canvas, "receipt", _SIZES, _RECEIPT, receipt=data, date=ordinary_date(data.date)):
        place.draw(canvas)
    canvas.showPage()
    canvas.save()
    return out.getvalue()
