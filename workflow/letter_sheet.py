"""A sheet of paper: xhtml2pdf sets the places of a form, and they are drawn on it. What they say is not known here.

By xhtml2pdf's own way to a PDF, text that does not fit runs on into the next place or page. Here every place is
measured first, and drawn only if it fits.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import Any, Never

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import FrameBreak
from reportlab.platypus.frames import Frame
from xhtml2pdf.config.resources import ResourceAccessPolicy
from xhtml2pdf.default import DEFAULT_FONT
from xhtml2pdf.document import pisaStory

from workflow.fonts import FAMILY

SHEET = 210 * mm, 297 * mm

_BLANK = "blank"
_MARK_SIZE = 170
_one_at_a_time = threading.Lock()
"""The blank places are set once for all documents, and know where they are drawn only while they are."""
_FRAME_BREAK = type(FrameBreak)
_NO_FILES = ResourceAccessPolicy(allow_remote=False, base_dir=None)

# xhtml2pdf finds a face by this table, in lower case; one that is missing here it would replace by Helvetica.
DEFAULT_FONT[FAMILY.lower()] = FAMILY

_forms = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("letter_form")), autoescape=True, undefined=StrictUndefined
)


@dataclass(frozen=True)
class Place:
    """Set text and the frame on the sheet that it belongs in."""

    frame: Frame
    content: Sequence[Any]

    @property
    def name(self) -> str:
        return str(self.frame.id)

    def fits(self, canvas: Canvas) -> bool:
        width, height = self.frame._aW, self.frame._aH
        return bool(sum(part.wrapOn(canvas, width, height)[1] for part in self.content) <= height)

    def draw(self, canvas: Canvas) -> None:
        self.frame._reset()  # it may have been drawn before
        rest = list(self.content)
        self.frame.addFromList(rest, canvas)
        if rest:
            raise ValueError(f"the place {self.name} is too small for its text")


def places(form: str, sizes: Mapping[str, float], **values: Any) -> list[Place]:
    """The places of the form with `values` in them, those named in `sizes` in a type of that many points."""
    html = _forms.get_template(f"{form}.html").render(family=FAMILY, sizes=sizes, **values)
    return set_places(html)


def set_places(html: str) -> list[Place]:
    """The places of `html`: a @frame each, in their order. Opens no file and no address; a warning is an error."""
    # A default style sheet that is empty would be taken for none; ours says what the forms need.
    context = pisaStory(
        html.encode(), encoding="utf-8", default_css=" ", link_callback=_opens_nothing, resource_policy=_NO_FILES
    )
    if context.warn or context.err:
        raise ValueError(f"the form cannot be set: {context.log[0][2]}")
    contents: list[list[Any]] = [[]]
    for part in context.story:
        if isinstance(part, _FRAME_BREAK):
            contents.append([])
        else:
            contents[-1].append(part)
    if contents.pop():
        raise ValueError("the form says more than it has places for")
    return [Place(frame, content) for frame, content in zip(context.templateList["body"].frames, contents, strict=True)]


def _opens_nothing(uri: str, _relative: str | None) -> Never:
    raise ValueError(f"the form opens nothing, {uri} neither")


def define_blank(canvas: Canvas) -> None:
    """Keep the blank form in the document, to be put under every letter in it."""
    with _one_at_a_time:
        canvas.beginForm(_BLANK, 0, 0, *SHEET)
        for place in _blank_places():
            place.draw(canvas)
        canvas.endForm()


def draw_blank(canvas: Canvas) -> None:
    """The blank form, on this page."""
    canvas.doForm(_BLANK)


@cache
def _blank_places() -> list[Place]:
    return places(_BLANK, {})


def draw_mark(canvas: Canvas, words: str) -> None:
    """`words` across the sheet, large and pale: 草稿, 作废."""
    canvas.saveState()
    canvas.setFillGray(0.86)
    canvas.translate(SHEET[0] / 2, SHEET[1] / 2)
    canvas.rotate(50)
    canvas.setFont(FAMILY, _MARK_SIZE)
    canvas.drawCentredString(0, -_MARK_SIZE / 3, words)
    canvas.restoreState()


def draw_qr(canvas: Canvas, content: str, left: float, top: float, side: float) -> None:
    """A QR code with its corner there, in points from the left and upper edge; a seventh of it may be unreadable."""
    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(content)
    code.make()
    count = code.getModuleCount()
    module = side / count
    path = canvas.beginPath()
    for row in range(count):
        # Dark modules side by side are one rectangle: a third of the size, and no hair-lines between them.
        for dark, run in groupby(range(count), key=partial(code.isDark, row)):
            if dark:
                columns = list(run)
                path.rect(
                    left + columns[0] * module, SHEET[1] - top - (row + 1) * module, len(columns) * module, module
                )
    canvas.drawPath(path, stroke=0, fill=1)
