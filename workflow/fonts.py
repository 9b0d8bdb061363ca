"""The face that letters are set in, ready for reportlab (R35a). No layout here.

Noto Serif SC comes as an OpenType file with PostScript outlines, which reportlab refuses. Its TrueType twin takes half
a minute and 450 MB to make, while a PDF embeds only the characters that it shows. So reportlab is given the measures of
the whole face, and the outline of a character is converted when a document first embeds it, once in a process.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from struct import pack
from typing import Any

import pylopdf_fonts_zh_cn
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont as FontFile
from fontTools.ttLib.tables._g_l_y_f import Glyph
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont, TTFontMaker

from workflow.errors import N_, RuleError

FAMILY = "NotoSerifSC"

_BOLD = f"{FAMILY}-Bold"
#: The package has one weight. A bold outline stands this much further out, sideways and up, in thousandths of the size.
_BOLDER = 14.0, 7.0
#: How far a converted curve may stray, in thousandths of the size: less than any printer shows.
_TOLERANCE = 1.0
#: How many characters one block of a ToUnicode may name.
_BLOCK = 100
_one_at_a_time = threading.Lock()


def serif() -> Serif:
    """The face, registered with reportlab as `FAMILY`, once in a process."""
    with _one_at_a_time:
        return _registered()


def printable(text: str) -> str:
    """The text; "" where it cannot be printed: its place on the paper stays open, to be written by hand."""
    return "" if serif().missing(text) else text


def check_printable(text: str, rule: str, field: str) -> None:
    """Raise `RuleError` naming `field` where `text` has a character that cannot be printed (R35a)."""
    if named := unprintable(text):
        raise RuleError(N_("“%(character)s”（%(code)s）没有可打印的字形，请改用其他字。"), rule, field, **named)


def unprintable(text: str) -> dict[str, str]:
    """The first character that cannot be printed, as an error names it: character and code; empty for none."""
    missing = serif().missing(text)
    if not missing:
        return {}
    return {"character": missing[0] if missing[0].isprintable() else " ", "code": f"U+{ord(missing[0]):04X}"}


@cache
def _registered() -> Serif:
    source = _Source()
    regular, bold = Serif(FAMILY, _Outlines(source)), Serif(_BOLD, _Outlines(source, _BOLDER))
    pdfmetrics.registerFont(regular)
    pdfmetrics.registerFont(bold)
    pdfmetrics.registerFontFamily(FAMILY, FAMILY, _BOLD, FAMILY, _BOLD)
    return regular


class Serif(TTFont):  # type: ignore[misc]  # reportlab has no types
    """Noto Serif SC as reportlab's own kind of font, but one that converts the outlines that it embeds."""

    def __init__(self, name: str, outlines: _Outlines) -> None:
        self._outlines = outlines
        # Without the ASCII characters that no text asked for: each would be converted and embedded.
        super().__init__(name, io.BytesIO(outlines.measures()), asciiReadable=0)
        self.face.name = name.encode()
        self.face.makeSubset = self._subset

    def missing(self, text: Iterable[str]) -> list[str]:
        """The characters of `text` that the face cannot show, each once, in their order."""
        known = self.face.charToGlyph
        return [character for character in dict.fromkeys(text) if ord(character) not in known]

    def addObjects(self, doc: Any) -> None:
        """As reportlab does, but the PDF's text is right beyond U+FFFF too, where reportlab writes five hex digits."""
        subsets = list(self.state[doc].subsets)
        names = [self.getSubsetInternalName(number, doc)[1:] for number in range(len(subsets))]
        super().addObjects(doc)
        fonts = doc.idToObject["BasicFonts"].dict
        for name, subset in zip(names, subsets, strict=True):
            base = fonts[name].BaseFont
            doc.idToObject[f"toUnicodeCMap:{base}"].content = _to_unicode(base, subset)

    def _subset(self, codes: list[int]) -> bytes:
        """A TrueType file of these characters alone, numbered as they stand in `codes`."""
        with _one_at_a_time:
            return self._outlines.subset([self.face.charToGlyph.get(code, 0) for code in codes])


@dataclass(frozen=True)
class _Outline:
    """One character's shape as TrueType has it."""

    data: bytes = b""
    left: int = 0
    points: int = 0
    contours: int = 0


class _Source:
    """The OpenType file."""

    def __init__(self) -> None:
        # Read into memory: processes that are forked later must not share a place in one open file.
        self._file = FontFile(io.BytesIO(pylopdf_fonts_zh_cn.serif_path().read_bytes()), lazy=True)
        self._names = self._file.getGlyphOrder()
        self._shapes = self._file["CFF "].cff.topDictIndex[0].CharStrings
        self._widths = self._file["hmtx"].metrics

    def __len__(self) -> int:
        return len(self._names)

    def table(self, tag: str) -> bytes:
        return bytes(self._file.reader[tag])

    def width(self, glyph: int) -> int:
        return int(self._widths[self._names[glyph]][0])

    def converted(self, glyph: int) -> Glyph:
        """The TrueType outline."""
        shape, pen = self._shapes[self._names[glyph]], TTGlyphPen(None)
        compact = shape.bytecode
        # PostScript's contours run the other way round.
        shape.draw(Cu2QuPen(pen, _TOLERANCE, reverse_direction=True))
        # fontTools keeps what it has read, as a list of numbers that is fifty times as large.
        shape.setBytecode(compact)
        return pen.glyph()


class _Outlines:
    """What has been converted of the face in one weight."""

    def __init__(self, source: _Source, bolder: tuple[float, float] | None = None) -> None:
        self._source = source
        self._bolder = bolder
        self._converted: dict[int, _Outline] = {}

    def measures(self) -> bytes:
        """A TrueType file of all characters with their widths and without their outlines."""
        source = self._source
        return self._made(source.table("cmap"), source.table("hmtx"), source.table("hhea"), [_Outline()] * len(source))

    def subset(self, numbers: list[int]) -> bytes:
        """A TrueType file where the code `n` shows the glyph `numbers[n]`."""
        glyphs = list(dict.fromkeys([0, *numbers]))
        place = {glyph: new for new, glyph in enumerate(glyphs)}
        outlines = [self._outline(glyph) for glyph in glyphs]
        # One table, for codes of one byte (platform 1) from 0 on (format 6): what a PDF's symbolic font is read by.
        codes = [place[number] for number in numbers]
        cmap = pack(f">4HL5H{len(codes)}H", 0, 1, 1, 0, 12, 6, 10 + 2 * len(codes), 0, 0, len(codes), *codes)
        widths = [self._source.width(glyph) for glyph in glyphs]
        hmtx = b"".join(pack(">Hh", width, outline.left) for width, outline in zip(widths, outlines, strict=True))
        return self._made(cmap, hmtx, self._source.table("hhea")[:34] + pack(">H", len(glyphs)), outlines)

    def _made(self, cmap: bytes, hmtx: bytes, hhea: bytes, outlines: list[_Outline]) -> bytes:
        padded = [outline.data + bytes(-len(outline.data) % 4) for outline in outlines]
        places = list(accumulate(map(len, padded), initial=0))
        points = max(outline.points for outline in outlines)
        contours = max(outline.contours for outline in outlines)
        font = TTFontMaker()
        for tag in ("name", "OS/2"):
            font.add(tag, self._source.table(tag))
        font.add("cmap", cmap)
        font.add("hmtx", hmtx)
        font.add("hhea", hhea)
        font.add("head", self._source.table("head")[:50] + pack(">2H", 1, 0))  # places of four bytes
        font.add("maxp", pack(">L14H", 0x10000, len(outlines), points, contours, 0, 0, 1, *[0] * 8))
        font.add("post", pack(">L", 0x30000) + self._source.table("post")[4:16] + bytes(16))  # no names of glyphs
        font.add("loca", pack(f">{len(places)}L", *places))
        font.add("glyf", b"".join(padded))
        return bytes(font.makeStream())

    def _outline(self, glyph: int) -> _Outline:
        if glyph not in self._converted:
            shape = self._source.converted(glyph)
            if self._bolder and shape.numberOfContours:
                _embolden(shape, *self._bolder)
            self._converted[glyph] = _Outline(
                shape.compile(None),
                getattr(shape, "xMin", 0),
                len(shape.coordinates) if shape.numberOfContours else 0,
                shape.numberOfContours,
            )
        return self._converted[glyph]


def _embolden(shape: Glyph, sideways: float, up: float) -> None:
    """Move each point of the outline outwards, along the middle of the directions before and after it."""
    start = 0
    for end in shape.endPtsOfContours:
        points = [complex(x, y) for x, y in shape.coordinates[start : end + 1]]
        for index, point in enumerate(points):
            before = _direction(point - points[index - 1])
            after = _direction(points[(index + 1) % len(points)] - point)
            turn = 1 + (before.conjugate() * after).real
            # The ink lies to the right of a contour's way. A hairpin (turn of almost 0) has no outside to move to.
            out = 1j * (before + after) / turn if turn > 0.1 else 0j
            shape.coordinates[start + index] = (
                round(point.real + sideways * out.real),
                round(point.imag + up * out.imag),
            )
        start = end + 1


def _direction(way: complex) -> complex:
    return way / abs(way) if way else 0j


def _to_unicode(name: str, codes: list[int]) -> str:
    """The CMap by which a reader turns the codes of the font `name` back into text, in UTF-16BE as PDF 9.10.3 wants."""
    pairs = [f"<{code:02X}> <{_utf16(character)}>" for code, character in enumerate(codes)]
    blocks = [pairs[start : start + _BLOCK] for start in range(0, len(pairs), _BLOCK)]
    lines = [
        "/CIDInit /ProcSet findresource begin",
        "12 dict begin",
        "begincmap",
        f"/CIDSystemInfo << /Registry ({name}) /Ordering ({name}) /Supplement 0 >> def",
        f"/CMapName /{name} def",
        "/CMapType 2 def",
        "1 begincodespacerange",
        "<00> <FF>",
        "endcodespacerange",
    ]
    for block in blocks:
        lines += [f"{len(block)} beginbfchar", *block, "endbfchar"]
    lines += ["endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end"]
    return "\n".join(lines)


def _utf16(code: int) -> str:
    return chr(code).encode("utf-16-be").hex().upper()
