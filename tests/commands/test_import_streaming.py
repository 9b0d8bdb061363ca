"""Imports stream: one record at a time is held, memory does not grow with the file, and a terminal sees progress."""

import io
import os
import sys
import threading
import tracemalloc
from datetime import date
from pathlib import Path

import pytest

from commands.importing.reading import CHUNK, CsvTable, detect_encoding
from commands.importing.reporting import RowErrors, progress
from models import Member, Organization
from tests.commands.shell import COLUMNS, count, crowd, org, table
from tests.support.garbage import collected_as_usual

LINE = "n{number},某某村党支部,branch,350001,7,王干事,0591-87000001\n"


@pytest.fixture
def big_file(tmp_path) -> Path:
    """Some five megabytes of rows."""
    file = tmp_path / "big.csv"
    rows = (LINE.format(number=number) for number in range(60_000))
    file.write_text(",".join(COLUMNS["orgs"]) + "\n" + "".join(rows), encoding="utf-8")
    return file


def opened(file: Path, advance=lambda position: None) -> CsvTable:
    return CsvTable(str(file), tuple(COLUMNS["orgs"]), RowErrors(), advance)


def peak_of(work) -> int:
    """The most bytes of Python's own memory that were in use at once."""
    with collected_as_usual():
        tracemalloc.start()
        try:
            work()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def test_reading_a_file_holds_one_record_at_a_time(big_file):
    with opened(big_file) as rows:
        seen = []
        peak = peak_of(lambda: seen.append(sum(1 for _ in rows.records())))
    assert seen == [60_000]
    assert peak < big_file.stat().st_size / 20


def test_opening_a_file_does_not_load_it(big_file):
    bigger = big_file.with_name("bigger.csv")
    bigger.write_bytes(big_file.read_bytes() + big_file.read_bytes() * 3)
    small, large = (peak_of(lambda file=file: opened(file).__exit__(None, None, None)) for file in (big_file, bigger))
    assert large < 1.2 * small


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("before", [CHUNK - 1, CHUNK, 2 * CHUNK])
def test_one_character_far_down_says_the_encoding_also_between_two_chunks(encoding, before):
    content = io.BytesIO(b"x" * before + "部".encode(encoding) + b"x")
    assert detect_encoding(content).removesuffix("-sig") == encoding
    assert content.tell() == 0


def test_a_record_is_there_before_the_rest_has_been_read(tmp_path):
    file = tmp_path / "broken.csv"
    file.write_text(table("orgs", {"code": "n1"}) + 'n2,"never closed', encoding="utf-8")
    with opened(file) as rows:
        assert next(rows.records())[1]["code"] == "n1"


def test_a_pipe_is_read_like_a_file(run, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(table("orgs", org("n1")), "utf-8"), daemon=True)
    writer.start()
    assert run("import", "orgs", str(pipe)).status == 0
    assert count(Organization, code="n1") == 1


# --- progress ---


class Terminal(io.StringIO):
    """A place to write to where somebody watches."""

    def isatty(self) -> bool:
        return True


def test_progress_is_told_in_bytes_on_the_way(big_file):
    told: list[int] = []
    with opened(big_file, told.append) as rows:
        assert sum(1 for _ in rows.records()) == 60_000
    assert len(told) >= 50
    assert told == sorted(told)
    assert big_file.stat().st_size / 2 < told[-1] <= big_file.stat().st_size


def test_a_terminal_sees_a_progress_bar_on_standard_error(big_file, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    with progress(str(big_file)) as advance:
        advance(big_file.stat().st_size // 4)
    assert "25%" in sys.stderr.getvalue()
    assert capsys.readouterr().out == ""


def test_where_nobody_watches_there_is_no_progress_bar(big_file, capsys):
    with progress(str(big_file)) as advance:
        advance(1000)
    assert capsys.readouterr() == ("", "")


# --- memory of a whole import ---


@pytest.mark.slow
def test_importing_four_times_the_members_takes_no_more_memory(run, csv_file):
    people = crowd(11_000)
    cuts = {"first": people[:1000], "few": people[1000:3000], "many": people[3000:]}
    files = {name: csv_file(table("members", *rows), name=name) for name, rows in cuts.items()}
    run("import", "members", files["first"])  # what is loaded once and stays
    few, many = (peak_of(lambda name=name: run("import", "members", files[name])) for name in ("few", "many"))
    assert count(Member, phone="", joined_on=date(2015, 7, 1)) == 11_000
    assert many < 1.3 * few
