"""The face: what is embedded is a TrueType file of just the characters shown."""

from __future__ import annotations

import io

from fontTools.pens.areaPen import AreaPen
from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTFont
from pypdf import PdfReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from tests.letters.reading import only_page
from workflow.fonts import FAMILY, serif

RARE = "㛃䶮喆龑𬭩"


def _embedded(words: str, face: str = FAMILY) -> list[TTFont]:
    fonts = only_page(_drawn(words, face))["/Resources"]["/Font"].values()
    files = [font["/FontDescriptor"]["/FontFile2"].get_data() for font in fonts]
    return [TTFont(io.BytesIO(file)) for file in files]


def _drawn(words: str, face: str = FAMILY) -> bytes:
    serif()
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1, initialFontName=FAMILY)
    canvas.setFont(face, 12)
    for start in range(0, len(words), 40):
        canvas.drawString(20, 800 - start / 4, words[start : start + 40])
    canvas.save()
    return out.getvalue()


def test_the_face_is_registered_once() -> None:
    assert serif() is serif() is pdfmetrics.getFont(FAMILY)


def test_the_embedded_outlines_are_those_of_the_source() -> None:
    (embedded,) = _embedded(RARE)
    source = serif()._outlines._source._file
    for code, character in enumerate(RARE, start=1):
        name = embedded["cmap"].getcmap(1, 0).cmap[code]
        ours, theirs = BoundsPen(None), BoundsPen(None)
        embedded.getGlyphSet()[name].draw(ours)
        source.getGlyphSet()[source.getBestCmap()[ord(character)]].draw(theirs)
        assert max(abs(a - b) for a, b in zip(ours.bounds, theirs.bounds, strict=True)) <= 1.5


def test_a_bold_character_has_more_ink() -> None:
    areas = []
    for face in (FAMILY, f"{FAMILY}-Bold"):
        font = next(font for font in _embedded("党", face) if font["maxp"].numGlyphs > 1)
        pen = AreaPen()
        font.getGlyphSet()[font["cmap"].getcmap(1, 0).cmap[1]].draw(pen)
        areas.append(abs(pen.value))
    assert 1.1 < areas[1] / areas[0] < 1.6


def test_only_what_is_shown_is_embedded() -> None:
    (embedded,) = _embedded("中国共产党")
    assert embedded["maxp"].numGlyphs <= 7  # .notdef and the blank stand in every subset


def test_more_characters_than_one_subset_holds_read_back() -> None:
    words = "".join(map(chr, range(0x4E00, 0x4E00 + 600))) + "𬭩"
    reader = PdfReader(io.BytesIO(_drawn(words)))
    assert "".join(reader.pages[0].extract_text().split()) == words


def test_every_character_of_the_face_can_be_measured() -> None:
    face = serif()
    assert len(face.face.charToGlyph) > 30_900
    assert face.missing("林小雨𠀀\u200b林") == ["𠀀", "\u200b"]
