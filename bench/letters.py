"""The letter against the same page drawn with reportlab by hand: `python -m bench.letters` (design.md §4).

Both use the same face, the same QR code and the same blank form, kept in the document once; what differs is who sets
the text. Cold is the first letter of a process after its imports: the face is read, outlines are converted.
"""

from __future__ import annotations

import io
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import click
from pypdf import PdfReader
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

from models import Gender, MemberCategory
from workflow.fonts import FAMILY, serif
from workflow.letter_pdf import LetterData, render_many
from workflow.letter_sheet import SHEET, draw_qr
from workflow.letter_words import capital_days, capital_figures, capital_month, ordinary, ordinary_date

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
BUDGET_ONE, BUDGET_MANY = 3.0, 2.0
ROUNDS, BATCH_ROUNDS = 31, 3
_BOLD = f"{FAMILY}-Bold"
_TEXT = ParagraphStyle("text", fontName=FAMILY, fontSize=12.5, leading=21.9, wordWrap="CJK")
_INDENTED = ParagraphStyle("indented", parent=_TEXT, firstLineIndent=25)
_SMALL = ParagraphStyle("small", parent=_TEXT, fontSize=10.5, leading=17.3)
_RIGHT = ParagraphStyle("right", parent=_TEXT, alignment=TA_RIGHT)
_LABEL = ParagraphStyle("label", parent=_RIGHT, fontSize=11.5)
_SEAM = ParagraphStyle("seam", parent=_TEXT, fontSize=11, leading=16.5, alignment=TA_CENTER, backColor="white")

Draw = Callable[[Sequence[LetterData]], bytes]


def by_hand(letters: Sequence[LetterData]) -> bytes:
    """The same pages with reportlab alone."""
    serif()
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=SHEET, invariant=1, pageCompression=1, lang="zh-CN", initialFontName=FAMILY)
    canvas.beginForm("blank", 0, 0, *SHEET)
    _blank(canvas)
    canvas.endForm()
    for letter in letters:
        canvas.doForm("blank")
        _page(canvas, letter)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _blank(canvas: Canvas) -> None:
    titles = ((15, "中国共产党党员组织关系介绍信存根"), (100, "中国共产党党员组织关系介绍信"))
    for top, title in (*titles, (228, "中国共产党党员组织关系介绍信回执联")):
        canvas.setFont(_BOLD, 18)
        canvas.drawCentredString(105 * mm, _from_top(top), title)
    for size, x, top, words in (
        (11.5, 18, 25, "第一联"),
        (11.5, 18, 110, "第二联"),
        (11.5, 18, 238, "第三联"),
        (10.5, 31, 72, "贴回执联处"),
        (11, 160, 175, "（盖章）"),
        (11, 160, 266, "（盖章）"),
        (12.5, 160, 274, "年        月        日"),
        (10.5, 18, 281, "经办人："),
        (10.5, 122, 281, "联系电话："),
        (10.5, 18, 288, "注：回执联由接收党员的基层党委在一个月内邮寄或传真至党员原所在基层党委。"),
    ):
        canvas.setFont(FAMILY, size)
        canvas.drawString(x * mm, _from_top(top), words)
    canvas.setDash(2, 1)
    canvas.rect(18 * mm, _from_top(82), 44 * mm, 22 * mm)
    for top in (87.5, 216.5):
        canvas.line(0, _from_top(top), SHEET[0], _from_top(top))


def _page(canvas: Canvas, letter: LetterData) -> None:
    number = f"第 {letter.number} 号"
    day = ordinary_date(letter.date)
    man, woman = _chosen("男", "女", letter.gender.label)
    probationary, full = _chosen("预备", "正式", letter.category.label)
    seam = f"骑 缝 {number} （加盖骑缝章）"
    source, destination = f"<u>{letter.source_words}</u>", f"<u>{letter.destination_words}</u>"
    for style, left, top, width, words in (
        (_LABEL, 92, 20.5, 100, number),
        (
            *(_INDENTED, 18, 30, 174),
            f"<u>{letter.name}</u>同志系中共（{probationary}/{full}）党员，组织关系由{source}转到{destination}。",
        ),
        (_RIGHT, 92, 60, 100, day),
        (_SEAM, 62, 84.5, 86, seam),
        (_LABEL, 92, 105.5, 100, number),
        (_TEXT, 18, 115.5, 174, f"<u>{letter.addressee}</u>："),
        (
            *(_INDENTED, 18, 123, 174),
            f"<u>{letter.name}</u>同志（{man}/{woman}），<u>{ordinary(letter.age or 0)}</u>岁，"
            f"<u>{letter.ethnicity.removesuffix('族')}</u>族，系中共（{probationary}/{full}）党员，"
            f"身份证号码<u>{letter.id_number}</u>，由{source}去{destination}，请接转组织关系。"
            f"该同志党费已交到<u>{capital_figures(letter.dues_year or 0)}</u>年"
            f"<u>{capital_month(letter.dues_month or 0)}</u>月。",
        ),
        (_TEXT, 18, 147, 174, f"（有效期<u>{capital_days(letter.valid_days)}</u>天）"),
        (_RIGHT, 92, 179.5, 100, day),
        (_SMALL, 18, 191, 148, f"党员联系电话或其他联系方式：{letter.member_phone}"),
        (_SMALL, 18, 197, 148, f"党员原所在基层党委通讯地址：{letter.committee_address}"),
        (
            *(_SMALL, 18, 203, 148),
            f"联系电话：{letter.committee_phone} 传真：{letter.committee_fax} 邮编：{letter.committee_postcode}",
        ),
        (_SEAM, 62, 213.5, 86, seam),
        (_LABEL, 92, 233.5, 100, number),
        (_TEXT, 18, 242.5, 174, f"<u>{letter.receipt_addressee}</u>："),
        (_INDENTED, 18, 250, 174, f"<u>{letter.name}</u>同志的党员组织关系已转达我处，特此回复。"),
    ):
        paragraph = Paragraph(words, style)
        _width, height = paragraph.wrapOn(canvas, width * mm, SHEET[1])
        paragraph.drawOn(canvas, left * mm, _from_top(top) - height)
    if letter.verify_url:
        draw_qr(canvas, letter.verify_url, 173 * mm, 191 * mm, 19 * mm)


def _chosen(one: str, other: str, chosen: str) -> tuple[str, str]:
    return (one, f"<strike>{other}</strike>") if one == chosen else (f"<strike>{one}</strike>", other)


def _from_top(millimetres: float) -> float:
    return SHEET[1] - millimetres * mm


def _many(count: int) -> list[LetterData]:
    return [replace(LIN, number=f"202611{index:05}", name=f"林{index}雨") for index in range(count)]


def _seconds(draw: Draw, letters: Sequence[LetterData]) -> float:
    started = time.perf_counter()
    draw(letters)
    return time.perf_counter() - started


def _compared(letters: Sequence[LetterData], rounds: int) -> tuple[float, float]:
    """The medians of both, in seconds a letter, taken in turn."""
    spent = [(_seconds(render_many, letters), _seconds(by_hand, letters)) for _ in range(rounds)]
    ours, theirs = (statistics.median(each) / len(letters) for each in zip(*spent, strict=True))
    return ours, theirs


def _cold(draw: str) -> float:
    """The first letter of a process, in seconds."""
    return _timed_alone("import bench.letters as bench", f"bench.{draw}([bench.LIN])")


def _timed_alone(before: str, code: str) -> float:
    """What `code` takes in a process of its own, in seconds."""
    timed = f"import time; {before}; started = time.perf_counter(); {code}; print(time.perf_counter() - started)"
    run = [sys.executable, "-c", timed]
    return statistics.median(float(subprocess.run(run, check=True, capture_output=True).stdout) for _ in range(5))  # noqa: S603


def _same_page() -> None:
    """Both say the same, or the comparison is none."""
    ours, theirs = (
        sorted("".join(PdfReader(io.BytesIO(draw([LIN]))).pages[0].extract_text().split()))
        for draw in (render_many, by_hand)
    )
    if ours != theirs:
        raise click.ClickException("the page drawn by hand does not say what the letter says")


@click.command()
@click.option("--batch", default=1000, help="Letters in one PDF.")
def main(batch: int) -> None:
    """Print what a letter takes, cold and warm, one and many, and the same page drawn by hand."""
    _same_page()
    click.echo(f"imports: {1000 * _timed_alone('pass', 'import workflow.letter_pdf'):.0f} ms, once in a process")
    over = False
    rows = (
        ("one, cold", (_cold("render_many"), _cold("by_hand")), None),
        ("one, warm", _compared([LIN], ROUNDS), BUDGET_ONE),
        ("a draft (no QR), warm", _compared([replace(LIN, verify_url="")], ROUNDS), None),
        (f"{batch} in one PDF, each", _compared(_many(batch), BATCH_ROUNDS), BUDGET_MANY),
    )
    for name, (ours, theirs), budget in rows:
        ratio = ours / theirs
        over |= budget is not None and ratio > budget
        allowed = f"budget {budget:g}" if budget else "no budget"
        click.echo(f"{name:<24} {1000 * ours:8.1f} ms  by hand {1000 * theirs:8.1f} ms  ratio {ratio:.2f}  {allowed}")
    sys.exit(1 if over else 0)


if __name__ == "__main__":
    main()
