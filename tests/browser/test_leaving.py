"""R14, R35-R39 in Chromium: 军门第一支部 → 省外, the letter edited, printed, its receipt attached, confirmed."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect
from pypdf import PdfReader
from sqlalchemy import select

from models import Transfer, db
from tests.browser.panel import look, press, sign_in
from tests.support.browser import PHONE

pytestmark = pytest.mark.browser

BRANCH, STREET, COUNTY = "军门第一支部", "东街街道工委", "鼓楼区委"
ADDRESSEE = "中共杭州市西湖区委组织部"


def liaison(new_page, organization, address):
    page = sign_in(new_page(), f"{organization}联络员")
    page.goto(address)
    return page


@pytest.mark.parametrize("live_server", ["sqlite", "postgresql"], indirect=True)
def test_r39_a_member_leaves_the_province_with_a_letter(new_page, fujian, tmp_path):
    member = sign_in(new_page(PHONE), "林小雨")
    member.goto("/transfers/apply")
    member.get_by_role("link", name="转出省外").click()
    member.get_by_label("介绍信抬头").fill(ADDRESSEE)
    member.get_by_label("转出原因").fill("工作调动")
    member.get_by_label("党费缴纳至").fill(member.get_by_label("党费缴纳至").get_attribute("max"))
    look(member, "leave-apply")
    member.get_by_role("button", name="上报").click()
    member.get_by_role("dialog").get_by_role("button", name="确认").click()
    expect(member.locator(".flash.success")).to_contain_text("已上报")
    address = member.url

    for organization in (BRANCH, "军门社区总支"):
        press(liaison(new_page, organization, address), "通过")

    street = liaison(new_page, STREET, address)
    street.get_by_role("link", name="查看介绍信").click()
    street.get_by_label("去（转往单位）").fill("浙江省杭州市西湖区北山街道")
    street.get_by_role("button", name="保存").click()
    expect(street.locator(".flash.success")).to_contain_text("已保存介绍信")
    look(street, "letter-edit")
    street.goto(address)
    expect(street.locator(".log")).to_contain_text("浙江省杭州市西湖区北山街道")
    press(street, "通过")

    county = liaison(new_page, COUNTY, address)
    county.get_by_role("link", name="查看介绍信").click()
    expect(county.locator("main")).to_contain_text("打印或下载后介绍信即定稿")
    with county.expect_download() as download:
        county.get_by_role("button", name="下载").click()
    (page,) = PdfReader(download.value.path()).pages
    text = page.extract_text().replace("\n", "")
    assert all(words in text for words in (ADDRESSEE, fujian.member("林小雨").id_number, "浙江省杭州市西湖区北山街道"))
    county.reload()
    expect(county.locator("h1 .pill")).to_have_text("已定稿")
    look(county, "letter-frozen")
    county.goto(address)
    press(county, "通过")
    county.goto("/letters/")
    county.get_by_label("选择 林小雨 的转接").check()
    with county.expect_download() as download:
        county.get_by_role("button", name="打印所选").click()
    assert len(PdfReader(download.value.path()).pages) == 1
    expect(county.locator(".drawing")).to_be_hidden()
    county.goto(address)
    press(county, "确认报到")
    expect(county.locator(".flash.error")).to_contain_text("请先在记录中上传介绍信回执联")

    picture = io.BytesIO()
    Image.new("RGB", (900, 600), "#fdf6e3").save(picture, "JPEG")
    county.get_by_label("类别").select_option(label="介绍信回执联")
    county.locator("input[type=file]").set_input_files(
        {"name": "回执.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}
    )
    county.get_by_role("button", name="上传", exact=True).click()
    expect(county.locator("#attachments .file")).to_have_count(1)
    look(county, "receipt")
    press(county, "确认报到")
    expect(county.locator(".pill").first).to_have_text("已办结")
    db.session.commit()
    assert fujian.member("林小雨").organization.name == "省外组织"
    assert db.session.scalars(select(Transfer.state)).one() == "completed"


def test_r19_why_a_letter_is_not_printed_stands_where_it_would_and_its_form_stays_open(new_page, fujian):
    transfer = fujian.apply("林小雨", "省外组织", kind_code="out_of_province", addressee=ADDRESSEE)
    fujian.bring(transfer, COUNTY)
    county = liaison(new_page, COUNTY, f"/letters/{transfer.key}")
    county.get_by_role("button", name="打印").click()
    frame = county.frame_locator("iframe[name=letter]")
    expect(frame.get_by_role("alert")).to_contain_text("介绍信还缺少“去（转往单位）”")
    look(county, "letter-lacking")
    county.problems.clear()  # the browser notes the 422
    expect(county.get_by_role("button", name="保存")).to_be_enabled()
