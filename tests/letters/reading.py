"""A letter to start from, and a PDF read back the way a reader does."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.generic import ContentStream, DictionaryObject, FloatObject, NumberObject

from models import Gender, MemberCategory
from workflow.letter_pdf import LetterData

LIN = LetterData(
    number="20261100002",
    draft=False,
    voided=False,
    name="林小雨",
    gender=Gender.FEMALE,
    age=34,
    ethnicity="汉族",
    category=MemberCategory.FULL,
    id_number="990102199203041234",
    source_words="福州市鼓楼区东街街道军门社区第一支部",
    destination_words="浙江省杭州市西湖区北山街道",
    addressee="中共杭州市西湖区委组织部",
    dues_year=2026,
    dues_month=11,
    valid_days=90,
    date=date(2026, 11, 24),
    member_phone="138 0000 0021",
    committee_address="福州市鼓楼区东街 100 号",
    committee_phone="0591-8755 0000",
    committee_fax="0591-8755 0001",
    committee_postcode="350001",
    receipt_addressee="中共福州市鼓楼区东街街道工作委员会",
    verify_url="https://zhuanjie.example/verify/20261100002?s=Zk3vQ0m1x8TnB2aYc7dE5g",
)


def letter(**changes: Any) -> LetterData:
    return replace(LIN, **changes)


def pages(pdf: bytes) -> list[PageObject]:
    return list(PdfReader(io.BytesIO(pdf)).pages)


def only_page(pdf: bytes) -> PageObject:
    (page,) = pages(pdf)
    return page


def text(page: PageObject) -> str:
    """What a page says, without the blanks and line ends of its layout."""
    return "".join(page.extract_text().split())


def struck(page: PageObject) -> list[str]:
    """The words with a line through their middle, in the order they stand in."""
    words: list[str] = []
    lines: list[tuple[float, float, float]] = []
    shown: list[tuple[str, float, float]] = []
    fonts = {name: _Font(font.get_object()) for name, font in page["/Resources"]["/Font"].items()}
    font, size, left, at, base, leading = next(iter(fonts.values())), 0.0, 0.0, 0.0, 0.0, 0.0
    for operands, operator in ContentStream(page.get_contents(), page.pdf).operations:
        numbers = [float(operand) for operand in operands if isinstance(operand, FloatObject | NumberObject)]
        match operator:
            case b"m":
                start = numbers[0]
            case b"l":
                lines.append((start, *numbers))
            case b"Tm":
                left = at = numbers[4]
                base = numbers[5]
            case b"Td":
                left = at = left + numbers[0]
                base += numbers[1]
            case b"TL":
                leading = numbers[0]
            case b"T*":
                at, base = left, base - leading
            case b"Tf":
                font, size = fonts[operands[0]], numbers[0]
            case b"Tj":
                for code in operands[0].original_bytes:
                    width = font.widths[code] * size / 1000
                    shown.append((font.characters[code], at + width / 2, base))
                    at += width
            case b"ET":
                words += filter(None, (_through(line, shown, size) for line in lines))
                lines, shown = [], []
    return words


def _through(line: tuple[float, float, float], shown: list[tuple[str, float, float]], size: float) -> str:
    left, right, height = line
    return "".join(said for said, middle, base in shown if left < middle < right and 0 < height - base < size / 2)


class _Font:
    """The widths of a font's codes, and what they stand for."""

    def __init__(self, font: DictionaryObject) -> None:
        self.widths = [float(width) for width in font["/Widths"]]
        pairs = re.findall(rb"<(..)> <(\w{4,})>", font["/ToUnicode"].get_object().get_data())
        self.characters = {int(code, 16): bytes.fromhex(said.decode()).decode("utf-16-be") for code, said in pairs}
