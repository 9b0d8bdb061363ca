"""The letter as a PDF, read back (R35a)."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image, ImageDraw
from pypdf import PdfReader

from models import Gender, MemberCategory
from tests.letters.reading import LIN, letter, only_page, pages, struck, text
from workflow.letter_pdf import SealPlace, render, render_many

STUB = (
    "林小雨同志系中共（预备/正式）党员，组织关系由福州市鼓楼区东街街道军门社区第一支部转到浙江省杭州市西湖区北山街道。",
    "二〇二六年十一月二十四日",
)
LETTER = (
    "中共杭州市西湖区委组织部：",
    "林小雨同志（男/女），三十四岁，汉族，系中共（预备/正式）党员，身份证号码990102199203041234，"
    "由福州市鼓楼区东街街道军门社区第一支部去浙江省杭州市西湖区北山街道，请接转组织关系。"
    "该同志党费已交到贰零贰陆年壹拾壹月。（有效期玖拾天）",
    "党员联系电话或其他联系方式：13800000021",
    "党员原所在基层党委通讯地址：福州市鼓楼区东街100号",
    "联系电话：0591-87550000传真：0591-87550001邮编：350001",
)
RECEIPT = (
    "中共福州市鼓楼区东街街道工作委员会：林小雨同志的党员组织关系已转达我处，特此回复。",
    "年月日",
    "经办人：",
    "联系电话：",
    "注：回执联由接收党员的基层党委在一个月内邮寄或传真至党员原所在基层党委。",
)
BLANK = (
    "中国共产党党员组织关系介绍信存根第一联",
    "中国共产党党员组织关系介绍信第二联（盖章）",
    "中国共产党党员组织关系介绍信回执联第三联（盖章）",
    "贴回执联处",
)


@pytest.mark.parametrize("sentence", [*BLANK, *STUB, *LETTER, *RECEIPT])
def test_the_form_is_word_for_word_the_national_one(lin_says: str, sentence: str) -> None:
    assert sentence in lin_says


def test_the_number_stands_on_each_part_and_across_each_cut(lin_says: str) -> None:
    assert lin_says.count("第20261100002号") == 5
    assert lin_says.count("骑缝第20261100002号（加盖骑缝章）") == 2


def test_the_words_that_do_not_apply_are_struck_out(lin: bytes) -> None:
    assert struck(only_page(lin)) == ["预备", "男", "预备"]
    he = render(letter(gender=Gender.MALE, category=MemberCategory.PROBATIONARY))
    assert struck(only_page(he)) == ["正式", "女", "正式"]


def test_it_is_one_a4_page(lin: bytes) -> None:
    box = only_page(lin).mediabox
    assert (round(box.width / 72 * 25.4), round(box.height / 72 * 25.4)) == (210, 297)


def test_every_font_is_embedded_as_a_subset(lin: bytes) -> None:
    reader = PdfReader(io.BytesIO(lin))
    fonts = [one for one in map(reader.get_object, range(1, len(reader.xref[0]) + 1)) if _is_font(one)]
    assert {font["/BaseFont"] for font in fonts} == {"/AAAAAA+NotoSerifSC", "/AAAAAA+NotoSerifSC-Bold"}
    assert all("/FontFile2" in font["/FontDescriptor"] and "/ToUnicode" in font for font in fonts)
    assert len(lin) < 60_000


def _is_font(one: object) -> bool:
    return isinstance(one, dict) and one.get("/Type") == "/Font"


def test_title_author_and_language_are_set(lin: bytes) -> None:
    reader = PdfReader(io.BytesIO(lin))
    assert reader.metadata is not None
    assert reader.metadata.title == "中国共产党党员组织关系介绍信 20261100002"
    assert reader.metadata.author == "转接 Zhuanjie"
    assert reader.root_object["/Lang"] == "zh-CN"


def test_the_same_letter_gives_the_same_bytes(lin: bytes) -> None:
    assert render(LIN) == lin


def test_letters_that_are_drawn_at_once_do_not_mix(lin: bytes) -> None:
    others = [letter(name=f"林小{one}") for one in "雪霜露霞"]
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(render, others * 3))
    assert drawn == [render(one) for one in others] * 3


def test_what_is_not_known_yet_stays_open() -> None:
    draft = letter(number="", draft=True, age=None, dues_year=None, dues_month=None, destination_words="")
    said = text(only_page(render(draft)))
    assert "林小雨同志（男/女），岁，汉族" in said
    assert "该同志党费已交到年月。" in said
    assert said.count("第号") == 5


def test_a_draft_and_a_void_letter_say_so_across_the_sheet(lin_says: str) -> None:
    assert "草稿" in text(only_page(render(letter(draft=True))))
    assert "作废" in text(only_page(render(letter(voided=True))))
    assert "草稿" not in lin_says and "作废" not in lin_says


def test_a_draft_has_no_qr_code(lin: bytes) -> None:
    with_code = only_page(lin).get_contents()
    without = only_page(render(letter(verify_url=""))).get_contents()
    assert with_code is not None and without is not None
    assert with_code.get_data().count(b" re ") - without.get_data().count(b" re ") > 300


def test_a_seal_stands_where_the_setting_says() -> None:
    page = only_page(render(letter(seal=_seal()), SealPlace(x=150, y=100, width=40)))
    assert len(page.images) == 1
    contents = page.get_contents()
    assert contents is not None
    # The lower left corner: 130 and 297 - 120 mm.
    assert b"113.3858 0 0 113.3858 368.5039 501.7323 cm" in contents.get_data()


def test_many_letters_make_one_pdf_in_their_order() -> None:
    heard: list[int] = []
    names = ["林小雨", "欧阳龑", "㛃喆"]
    pdf = render_many([letter(name=name, seal=_seal()) for name in names], progress=heard.append)
    assert [name in text(page) for name, page in zip(names, pages(pdf), strict=True)] == [True] * 3
    assert heard == [1, 2, 3]


def test_no_letter_is_no_pdf() -> None:
    with pytest.raises(ValueError, match="no letter"):
        render_many([])


def _seal() -> bytes:
    picture = Image.new("RGBA", (200, 200))
    ImageDraw.Draw(picture).ellipse((5, 5, 195, 195), outline=(200, 0, 0), width=8)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
