"""Files for uploading: good ones, and those that somebody would send who means harm."""

from __future__ import annotations

import struct
import zipfile
import zlib
from io import BytesIO
from typing import Any

from PIL import Image
from pypdf import PdfWriter

MEGABYTE = 1024 * 1024


# --- Pictures ---


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (640, 480), colour: Any = (180, 30, 30), **saving: Any
) -> bytes:
    """A plain picture of one colour; `mode` besides what Pillow's `save` takes."""
    out = BytesIO()
    Image.new(saving.pop("mode", "RGB"), size, colour).save(out, kind, **saving)
    return out.getvalue()


def sideways() -> bytes:
    """A photo as phones take it: held upright, stored lying, with the place and the name of the phone in it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SecretPhone"
    exif.get_ifd(0x8825)[2] = (26.0, 4.0, 30.0)
    return picture(exif=exif)


def animated() -> bytes:
    """A WebP of two pictures, the first one red."""
    out = BytesIO()
    frames = [Image.new("RGB", (64, 64), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], duration=100)
    return out.getvalue()


def png(width: int, height: int, rows: bytes, *more: tuple[bytes, bytes]) -> bytes:
    """A PNG of one bit a pixel from its parts, whatever they say; `more` chunks stand before the picture."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), *more, (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def zeros(count: int) -> bytes:
    """So many zero bytes, compressed as far as zlib goes."""
    packer = zlib.compressobj(9)
    pieces = [packer.compress(bytes(MEGABYTE)) for _ in range(count // MEGABYTE)]
    return b"".join([*pieces, packer.compress(bytes(count % MEGABYTE)), packer.flush()])


def vast_png() -> bytes:
    """20,000×20,000 pixels in some 50 KB."""
    return png(20_000, 20_000, zeros(20_000 * 2_501))


def swelling_png() -> bytes:
    """A small picture whose text unpacks to 200 MB."""
    return png(8, 8, zeros(16), (b"zTXt", b"Comment\x00\x00" + zeros(200 * MEGABYTE)))


def overfull_png() -> bytes:
    """A small picture whose pixels go on for 200 MB after its end."""
    return png(8, 8, zeros(200 * MEGABYTE))


# --- Others ---


def zip_bomb() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("letter.jpg", bytes(20 * MEGABYTE))
    return out.getvalue()


EXE = b"MZ\x90\x00\x03\x00\x00\x00" + bytes(400) + b"This program cannot be run in DOS mode."
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(100)


# --- PDF ---


def writer(pages: int = 1) -> PdfWriter:
    made = PdfWriter()
    for _ in range(pages):
        made.add_blank_page(595, 842)
    return made


def written(made: PdfWriter) -> bytes:
    out = BytesIO()
    made.write(out)
    return out.getvalue()


def pdf(pages: int = 1) -> bytes:
    return written(writer(pages))


def encrypted_pdf() -> bytes:
    made = writer()
    made.encrypt("secret", algorithm="RC4-128")
    return written(made)


def pdf_with_script() -> bytes:
    names = "/Names << /JavaScript << /Names [(start) 4 0 R] >> >>"
    return pdf_of(names, "", "<< /S /JavaScript /JS (app.alert\\(1\\)) >>")


def pdf_with_file() -> bytes:
    made = writer()
    made.add_attachment("virus.exe", EXE)
    return written(made)


def pdf_of(root: str = "", page: str = "", *objects: str) -> bytes:
    """A PDF written by hand: what stands in its catalogue and in its page, and further objects from number 4 on."""
    bodies = [
        f"<< /Type /Catalog /Pages 2 0 R {root} >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {page} >>",
        *objects,
    ]
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    ending = f"trailer << /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return out + f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}{ending}".encode()


def stream_of(data: bytes, entries: str) -> str:
    return f"<< /Length {len(data)} {entries} >>\nstream\n{data.decode('latin-1')}\nendstream"


def swelling_pdf() -> bytes:
    """A page whose content unpacks to 200 MB."""
    return pdf_of("", "/Contents 4 0 R", stream_of(zeros(200 * MEGABYTE), "/Filter /FlateDecode"))


def nested_pdf() -> bytes:
    """A page whose content is packed twice: 15 KB of it are 15 MB, and those are 15 GB."""
    once = zeros(15 * MEGABYTE)
    return pdf_of("", "/Contents 4 0 R", stream_of(zlib.compress(once), "/Filter [/FlateDecode /FlateDecode]"))


def pdf_of_vast_picture() -> bytes:
    """A picture of 400 million pixels, packed as a fax."""
    entries = "/Type /XObject /Subtype /Image /Width 20000 /Height 20000 /Filter /CCITTFaxDecode"
    return pdf_of("", "/Resources << /XObject << /I 4 0 R >> >>", stream_of(b"\x00", entries))


def pdf_hiding_script() -> bytes:
    """A script in a compressed stream of objects, its name written with an escape: no search in the bytes finds it."""
    action = b"<< /S /J#61vaScript /JS (app.alert) >>"
    first = b"5 0 "
    packed = zlib.compress(first + action)
    entries = f"/Type /ObjStm /N 1 /First {len(first)} /Filter /FlateDecode"
    head, _xref, _rest = pdf_of("", "/Later 5 0 R", stream_of(packed, entries)).partition(b"xref\n")
    places = [head.index(f"{number} 0 obj".encode()) for number in (1, 2, 3, 4)]
    rows = b"".join(struct.pack(">BIH", 1, place, 0) for place in (*places, len(head)))
    # By number: nothing at 0, then objects 1 to 4, object 5 as the first one in 4, and this table itself.
    table = struct.pack(">BIH", 0, 0, 65535) + rows[:28] + struct.pack(">BIH", 2, 4, 0) + rows[28:]
    body = stream_of(table, "/Type /XRef /W [1 4 2] /Size 7 /Root 1 0 R")
    return head + f"6 0 obj\n{body}\nendobj\nstartxref\n{len(head)}\n%%EOF\n".encode("latin-1")


def busy_pdf() -> bytes:
    """What a parser takes very long over: a table of millions of objects."""
    rows = zlib.compress(bytes(4 * 15_000_000), 9)
    entries = f"/Type /XRef /W [1 2 1] /Size 15000000 /Root 1 0 R /Filter /FlateDecode /Length {len(rows)}"
    head = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
    body = f"2 0 obj\n<< {entries} >>\nstream\n".encode() + rows + b"\nendstream\nendobj\n"
    return head + body + f"startxref\n{len(head)}\n%%EOF\n".encode()
