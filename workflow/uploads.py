"""What may be uploaded: JPEG, PNG, WebP and PDF, told by content, never by name or header (R38).

A picture is kept as a new one, made of nothing but its pixels: no position, no camera, nothing appended survives. A
PDF is kept as it is, if it holds nothing that runs, opens or unpacks.
"""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import IO, Any, NoReturn

from PIL import Image, ImageOps

from models import MediaType
from models.attachment import NAME_LENGTH
from workflow import pdf_checker
from workflow.errors import N_, RuleError, Words

RULE = "R38"
FIELD = "files"
MEGABYTES = 15
SIZE = MEGABYTES * 1024 * 1024
MEGAPIXELS = 40
THUMBNAIL = 320
PDF_SECONDS = 20
UNNAMED = "未命名"

STARTS = (
    (MediaType.JPEG, 0, b"\xff\xd8\xff"),
    (MediaType.PNG, 0, b"\x89PNG\r\n\x1a\n"),
    (MediaType.WEBP, 8, b"WEBPVP8"),
    (MediaType.PDF, 0, b"%PDF-"),
)
HEIC = frozenset({b"ftypheic", b"ftypheix", b"ftypheif", b"ftypmif1", b"ftypavif"})
FORMATS = {MediaType.JPEG: "JPEG", MediaType.PNG: "PNG", MediaType.WEBP: "WEBP"}
SAVING: dict[MediaType, dict[str, Any]] = {
    MediaType.JPEG: {"quality": 90},
    MediaType.PNG: {},
    MediaType.WEBP: {"quality": 90},
}
GREY_16 = [value >> 8 for value in range(65536)]
"""Sixteen bits of grey to eight."""

EMPTY = N_("“%(name)s”是空文件，没有上传。")
TOO_LARGE = N_("“%(name)s”超过 %(limit)s MB，没有上传：请缩小后再试。")
WRONG_KIND = N_("“%(name)s”的内容不是 JPEG、PNG、WebP 照片或 PDF，没有上传。")
FROM_A_PHONE = N_("“%(name)s”是 HEIC 格式的照片，没有上传：请在手机上转为 JPEG 后再试。")
TOO_MANY_PIXELS = N_("“%(name)s”超过 %(limit)s 兆像素，没有上传：请缩小后再试。")
BROKEN = N_("“%(name)s”已损坏或不完整，没有上传：请重新拍照或导出后再试。")
VERDICTS = {
    "broken": BROKEN,
    "encrypted": N_("“%(name)s”设有密码，没有上传：请去掉密码后再试。"),
    "pages": N_("“%(name)s”超过 %(pages)s 页，没有上传：请分成几个文件。"),
    "huge": N_("“%(name)s”解压后过大或无法检查，没有上传：请打印成普通 PDF 或拍照后再试。"),
}
ACTIVE = N_("“%(name)s”含有%(what)s，没有上传：请打印成普通 PDF 或拍照后再试。")
WHAT = {
    "script": N_("脚本"),
    "action": N_("自动执行的动作"),
    "file": N_("嵌入的文件"),
    "media": N_("音视频等多媒体内容"),
    "form": N_("动态表单"),
}

_one_at_a_time = Lock()
"""A picture of the largest size takes some 300 MB while it is made anew: the threads of a process take turns."""


@dataclass(frozen=True)
class Upload:
    """A file that passed: what is to be kept, and under which name it is shown. A PDF has no measures, no thumbnail."""

    name: str
    media_type: MediaType
    content: bytes
    width: int | None = None
    height: int | None = None
    thumbnail: bytes | None = None


def checked(filename: str, stream: IO[bytes]) -> Upload:
    """What is kept of an uploaded file. Raises `RuleError` R38 that names the file and the reason."""
    name = shown_name(filename)
    content = stream.read(SIZE + 1)
    if not content:
        _refuse(EMPTY, name)
    if len(content) > SIZE:
        _refuse(TOO_LARGE, name, limit=MEGABYTES)
    media_type = _kind_of(content)
    if media_type is None:
        _refuse(FROM_A_PHONE if content[4:12] in HEIC else WRONG_KIND, name)
    if media_type is MediaType.PDF:
        _check_pdf(name, content)
        return Upload(name, media_type, content)
    with _one_at_a_time:
        return _picture(name, media_type, content)


def shown_name(filename: str) -> str:
    """The last part of a name, without what is not seen or turns the writing around; its end is kept where it is long.

    >>> shown_name("../../etc/passwd")
    'passwd'
    """
    last = filename.replace("\\", "/").rpartition("/")[2]
    seen = "".join(" " if character.isspace() else character for character in last)
    seen = " ".join("".join(c for c in seen if not unicodedata.category(c).startswith("C")).split()).strip(". ")
    if len(seen) > NAME_LENGTH:
        seen = f"{seen[: NAME_LENGTH - 21]}…{seen[-20:]}"
    return seen or UNNAMED


def _refuse(template: str, name: str, **params: Any) -> NoReturn:
    raise RuleError(template, RULE, FIELD, name=name, **params)


def _kind_of(content: bytes) -> MediaType | None:
    return next((kind for kind, place, start in STARTS if content[place : place + len(start)] == start), None)


# --- Pictures ---


def _picture(name: str, media_type: MediaType, content: bytes) -> Upload:
    try:
        # Twice: what has been verified cannot be read any more.
        with Image.open(BytesIO(content), formats=[FORMATS[media_type]]) as image:
            _check_measures(name, image.size)
            image.verify()
        with Image.open(BytesIO(content), formats=[FORMATS[media_type]]) as image:
            image.load()  # of several pictures in one file the first
            plain = _plain(ImageOps.exif_transpose(image))
        kept = _saved(plain, media_type)
        width, height = plain.size
        plain.thumbnail((THUMBNAIL, THUMBNAIL))
        return Upload(name, media_type, kept, width, height, _saved(plain, MediaType.JPEG))
    except RuleError:
        raise
    except Image.DecompressionBombError:
        _refuse(TOO_MANY_PIXELS, name, limit=MEGAPIXELS)
    except Exception as error:  # whatever a decoder makes of nonsense
        raise RuleError(BROKEN, RULE, FIELD, name=name) from error


def _check_measures(name: str, size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MEGAPIXELS * 1_000_000:
        _refuse(TOO_MANY_PIXELS, name, limit=MEGAPIXELS)


def _plain(image: Image.Image) -> Image.Image:
    """The pixels alone, on white where they let something through, in grey or in colour."""
    if image.mode.startswith("I"):
        image = image.convert("I").point(GREY_16, "L")
    plain = Image.new("L" if image.mode in ("1", "L") else "RGB", image.size, "white")
    mask = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    plain.paste(image.convert(plain.mode), mask=mask)
    return plain


def _saved(image: Image.Image, media_type: MediaType) -> bytes:
    out = BytesIO()
    image.save(out, FORMATS[media_type], **SAVING[media_type])
    return out.getvalue()


# --- PDF ---


def _check_pdf(name: str, content: bytes) -> None:
    verdict = _verdict(content)
    if verdict in WHAT:
        _refuse(ACTIVE, name, what=Words(WHAT[verdict]))
    if verdict != "ok":
        _refuse(VERDICTS[verdict], name, pages=pdf_checker.PAGES)


def _verdict(content: bytes) -> str:
    """What the checker says in a process of its own; one that does not come to an end is no verdict to wait for."""
    words = [sys.executable, "-I", str(Path(pdf_checker.__file__))]
    try:
        done = subprocess.run(words, input=content, capture_output=True, timeout=PDF_SECONDS)  # noqa: S603
    except subprocess.TimeoutExpired:
        return "huge"
    said = done.stdout.decode("ascii", "replace").strip()
    return said if said in ("ok", *WHAT, *VERDICTS) else "huge"
