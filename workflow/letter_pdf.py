"""The introduction letter as a PDF (R35a): what it says goes in, A4 pages come out. No database, no rights."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import IO, TYPE_CHECKING, Any

from PIL import Image
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from models import Gender, MemberCategory
from workflow import letter_sheet
from workflow.errors import N_, RuleError, Words
from workflow.fonts import FAMILY, serif, unprintable
from workflow.letter_sheet import SHEET, Place
from workflow.letter_words import capital_days, capital_figures, capital_month, ordinary, ordinary_date

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_RULE = "R35a"
_TITLE = "中国共产党党员组织关系介绍信"
_AUTHOR = "转接 Zhuanjie"
_LETTER = N_("介绍信")
_DRAFT, _VOIDED = "草稿", "作废"

#: The type of the places whose text may be long, in points, as on the form; made smaller in steps until the text fits.
_SIZES = {"stub": 12.5, "letter": 12.5, "foot": 10.5, "receipt": 12.5}
_STEP, _SMALLEST = 0.5, 5.0
#: The QR code's left and upper edge and its side.
_QR = 173 * mm, 191 * mm, 19 * mm
_SEAL_PIXELS = 25_000_000


@dataclass(frozen=True)
class LetterData:
    """What one letter says. An empty string or None leaves the place on the form open."""

    number: str
    """"20261100002"; "" while none has been drawn."""
    draft: bool
    voided: bool
    name: str
    gender: Gender
    age: int | None
    ethnicity: str
    category: MemberCategory
    id_number: str
    """In clear."""
    source_words: str
    """由…"""
    destination_words: str
    """去…"""
    addressee: str
    dues_year: int | None
    dues_month: int | None
    valid_days: int
    date: date
    member_phone: str
    committee_address: str
    committee_phone: str
    committee_fax: str
    committee_postcode: str
    receipt_addressee: str
    verify_url: str
    """What the QR code leads to (R46); "" for a draft, which has none."""
    seal: bytes | None = None
    """A picture, best a PNG with a transparent ground."""


@dataclass(frozen=True)
class SealPlace:
    """Where the seal's picture stands on the sheet, in millimetres from its left and upper edge to the middle."""

    x: float = 167.0
    y: float = 169.5
    width: float = 42.0


def render(data: LetterData, seal_place: SealPlace | None = None) -> bytes:
    """One letter as a PDF of one page. Refused (R35a): a character without a glyph, more text than fits."""
    return render_many([data], seal_place=seal_place)


def render_many(
    letters: Iterable[LetterData],
    progress: Callable[[int], None] | None = None,
    seal_place: SealPlace | None = None,
) -> bytes:
    """One PDF with a page for each letter, in their order; `progress` hears after each page how many there are.

    The same letters give the same bytes. Refused as by `render`; no letter at all is a ValueError.
    """
    out = io.BytesIO()
    canvas = new_canvas(out, _TITLE)
    letter_sheet.define_blank(canvas)
    seals = _Seals(seal_place or SealPlace())
    count = 0
    for count, data in enumerate(letters, start=1):
        refuse_unprintable(data, _LETTER)
        canvas.setTitle(f"{_TITLE} {data.number}".rstrip() if count == 1 else _TITLE)
        _draw(canvas, data, seals)
        canvas.showPage()
        if progress:
            progress(count)
    if not count:
        raise ValueError("a PDF of no letter at all")
    canvas.save()
    return out.getvalue()


def new_canvas(out: IO[bytes], subject: str) -> Canvas:
    """An empty document for paper of ours; the same content gives the same bytes."""
    serif()  # reportlab finds the face by its name
    canvas = Canvas(out, pagesize=SHEET, invariant=1, pageCompression=1, lang="zh-CN", initialFontName=FAMILY)
    canvas.setAuthor(_AUTHOR)
    canvas.setCreator(_AUTHOR)
    canvas.setSubject(subject)
    canvas.setViewerPreference("DisplayDocTitle", "true")
    return canvas


def refuse_unprintable(data: DataclassInstance, paper: str) -> None:
    """Raise `RuleError` R35a naming the field where a text has a character without a glyph."""
    for field in fields(data):
        value = getattr(data, field.name)
        if isinstance(value, str) and field.name != "verify_url" and (named := unprintable(value)):
            raise RuleError(
                N_("%(paper)s中的“%(character)s”（%(code)s）没有可打印的字形，请核对并改用其他字。"),
                _RULE,
                field.name,
                paper=Words(paper),
                **named,
            )


def _draw(canvas: Canvas, data: LetterData, seals: _Seals) -> None:
    """What lies under the words first, so that nothing hides them."""
    if data.draft or data.voided:
        letter_sheet.draw_mark(canvas, _VOIDED if data.voided else _DRAFT)
    if data.seal:
        seals.draw(canvas, data.seal)
    letter_sheet.draw_blank(canvas)
    for place in fitting(canvas, "filled", _SIZES, _LETTER, letter=data, **_words(data)):
        place.draw(canvas)
    if data.verify_url:
        letter_sheet.draw_qr(canvas, data.verify_url, *_QR)


def fitting(canvas: Canvas, form: str, largest: Mapping[str, float], paper: str, **values: Any) -> list[Place]:
    """The places of a form, each in the largest type that its text fits in. Raises `RuleError` R35a."""
    sizes: dict[str, float] = {}
    while True:
        places = letter_sheet.places(form, sizes, **values)
        crowded = [place.name for place in places if not place.fits(canvas)]
        if not crowded:
            return places
        for name in crowded:
            sizes[name] = sizes.get(name, largest.get(name, 0)) - _STEP
            if sizes[name] < _SMALLEST:
                words = N_("%(paper)s的内容过长，一页放不下，请缩短姓名、组织名称或地址。")
                raise RuleError(words, _RULE, paper=Words(paper))


def _words(data: LetterData) -> dict[str, str]:
    """What the form says in words of its own."""
    return {
        "age": _worded(ordinary, data.age),
        "ethnicity": data.ethnicity.removesuffix("族"),
        "dues_year": _worded(capital_figures, data.dues_year),
        "dues_month": _worded(capital_month, data.dues_month),
        "valid_days": capital_days(data.valid_days),
        "date": ordinary_date(data.date),
    }


def _worded(words: Callable[[int], str], number: int | None) -> str:
    return "" if number is None else words(number)


class _Seals:
    """The seals of one document; the picture of one is read once."""

    def __init__(self, place: SealPlace) -> None:
        self._place = place
        self._read: dict[bytes, ImageReader] = {}

    def draw(self, canvas: Canvas, picture: bytes) -> None:
        if picture not in self._read:
            self._read[picture] = _image(picture)
        image, place = self._read[picture], self._place
        width, height = image.getSize()
        drawn = place.width * mm, place.width * mm * height / width
        middle = place.x * mm, SHEET[1] - place.y * mm
        canvas.drawImage(image, middle[0] - drawn[0] / 2, middle[1] - drawn[1] / 2, *drawn, mask="auto")


def _image(picture: bytes) -> ImageReader:
    try:
        with Image.open(io.BytesIO(picture)) as image:
            if image.width * image.height > _SEAL_PIXELS:
                raise ValueError("too many pixels")
            return ImageReader(image.convert("RGBA"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise RuleError(N_("印章图片无法读取，请重新上传。"), _RULE, "seal") from error
