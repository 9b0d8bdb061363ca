"""R38: what a file may be is told by its content, and what is kept of a picture is its pixels alone."""

from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader

from models import MediaType
from tests.attachments import files
from workflow import pdf_checker, uploads
from workflow.errors import RuleError


def checked(content, name="回执.jpg"):
    return uploads.checked(name, BytesIO(made(content)))


def made(recipe):
    """The file itself: some are made only when their test runs, since they take a while."""
    return recipe if isinstance(recipe, bytes) else recipe()


def refusal(content, name="回执.jpg"):
    with pytest.raises(RuleError) as refused:
        checked(content, name)
    assert refused.value.rule == "R38"
    assert f"“{name}”" in str(refused.value), "it names the file"
    return str(refused.value)


def opened(content):
    image = Image.open(BytesIO(content))
    image.load()
    return image


# --- What is taken ---


@pytest.mark.parametrize(
    ("kind", "media_type"), [("JPEG", MediaType.JPEG), ("PNG", MediaType.PNG), ("WEBP", MediaType.WEBP)]
)
def test_a_photo_is_taken_and_has_a_thumbnail(kind, media_type):
    upload = checked(files.picture(kind, (1200, 900)), "photo.dat")
    assert (upload.media_type, upload.width, upload.height) == (media_type, 1200, 900)
    assert (opened(upload.content).format, opened(upload.content).size) == (kind, (1200, 900))
    assert (opened(upload.thumbnail).format, opened(upload.thumbnail).size) == ("JPEG", (320, 240))


def test_a_pdf_is_taken_as_it_is():
    content = files.pdf(50)
    upload = checked(content, "回执.pdf")
    assert (upload.media_type, upload.content) == (MediaType.PDF, content)
    assert (upload.width, upload.height, upload.thumbnail) == (None, None, None)


@pytest.mark.parametrize(
    "content",
    [
        files.pdf_of("/OpenAction [3 0 R /XYZ null null 0]"),
        files.pdf_of("/OpenAction << /S /GoTo /D [3 0 R /Fit] >>"),
        files.pdf_of("", "/Annots [<< /Subtype /Link /A << /S /URI /URI (https://example.org) >> >>]"),
        files.pdf_of("/StructTreeRoot << /S /Document >>", "/Resources << /Font << /JS 4 0 R /AA 4 0 R >> >>", "<< >>"),
        files.pdf_of("", "/Contents 4 0 R", files.stream_of(b'Gb"0;~>', "/Filter /ASCII85Decode")),
    ],
    ids=["opens at a page", "goes to a page", "links", "odd names", "text filter"],
)
def test_what_office_programs_write_is_no_reason_to_refuse(content):
    assert pdf_checker.verdict(content) == "ok"


def test_a_photo_is_turned_as_it_was_held_and_says_nothing_of_where_and_by_what():
    content = files.sideways()
    assert b"SecretPhone" in content
    upload = checked(content)
    assert (upload.width, upload.height) == (480, 640)
    assert dict(opened(upload.content).getexif()) == {}
    assert b"SecretPhone" not in upload.content + upload.thumbnail


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_no_profile_survives(kind):
    upload = checked(files.picture(kind, icc_profile=b"profile of somebody" * 20))
    assert b"profile of somebody" not in upload.content


@pytest.mark.parametrize("appended", [files.HTML, files.zip_bomb], ids=["html", "zip"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_is_appended_to_a_photo_is_gone(kind, appended):
    appended = made(appended)
    upload = checked(files.picture(kind) + appended)
    assert appended[:20] not in upload.content
    assert opened(upload.content).size == (640, 480)


def test_of_an_animation_the_first_picture_is_kept():
    upload = checked(files.animated())
    kept = opened(upload.content)
    assert getattr(kept, "n_frames", 1) == 1
    assert kept.getpixel((32, 32))[0] > 200


@pytest.mark.parametrize(
    ("mode", "colour", "kind", "pixel"),
    [
        ("RGBA", (255, 0, 0, 0), "PNG", (255, 255, 255)),
        ("LA", (0, 255), "PNG", (0, 0, 0)),
        ("P", 0, "PNG", (0, 0, 0)),
        ("1", 1, "PNG", (255, 255, 255)),
        ("I;16", 0x8000, "PNG", (128, 128, 128)),
        ("CMYK", (0, 0, 0, 0), "JPEG", (255, 255, 255)),
    ],
)
def test_every_sort_of_pixels_looks_as_before(mode, colour, kind, pixel):
    upload = checked(files.picture(kind, (40, 40), colour, mode=mode))
    assert opened(upload.content).convert("RGB").getpixel((20, 20)) == pixel


# --- What is refused ---


@pytest.mark.parametrize(
    "content",
    [
        files.EXE,
        files.SVG,
        files.HTML,
        files.zip_bomb,
        files.picture("GIF"),
        b"\xff\xd8",
        b"RIFF1234WAVE",
        b"x%PDF-1.7",
    ],
    ids=["exe", "svg", "html", "zip bomb", "gif", "two bytes", "sound", "pdf behind something"],
)
@pytest.mark.parametrize("name", ["回执.jpg", "回执.pdf"])
def test_what_is_none_of_the_kinds_is_refused_whatever_it_is_called(content, name):
    assert "不是 JPEG、PNG、WebP 照片或 PDF" in refusal(content, name)


def test_a_photo_that_only_phones_know_is_told_how_to_become_one():
    assert "HEIC" in refusal(files.HEIC, "IMG_0001.HEIC")


def test_an_empty_file_is_refused():
    assert "空文件" in refusal(b"")


@pytest.mark.parametrize("start", [files.picture(), files.pdf(), b""])
def test_thirty_megabytes_are_refused_without_being_read_to_the_end(start):
    stream = BytesIO(start + bytes(30 * files.MEGABYTE))
    with pytest.raises(RuleError, match="超过 15 MB"):
        uploads.checked("大.jpg", stream)
    assert stream.tell() == uploads.SIZE + 1


def test_a_small_file_of_very_many_pixels_is_refused():
    content = files.vast_png()
    assert len(content) < 100_000
    assert "超过 40 兆像素" in refusal(content)


def test_so_is_one_of_few_enough_for_pillow_but_too_many_for_us():
    assert "超过 40 兆像素" in refusal(files.png(7_000, 6_000, files.zeros(10)))


def test_a_picture_whose_text_swells_is_refused():
    assert "已损坏" in refusal(files.swelling_png())


def test_a_picture_that_goes_on_after_its_end_is_cut_there():
    """Its pixels are unpacked as far as there is room for them, and no further."""
    assert len(checked(files.overfull_png()).content) < 1000


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_half_a_photo_is_refused(kind):
    content = files.picture(kind, (2000, 2000))
    assert "已损坏" in refusal(content[: len(content) // 2])


@pytest.mark.parametrize("start", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF0000WEBPVP8 ", b"%PDF-1.7"])
def test_nonsense_after_a_right_start_is_refused(start):
    assert "已损坏" in refusal(start + files.EXE * 20)


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        (files.pdf_with_script, "script"),
        (files.pdf_hiding_script, "script"),
        (files.pdf_of("", "/Annots [<< /A << /S 4 0 R >> >>]", "/J#61vaScript"), "script"),
        (files.pdf_of("/OpenAction << /S /URI /URI (https://example.org) >>"), "action"),
        (files.pdf_of("/OpenAction 4 0 R", "", "<< /S /Named /N /Print >>"), "action"),
        (files.pdf_of("", "/AA << /O << /S /URI /URI (https://example.org) >> >>"), "action"),
        (files.pdf_of("", "/Annots [<< /A << /S /L#61unch /F (cmd.exe) >> >>]"), "action"),
        (files.pdf_of("", "/Annots [<< /A << /S /SubmitForm /F (https://example.org) >> >>]"), "action"),
        (files.pdf_with_file, "file"),
        (files.pdf_of("", "", "<< /Type /Filespec /EF << /F 1 0 R >> >>"), "file"),
        (files.pdf_of("", "/Annots [<< /Subtype /RichM#65dia >>]"), "media"),
        (files.pdf_of("/AcroForm << /XFA [] >>"), "form"),
        (files.encrypted_pdf, "encrypted"),
        (lambda: files.pdf(51), "pages"),
        (files.swelling_pdf, "huge"),
        (files.nested_pdf, "huge"),
        (files.pdf_of_vast_picture, "huge"),
        (lambda: files.pdf()[:200], "broken"),
        (files.pdf_of().replace(b"[3 0 R]", b"[     ]"), "broken"),
    ],
    ids=[
        "script", "hidden script", "script by reference", "opens an address", "opens the printer", "a page that opens",
        "launch", "sends a form", "file", "file of an annotation", "media", "xfa", "encrypted", "too many pages",
        "swells", "packed twice", "vast picture", "half", "no page",
    ],
)  # fmt: skip
def test_a_pdf_that_is_more_than_pages_is_refused(content, verdict):
    assert pdf_checker.verdict(made(content)) == verdict


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (files.pdf_with_script, "“回执.pdf”含有脚本，没有上传"),
        (files.encrypted_pdf, "设有密码"),
        (lambda: files.pdf(51), "超过 50 页"),
        (files.swelling_pdf, "解压后过大"),
    ],
    ids=["script", "encrypted", "too many pages", "swells"],
)
def test_the_verdict_of_the_process_is_told_in_words(content, words):
    assert words in refusal(content, "回执.pdf")


def test_one_made_to_keep_a_parser_busy_is_refused():
    assert "已损坏" in refusal(files.busy_pdf, "回执.pdf")


@pytest.mark.parametrize("ending", ["time.sleep(60)", "sys.exit(1)", "os.kill(os.getpid(), 9)", "print('nonsense')"])
def test_a_parser_that_comes_to_no_verdict_is_not_waited_for(tmp_path, monkeypatch, ending):
    checker = tmp_path / "checker.py"
    checker.write_text(f"import os, sys, time\n{ending}\n")
    monkeypatch.setattr(uploads.pdf_checker, "__file__", str(checker))
    monkeypatch.setattr(uploads, "PDF_SECONDS", 0.5)
    assert "解压后过大或无法检查" in refusal(files.pdf, "回执.pdf")


def test_the_files_of_these_tests_are_what_they_say():
    """Else a refusal would show nothing."""
    assert len(PdfReader(BytesIO(files.pdf_of())).pages) == 1
    assert checked(files.pdf_of(), "a.pdf").media_type is MediaType.PDF


# --- Names ---


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\wang\\回执.jpg", "回执.jpg"),
        ("/", "未命名"),
        ("..", "未命名"),
        ("", "未命名"),
        ("a\x00b\nc\td.jpg", "ab c d.jpg"),
        ("\u202egpj.exe", "gpj.exe"),
        ("<script>alert(1)</script>.jpg", "script>.jpg"),
        ("  回执  （一）.jpg ", "回执 （一）.jpg"),
        ("长" * 300 + ".jpg", "长" * 99 + "…" + "长" * 16 + ".jpg"),
    ],
)
def test_of_a_name_the_last_part_is_shown(name, shown):
    assert uploads.shown_name(name) == shown
    assert len(shown) <= 120
