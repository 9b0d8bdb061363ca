"""A PDF looked through in a process of its own: `python pdf_checker.py < file` prints one verdict.

A parser can be kept busy by a file made for it, so `uploads` runs this with a limit of time, and it limits itself to
some memory. It imports nothing of ours. What a viewer could be made to run, open or unpack is refused wherever it
stands, not only where it is known to work.
"""

from __future__ import annotations

import base64
import io
import logging
import re
import sys
import zlib
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader
from pypdf.errors import LimitReachedError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject, StreamObject

PAGES = 50
MEGABYTE = 1024 * 1024
STREAM, DOCUMENT = 128 * MEGABYTE, 512 * MEGABYTE
"""What one stream, and all of them together, may come to: a page of 600 dpi in colour takes 100 MB."""
PIXELS = 100_000_000
MEMORY, SECONDS = 1024 * MEGABYTE, 10

KEYS = {
    "/JavaScript": "script",
    "/EmbeddedFiles": "file",
    "/RichMediaContent": "media",
    "/RichMediaSettings": "media",
    "/XFA": "form",
}
ACTIONS = {
    "/JavaScript": "script",
    "/Launch": "action",
    "/SubmitForm": "action",
    "/ImportData": "action",
    "/GoToR": "action",
    "/GoToE": "action",
    "/Rendition": "media",
    "/RichMediaExecute": "media",
    "/Sound": "media",
    "/Movie": "media",
}
TYPES = {
    "/EmbeddedFile": "file",
    "/FileAttachment": "file",
    "/RichMedia": "media",
    "/Screen": "media",
    "/Movie": "media",
    "/Sound": "media",
    "/3D": "media",
}
HIDDEN = re.compile(rb"/(JavaScript|EmbeddedFile|RichMedia|Launch)")
"""Also looked for in the bare bytes: an object that no table lists is one that some viewer may find all the same."""
HIDDEN_WORDS = {b"JavaScript": "script", b"EmbeddedFile": "file", b"RichMedia": "media", b"Launch": "action"}

TEXT_FILTERS = frozenset({"/ASCII85Decode", "/A85", "/ASCIIHexDecode", "/AHx"})
FLATE_FILTERS = frozenset({"/FlateDecode", "/Fl"})
RUN_LENGTH_FILTERS = frozenset({"/RunLengthDecode", "/RL"})
PICTURE_FILTERS = frozenset({"/DCTDecode", "/DCT", "/CCITTFaxDecode", "/CCF", "/JBIG2Decode", "/JPXDecode"})
RUN_LENGTH = 64
"""How much longer a run-length stream can become."""


class Refused(Exception):
    """The verdict, as `uploads` knows it: broken, encrypted, pages, huge, or script, action, file, media, form."""


def verdict(content: bytes) -> str:
    """ "ok", or why a PDF may not be kept."""
    try:
        _check(content)
    except Refused as refused:
        return str(refused)
    except (MemoryError, LimitReachedError):
        return "huge"
    except Exception:  # whatever a parser makes of nonsense
        return "broken"
    return "ok"


def _check(content: bytes) -> None:
    if found := HIDDEN.search(content):
        raise Refused(HIDDEN_WORDS[found[1]])
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted:
        raise Refused("encrypted")
    unpacked = 0
    for thing in (reader.trailer, *_objects(reader)):
        for part in _inside(thing):
            if isinstance(part, DictionaryObject):
                _check_dictionary(part)
            if isinstance(part, StreamObject):
                unpacked += _unpacked(part)
                if unpacked > DOCUMENT:
                    raise Refused("huge")
    if not 0 < len(reader.pages) <= PAGES:
        raise Refused("pages" if reader.pages else "broken")


def _objects(reader: PdfReader) -> Iterator[Any]:
    """Every object that the tables of the file list, used or not."""
    listed = [(number, generation) for generation, numbers in reader.xref.items() for number in numbers]
    for number, generation in (*listed, *((number, 0) for number in reader.xref_objStm)):
        yield reader.get_object(IndirectObject(number, generation, reader))


def _inside(thing: Any) -> Iterator[Any]:
    """The object and all that stands in it; what it only refers to has a turn of its own."""
    waiting = [thing]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, DictionaryObject):
            waiting.extend(dict.values(part))
        elif isinstance(part, ArrayObject):
            waiting.extend(list.__iter__(part))


def _check_dictionary(part: DictionaryObject) -> None:
    for key in part:
        if key in KEYS:
            raise Refused(KEYS[key])
    for key, refused in (("/S", ACTIONS), ("/Subtype", TYPES), ("/Type", TYPES)):
        value = _value(part, key)
        if isinstance(value, NameObject) and value in refused:
            raise Refused(refused[value])
    # Short keys may also be what a font or a picture is called here: what stands behind them tells.
    if isinstance(_value(part, "/JS"), str | bytes | StreamObject):
        raise Refused("script")
    files = _value(part, "/EF")
    if isinstance(files, DictionaryObject) and {"/F", "/UF"} & set(files):
        raise Refused("file")
    moments = _value(part, "/AA")
    by_itself = [_value(moments, key) for key in moments] if isinstance(moments, DictionaryObject) else []
    if any(_acts(action) for action in (_value(part, "/OpenAction"), *by_itself)):
        raise Refused("action")
    if _value(part, "/Subtype") == "/Image" and _measure(part, "/Width") * _measure(part, "/Height") > PIXELS:
        raise Refused("huge")


def _acts(action: Any) -> bool:
    """Office programs say at which page to open, and by itself a file may do no more."""
    return isinstance(action, DictionaryObject) and _value(action, "/S") not in (None, "/GoTo")


def _value(part: DictionaryObject, key: str) -> Any:
    """What stands under a key, wherever it lies; None where nothing does."""
    value = dict.get(part, key)
    return None if value is None else value.get_object()


def _measure(part: DictionaryObject, key: str) -> int:
    value = _value(part, key)
    return abs(int(value)) if isinstance(value, int | float) else 0


def _unpacked(stream: StreamObject) -> int:
    """How many bytes a viewer would unpack the stream to; nothing of them is kept."""
    # The bare bytes, which pypdf has no public name for; its get_data() would unpack them.
    data = stream._data
    filters = _filters(stream)
    while filters and filters[0] in TEXT_FILTERS:
        data = _from_text(filters.pop(0), data)
    total = len(data)
    if filters and filters[0] in FLATE_FILTERS | RUN_LENGTH_FILTERS:
        name = filters.pop(0)
        total = RUN_LENGTH * len(data) if name in RUN_LENGTH_FILTERS else _inflated(data)
    # Packed twice is packed to deceive; what is left is a picture, whose measures are checked, or unknown.
    if not set(filters) <= PICTURE_FILTERS:
        raise Refused("huge")
    return total


def _filters(stream: StreamObject) -> list[str]:
    value = _value(stream, "/Filter")
    if value is None:
        return []
    return [str(name.get_object()) for name in (value if isinstance(value, ArrayObject) else [value])]


def _from_text(name: str, data: bytes) -> bytes:
    if name in ("/ASCIIHexDecode", "/AHx"):
        digits = re.sub(rb"\s", b"", data.partition(b">")[0])
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
    text = data.strip().removeprefix(b"<~").partition(b"~>")[0]
    return base64.a85decode(text)


def _inflated(data: bytes) -> int:
    total, inflating = 0, zlib.decompressobj()
    while data and not inflating.eof:
        total += len(inflating.decompress(data, MEGABYTE))
        if total > STREAM:
            raise Refused("huge")
        data = inflating.unconsumed_tail
    return total


def _limit_oneself() -> None:
    try:
        import resource
    except ImportError:  # Windows; the limit of time is there all the same
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def main() -> None:
    """Print the verdict on what comes in."""
    _limit_oneself()
    logging.disable()
    print(verdict(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
