"""Imports as files: encodings, headers, quoting, blank lines, dry runs, all or nothing, standard input."""

import re

import pytest

from models import Organization
from tests.commands.shell import CODE, COLUMNS, ERROR_LINE, count, everything, grant, one, org, person, run, table

ROWS = {"orgs": org("n1"), "members": person(100), "grants": grant("卫健局管理员", "鼓楼区卫健局党委")}
WRONG = {"orgs": org("n2", level="9"), "members": person(101, ethnicity="汉"), "grants": grant("新管理员")}
KINDS = pytest.mark.parametrize("what", ["orgs", "members", "grants"])


def names() -> set[str]:
    return {row.name for row in everything()["organization"]}


# --- encodings ---


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("name", ["古田镇机关二支部", "䶮㛃喆堃支部", "\U0002cb2d支部"])  # the last needs four bytes
def test_utf_8_with_and_without_bom_and_gb18030_are_read(run, csv_file, encoding, name):
    outcome = run("import", "orgs", csv_file(table("orgs", org("n1", name=name)), encoding))
    assert (outcome.status, outcome.err) == (0, "")
    assert one(Organization, code="n1").name == name


@pytest.mark.parametrize("content", ["组织".encode("utf-16"), b"code,name\n\xff\xff\n", b"\xef\xbb\xbfcode\n\xff\xff"])
def test_another_encoding_is_refused_in_one_line(run, csv_file, content):
    outcome = run("import", "orgs", csv_file(content))
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert "UTF-8" in outcome.err


# --- the header ---


def test_the_columns_may_stand_in_any_order_with_blanks_around_them(run, csv_file):
    row = org("n1", name="新支部")
    order = sorted(row, reverse=True)
    content = f"{' , '.join(order)}\n{','.join(row[column] for column in order)}\n"
    assert run("import", "orgs", csv_file(content)).status == 0
    assert one(Organization, code="n1").name == "新支部"


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("code,name,kind,parent_code,level,contact_name", {"contact_phone"}),
        ("code,name,kind,parent_code,contact_name", {"level", "contact_phone"}),
        ("code,name,kind,parent_code,level,contact_name,phone", {"phone", "contact_phone"}),
        ("code,name,kind,parent_code,level,contact_name,contact_phone,fax", {"fax"}),
        ("code,name,kind,parent_code,level,contact_name,contact_phone,name", {"name"}),
        ("组织代码,name,kind,parent_code,level,contact_name,contact_phone", {"组织代码", "code"}),
    ],
)
def test_a_wrong_header_is_an_error_of_row_1_and_nothing_more(run, csv_file, header, named):
    outcome = run("import", "orgs", csv_file(f"{header}\n,,,,,,\n"))
    assert outcome.status == 1
    assert sorted(outcome.places) == sorted(f"row 1, column {column}" for column in named)


@KINDS
def test_a_file_without_even_a_header_is_an_error_of_row_1(run, csv_file, what):
    outcome = run("import", what, csv_file(""))
    assert outcome.status == 1
    assert outcome.places == [f"row 1, column {column}" for column in COLUMNS[what]]


@KINDS
def test_a_header_alone_is_an_empty_import(run, csv_file, what):
    before = everything()
    outcome = run("import", what, csv_file(table(what)))
    assert (outcome.status, outcome.err) == (0, "")
    assert everything() == before


# --- cells, quotes, lines ---


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_each_kind_of_line_end_will_do(run, csv_file, line_end):
    content = table("orgs", org("n1"), org("n2")).replace("\n", line_end)
    assert run("import", "orgs", csv_file(content)).status == 0
    assert count(Organization, level_rank=7, code="n2") == 1


def test_the_last_line_needs_no_end(run, csv_file):
    assert run("import", "orgs", csv_file(table("orgs", org("n1")).rstrip("\n"))).status == 0
    assert count(Organization, code="n1") == 1


def test_quoted_commas_and_doubled_quotes_belong_to_the_cell(bring):
    assert bring("orgs", org("n1", name='"红旗",第一支部')).status == 0
    assert '"红旗",第一支部' in names()


def test_blanks_around_a_cell_do_not_belong_to_it(bring):
    assert bring("orgs", org(" n1\t", name="\u3000新支部 ", kind=" branch", level=" 7 ")).status == 0
    assert one(Organization, code="n1").name == "新支部"


def test_blank_lines_are_skipped_and_counted(run, csv_file):
    header, *rows = table("orgs", org("n1"), org("n2", level="9")).splitlines()
    content = "\n".join([header, "", rows[0], " , ,,,,,", "", rows[1], ""])
    assert run("import", "orgs", csv_file(content)).places == ["row 6, column level"]


def test_a_cell_of_two_lines_is_one_row_as_a_spreadsheet_counts(bring):
    outcome = bring("orgs", org("n1", contact_name="王\n干事"), org("n2", level="9"))
    assert outcome.places == ["row 2, column contact_name", "row 3, column level"]


@pytest.mark.parametrize(
    ("cells", "column"), [("n1,新支部", "kind"), ("n1,新支部,branch,,7,,0591-1,多", "contact_phone")]
)
def test_too_few_and_too_many_cells_are_errors_of_their_row(run, csv_file, cells, column):
    outcome = run("import", "orgs", csv_file(table("orgs", org("n2")) + cells + "\n"))
    assert (outcome.status, outcome.places) == (1, [f"row 3, column {column}"])


@pytest.mark.parametrize("cells", ['n1,"新支部,branch,,7,,', 'n1,"新"支部,branch,,7,,', f"n1,{'支' * 200_000},,,,,"])
def test_quotes_that_do_not_close_and_monstrous_cells_are_errors_of_their_row(run, csv_file, cells):
    outcome = run("import", "orgs", csv_file(table("orgs", org("n2")) + cells + "\n"))
    assert (outcome.status, len(outcome.errors)) == (1, 1)
    assert outcome.err.startswith("row 3, column ")
    assert "n2" not in {row.code for row in everything()["organization"]}


# --- errors ---


@KINDS
def test_each_error_is_one_line_on_standard_error_with_row_column_and_reason(bring, what):
    outcome = bring(what, ROWS[what], WRONG[what])
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert re.fullmatch(ERROR_LINE, outcome.errors[0])


@pytest.mark.parametrize("cell", ["a\nb", "a\r\nrow 9, column x: y", "a\x1b[31mb", "a\u2028b", "x" * 3000])
def test_what_stands_in_a_cell_cannot_break_the_line_of_its_error(bring, cell):
    outcome = bring("orgs", org("n1", kind=cell), org("n2", parent_code=cell.strip()[:30]))
    assert all(re.fullmatch(ERROR_LINE, line) for line in outcome.errors)
    assert {place.partition(",")[0] for place in outcome.places} == {"row 2", "row 3"}
    assert "\x1b" not in outcome.err
    assert max(map(len, outcome.errors)) < 500


@KINDS
def test_errors_beyond_two_hundred_are_one_line_that_says_so(bring, what):
    outcome = bring(what, *[WRONG[what]] * 300)
    assert (outcome.status, len(outcome.errors)) == (1, 201)
    assert "200" in outcome.errors[-1]


@KINDS
def test_after_a_file_that_was_given_up_the_next_is_read_as_ever(bring, what):
    bring(what, ROWS[what], *[WRONG[what]] * 300)
    assert bring(what, ROWS[what]).status == 0


# --- all or nothing, dry runs ---


@KINDS
def test_one_wrong_row_and_nothing_of_the_file_is_saved(bring, what):
    before = everything()
    assert bring(what, ROWS[what], WRONG[what]).status == 1
    assert everything() == before


@KINDS
def test_a_right_file_changes_what_a_dry_run_leaves_alone(bring, what):
    before = everything()
    outcome = bring(what, ROWS[what], options=["--dry-run"])
    assert (outcome.status, outcome.err) == (0, "")
    assert "共1行，新增1" in outcome.out
    assert everything() == before
    bring(what, ROWS[what])
    assert everything() != before


@KINDS
def test_a_dry_run_tells_the_same_errors_with_the_same_status(bring, what):
    dry = bring(what, ROWS[what], WRONG[what], options=["--dry-run"])
    assert dry == bring(what, ROWS[what], WRONG[what])
    assert dry.status == 1


# --- where the file is ---


@pytest.mark.parametrize("file", ["no-such-file.csv", "."])
def test_a_file_that_cannot_be_opened_is_one_line(run, file):
    outcome = run("import", "orgs", file)
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)


def test_a_dash_is_standard_input(app):
    content = table("orgs", org("n1", name="新支部")).encode("gb18030")
    assert run(app, "import", "orgs", "-", stdin=content).status == 0
    assert one(Organization, code="n1").name == "新支部"


def test_the_codes_of_these_rows_are_those_of_the_world(fujian):
    assert fujian.org("东街街道工委").code == CODE["东街街道工委"]
