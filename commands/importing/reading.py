"""Streaming a CSV file: its encoding, its header, its records numbered as a spreadsheet numbers its rows."""

from __future__ import annotations

import codecs
import csv
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import BinaryIO

from commands.importing.reporting import Advance, RowErrors, Stop, shown

CHUNK = 1 << 20
_REPORT_EVERY = 1000
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

Record = tuple[int, dict[str, str]]
"""The row number and column -> trimmed cell."""


class UnreadableFile(Exception):
    """The file as a whole cannot be read; the text says what to do."""


class CsvTable(AbstractContextManager["CsvTable"]):
    """The records of a CSV file with exactly the given columns, in any order; only one record is held at a time.

    Errors of rows go to `errors`. Raises `UnreadableFile` on opening, `Stop` where the header or the quoting is broken.
    """

    def __init__(self, file: str, columns: tuple[str, ...], errors: RowErrors, advance: Advance) -> None:
        self._columns = columns
        self._errors = errors
        self._advance = advance
        self._binary = _open(file)
        try:
            encoding = detect_encoding(self._binary)
        except BaseException:
            self._binary.close()
            raise
        self._text = io.TextIOWrapper(self._binary, encoding=encoding, newline="")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._text.close()

    def records(self) -> Iterator[Record]:
        """Each record that is not blank; one with too many or too few cells is an error and left out."""
        reader = csv.reader(self._text, strict=True)
        header: list[str] | None = None
        row = 0
        while True:
            row += 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                self._errors.add(row, header[0] if header else self._columns[0], _csv_words(error))
                raise Stop from error
            if cells is None:
                if header is None:
                    self._checked_header([])
                return
            if row % _REPORT_EVERY == 0:
                self._advance(self._binary.tell())
            cells = [cell.strip() for cell in cells]
            if header is None:
                header = self._checked_header(cells)
            elif any(cells) and self._has_all_cells(row, header, cells):
                yield row, dict(zip(header, cells, strict=True))

    def _checked_header(self, cells: list[str]) -> list[str]:
        for place, name in enumerate(cells):
            if name not in self._columns:
                self._errors.add(1, shown(name) or "?", f"不认识的列；应有的列：{','.join(self._columns)}")
            elif name in cells[:place]:
                self._errors.add(1, name, "这一列出现了不止一次")
        for name in self._columns:
            if name not in cells:
                self._errors.add(1, name, "缺少这一列")
        if self._errors:
            raise Stop
        return cells

    def _has_all_cells(self, row: int, header: list[str], cells: list[str]) -> bool:
        expected, actual = len(header), len(cells)
        if actual < expected:
            self._errors.add(row, header[actual], f"这一行的单元格太少：应有{expected}个，实有{actual}个")
        elif actual > expected:
            self._errors.add(row, header[-1], f"这一行的单元格太多：应有{expected}个，实有{actual}个（是否多了逗号？）")
        return actual == expected


def detect_encoding(binary: BinaryIO) -> str:
    """UTF-8 (with or without BOM) if all of the stream is, else GB18030 if all of it is; raises `UnreadableFile`."""
    start = binary.read(4)
    binary.seek(0)
    if start.startswith(_UTF16):
        raise UnreadableFile("文件是 UTF-16 编码，请另存为 CSV（UTF-8）。")
    candidates = ("utf-8-sig",) if start.startswith(codecs.BOM_UTF8) else ("utf-8-sig", "gb18030")
    for encoding in candidates:
        fits = _decodes(binary, encoding)
        binary.seek(0)
        if fits:
            return encoding
    raise UnreadableFile("文件既不是 UTF-8 也不是 GB18030 编码，请另存为 CSV（UTF-8）。")


def _decodes(binary: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := binary.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _open(file: str) -> BinaryIO:
    """The file, or what comes through a pipe ("-" is standard input) laid down first, since it is read twice."""
    try:
        binary = sys.stdin.buffer if file == "-" else open(file, "rb")  # noqa: SIM115 - closed by the table
    except OSError as error:
        raise UnreadableFile(f"无法打开文件“{file}”：{os.strerror(error.errno or 0)}") from error
    if file != "-" and binary.seekable():
        return binary
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the table
    shutil.copyfileobj(binary, copy, CHUNK)
    copy.seek(0)
    return copy


def _csv_words(error: csv.Error) -> str:
    return f"从这一行起无法按 CSV 读取，请检查引号是否成对（{error}）"
