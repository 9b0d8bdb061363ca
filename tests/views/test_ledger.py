"""【台账】 (R52): an organization, a period, one line a transfer; the same as XLSX."""

import io
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from models import AuditEntry, AuditEvent, clock, db
from tests.views.transfer_panel import copies, statements, text_of

STREET = "东街街道工委"


@pytest.fixture
def transfer(fujian):
    return fujian.transfer("林小雨", "军门第一支部", to="五龙村支部", at=STREET)


@pytest.fixture
def address(fujian):
    """`address("东街街道工委", tab="in")`: where the ledger of an organization stands."""

    def of(name, *, part="", **asked):
        query = "&".join(f"{key}={value}" for key, value in {"org": fujian.org(name).id, **asked}.items())
        return f"/ledger/{part}?{query}"

    return of


def test_r52_one_line_a_transfer_with_a_masked_number(transfer, visit, address):
    page = visit(f"{STREET}联络员").get(address(STREET))
    said = text_of(page)
    assert f"1 {transfer.number} 林小雨 990102********0020 正式 省内转接 军门第一支部 五龙村支部" in said
    assert "东街街道工委 · 转出记录" in said and "共 1 条" in said


def test_r52_incoming_is_a_ledger_of_its_own(transfer, visit, address):
    assert "林小雨" in text_of(visit("古田镇党委联络员").get(address("古田镇党委", tab="in")))
    assert "林小雨" not in text_of(visit("古田镇党委联络员").get(address("古田镇党委", tab="out")))


@pytest.mark.parametrize(("since", "until", "lines"), [(-1, 1, 1), (0, 0, 1), (1, 2, 0), (-2, -1, 0)])
def test_r52_both_days_of_the_period_are_in_it(transfer, visit, address, since, until, lines):
    days = {name: clock.today() + timedelta(days=n) for name, n in (("since", since), ("until", until))}
    assert visit(f"{STREET}联络员").get(address(STREET, **days)).text.count("林小雨") == lines


def test_r52_without_a_period_it_is_the_current_month(transfer, visit, address):
    page = visit(f"{STREET}联络员").get(address(STREET)).text
    assert f'name="since" value="{clock.today().replace(day=1)}"' in page


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"since": "2026-02-30", "until": "x"}, "林小雨"),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "开始日期晚于结束日期"),
        ({"since": "2020-01-01", "until": "2020-01-31"}, "这段时间没有记录"),
        ({"tab": "nonsense"}, "转出记录"),
    ],
)
def test_what_makes_no_sense_is_told(transfer, visit, address, asked, said):
    assert said in text_of(visit(f"{STREET}联络员").get(address(STREET, **asked)))


def test_without_an_organization_the_page_asks_for_one(transfer, visit):
    assert "请选择组织" in text_of(visit(f"{STREET}联络员").get("/ledger/"))


def test_somebody_elses_organization_is_not_found(transfer, visit, address):
    visitor = visit("上杭县委联络员")
    assert visitor.get(address(STREET)).status_code == 404
    assert visitor.post(address(STREET, part="export")).status_code == 404


def test_a_member_has_no_ledger(transfer, visit, address):
    assert visit("林小雨").get(address(STREET)).status_code == 403


def test_r52_the_file_holds_the_same_lines(transfer, visit, address):
    answer = visit(f"{STREET}联络员").post(address(STREET, part="export"))
    rows = list(load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True))
    assert rows[0][0] == "组织关系转接台账 转出记录 东街街道工委"
    assert rows[2][:4] == ("序号", "记录编号", "姓名", "身份证号")
    assert rows[3][:4] == (1, transfer.number, "林小雨", "990102********0020")
    assert len(rows) == 4


def test_r49_who_took_the_file_is_in_the_audit_log(transfer, visit, address):
    visit(f"{STREET}联络员").post(address(STREET, part="export"))
    db.session.commit()
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.event == AuditEvent.EXPORTED)).one()
    assert (entry.organization_name, "台账" in entry.subject) == (STREET, True)


def test_no_text_of_the_file_is_a_formula(fujian, visit, address):
    fujian.apply("林小雨", "五龙村支部", reason="=1+1")
    answer = visit(f"{STREET}联络员").post(address(STREET, part="export"))
    row = list(load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True))[3]
    assert "'=1+1" in row


def test_the_page_costs_as_many_statements_at_200_rows_as_at_10(transfer, visit, address):
    visitor = visit(f"{STREET}联络员")
    copies(transfer, 9)
    with statements() as few:
        visitor.get(address(STREET))
    copies(transfer, 190)
    with statements() as many:
        assert "共 200 条" in text_of(visitor.get(address(STREET)))
    assert len(many) == len(few)


def test_a_page_that_nobody_would_read_points_to_the_file(transfer, visit, address, monkeypatch):
    monkeypatch.setattr("admin_views.ledger.PRINTED", 5)
    copies(transfer, 9)
    said = text_of(visit(f"{STREET}联络员").get(address(STREET, since=date(2020, 1, 1))))
    assert "共 5 条" not in said and "只显示前 5 条" in said
