"""R15, R40-R44 in Chromium: look-up, claim and create, refusal, objection and 改派, the receipt at the end."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect
from pypdf import PdfReader

from models import db
from tests.browser.panel import look, pick, press, sign_in
from tests.support.browser import PHONE
from tests.world import NEW_NUMBER, NEWCOMER

pytestmark = pytest.mark.browser

BRANCH, SISTER, GENERAL, STREET, COUNTY = "军门第一支部", "军门第二支部", "军门社区总支", "东街街道工委", "鼓楼区委"


def photo(name="介绍信.jpg"):
    picture = io.BytesIO()
    Image.new("RGB", (900, 600), "#fdf6e3").save(picture, "JPEG")
    return {"name": name, "mimeType": "image/jpeg", "buffer": picture.getvalue()}


def liaison(new_page, organization, address="/transfers/?tab=in", *size):
    page = sign_in(new_page(*size), f"{organization}联络员")
    page.goto(address)
    return page


def search(page, number):
    """From 转入记录 to what the look-up finds."""
    page.get_by_role("link", name="申请", exact=True).click()
    page.get_by_label("党员身份证号").fill(number)
    page.get_by_role("button", name="查找").click()


def choose_area(page, **codes):
    """省 ▸ 市 ▸ 县, each as soon as it is offered."""
    for name, label in codes.items():
        box = page.locator(f"select[name={name}]")
        expect(box.locator("option", has_text=label)).to_have_count(1)
        box.select_option(label=label)


def send(page, name):
    """上报, and yes."""
    page.get_by_role("button", name="上报", exact=True).click()
    window = page.get_by_role("dialog")
    expect(window).to_contain_text(f"上报 {name} 的转接？")
    expect(window).to_contain_text(f"上报后送 {COUNTY}。")
    window.get_by_role("button", name="确认").click()
    expect(page.locator(".flash.success")).to_contain_text(f"已上报 {name} 的转接，现送 {COUNTY}。")


@pytest.mark.parametrize("live_server", ["sqlite", "postgresql"], indirect=True)
def test_r43_a_claimed_member_comes_back_and_the_receipt_is_printed(new_page, fujian):
    county = liaison(new_page, COUNTY)
    search(county, fujian.member("马海涛").id_number)
    expect(county.get_by_role("heading", level=1)).to_have_text("领回并登记转入")
    choose_area(county, province="北京市", county="海淀区")
    expect(county.get_by_label("市（地、州、盟）")).to_be_hidden()
    county.get_by_label("原所属党支部").fill("中关村街道第二党支部")
    county.get_by_label("回执联抬头").fill("中共北京市海淀区委组织部")
    pick(county, "拟转入支部", BRANCH)
    expect(county.locator("[data-route]")).to_contain_text("6 个环节")
    county.get_by_label("党费缴交至").fill(county.get_by_label("党费缴交至").get_attribute("max"))
    county.get_by_label("转接理由").fill("回榕工作")
    county.locator("[name=files]").set_input_files([photo("一.jpg"), photo("二.jpg")])
    look(county, "enter-claim")
    send(county, "马海涛")
    look(county, "entering")
    address = county.url
    press(county, "通过")
    for organization in (STREET, GENERAL, BRANCH):
        press(liaison(new_page, organization, address), "通过")
    branch = liaison(new_page, BRANCH, address, PHONE)
    press(branch, "确认报到")
    expect(branch.locator(".pill").first).to_have_text("已办结")
    db.session.commit()
    assert fujian.member("马海涛").organization.name == BRANCH

    street = liaison(new_page, STREET, address)
    look(street, "entered")
    answer = street.request.post(
        f"{address}/receipt.pdf",
        form={"csrf_token": street.locator("[name=csrf_token]").first.input_value()},
        headers={"Referer": address},
    )
    said = re.sub(r"\s", "", PdfReader(io.BytesIO(answer.body())).pages[0].extract_text())
    assert "中共北京市海淀区委组织部" in said and "马海涛同志的党员组织关系已转达我处" in said
    street.reload()
    expect(street.locator(".log")).to_contain_text("出具回执")


def test_r41_a_new_member_is_entered_on_a_phone_and_nothing_typed_or_uploaded_is_lost(new_page, fujian):
    county = liaison(new_page, COUNTY, "/transfers/?tab=in", PHONE)
    search(county, NEW_NUMBER)
    expect(county.get_by_role("heading", level=1)).to_have_text("新登记并转入")
    county.get_by_label("姓名").fill(NEWCOMER["name"])
    county.get_by_label("性别").select_option(label="女")
    county.get_by_label("民族").select_option(label="壮族")
    county.get_by_label("党员类别").select_option(label="正式")
    choose_area(county, province="广东省", city="深圳市", county="南山区")
    county.locator("[name=files]").set_input_files([photo()])
    county.get_by_role("button", name="上报", exact=True).click()
    expect(county.get_by_text("性别与身份证号第17位不符")).to_be_visible()
    expect(county.get_by_label("姓名")).to_have_value(NEWCOMER["name"])
    expect(county.get_by_label("县（市、区、旗）")).to_have_value("440305")
    expect(county.locator(".held input")).to_be_checked()
    look(county, "enter-wrong")
    county.problems.clear()  # the browser notes the 422
    county.get_by_label("性别").select_option(label="男")
    expect(county.get_by_text("性别与身份证号第17位不符")).to_be_hidden()
    county.get_by_label("原所属党支部").fill("科技园社区第一支部")
    county.get_by_label("回执联抬头").fill("中共深圳市南山区委组织部")
    pick(county, "拟转入支部", SISTER)
    expect(county.locator("[data-route]")).to_contain_text("6 个环节")
    county.get_by_label("党费缴交至").fill(county.get_by_label("党费缴交至").get_attribute("max"))
    county.get_by_label("转接理由").fill("回榕工作")
    send(county, NEWCOMER["name"])
    expect(county.locator("#attachments .file")).to_have_count(1)
    look(county, "entering")
    assert fujian.member(NEWCOMER["name"]).organization.name == "临时党组织"


def test_r41_who_belongs_to_the_province_is_refused_and_sent_the_other_way(new_page, fujian):
    county = liaison(new_page, COUNTY)
    search(county, "990102900307601")
    expect(county.locator(".help.bad")).to_contain_text("15位的旧身份证号")
    county.problems.clear()  # the browser notes the 422
    county.get_by_label("党员身份证号").fill(fujian.member("黄志明").id_number)
    county.get_by_role("button", name="查找").click()
    expect(county.get_by_role("alert")).to_contain_text("该党员的组织关系已在省内（龙岩市委），不能从省外转入")
    expect(county.locator("main")).not_to_contain_text("黄志明")
    look(county, "enter-refused")


def test_r44_the_branch_objects_and_the_general_branch_sees_the_route_and_sends_it_on(new_page, fujian):
    transfer = fujian.liaison_of(COUNTY).enter(fujian.member("马海涛").id_number, COUNTY, BRANCH)
    fujian.bring(transfer, BRANCH)
    branch = liaison(new_page, BRANCH, f"/transfers/{transfer.key}")
    press(branch, "异议反馈", "不住在本支部片区")
    general = liaison(new_page, GENERAL, f"/transfers/{transfer.key}")
    general.locator(".actbar").get_by_text("改派", exact=True).click()
    pick(general, "改派到", SISTER)
    route = general.locator("[data-route]")
    expect(route).to_contain_text("2 个环节")
    expect(route).to_contain_text(SISTER)
    look(general, "reassign-entering")
    general.get_by_role("button", name="改派", exact=True).click()
    expect(general.locator(".pill").first).to_have_text(f"待{SISTER}接收")


def test_r42_the_divisions_are_chosen_by_keyboard(new_page, fujian):
    county = liaison(new_page, COUNTY)
    search(county, fujian.member("孙丽娜").id_number)
    province, city, district = (county.locator(f"select[name={name}]") for name in ("province", "city", "county"))
    province.focus()
    county.keyboard.press("ArrowDown")
    expect(province).to_have_value("11")
    expect(city).to_be_hidden()
    expect(district.locator("option", has_text="东城区")).to_have_count(1)
    county.keyboard.press("Tab")
    county.keyboard.press("ArrowDown")
    expect(district).to_have_value("110101")
    province.focus()
    county.keyboard.press("End")
    expect(province).to_have_value("71")
    expect(city).to_be_hidden()
    expect(district).to_be_hidden()


def test_r42_a_province_that_was_chosen_before_the_script_was_there_has_its_cities(new_page, fujian):
    county = liaison(new_page, COUNTY)
    held = []
    county.route("**/areas.js*", lambda route: held.append(route))
    search(county, fujian.member("孙丽娜").id_number)
    county.locator("select[name=province]").select_option(label="广东省")
    held[0].continue_()
    choose_area(county, city="深圳市", county="南山区")
    expect(county.locator("select[name=county]")).to_have_value("440305")


def test_r42_photos_that_are_too_large_are_not_sent_and_nothing_typed_is_lost(new_page, fujian, tmp_path):
    county = liaison(new_page, COUNTY)
    search(county, fujian.member("马海涛").id_number)
    county.get_by_label("原所属党支部").fill("科技园社区第一支部")
    large = tmp_path / "大.jpg"
    large.write_bytes(bytes(16 * 1024 * 1024))
    files = county.locator("[name=files]")
    files.set_input_files(large)
    county.get_by_role("button", name="上报", exact=True).click()
    expect(files).to_be_focused()
    assert "“大.jpg”超过 15 MB" in files.evaluate("input => input.validationMessage")
    files.set_input_files([photo()])
    county.get_by_role("button", name="上报", exact=True).click()
    expect(county.locator(".held input")).to_be_checked()
    expect(county.get_by_label("原所属党支部")).to_have_value("科技园社区第一支部")
    county.problems.clear()  # the browser notes the 422


def test_r42_without_scripts_the_form_comes_back_with_what_is_inside_the_province(browser, live_server, fujian):
    context = browser.new_context(base_url=live_server.base_url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/session/sign-in")
    page.get_by_label("用户名").fill(f"{COUNTY}联络员")
    page.get_by_label("密码").fill(fujian.password)
    page.get_by_role("button", name="登录", exact=True).click()
    page.goto("/transfers/enter")
    page.get_by_label("党员身份证号").fill(fujian.member("马海涛").id_number)
    page.get_by_role("button", name="查找").click()
    page.get_by_label("省（自治区、直辖市）").select_option(label="广东省")
    page.locator("[name=files]").set_input_files([photo()])
    page.get_by_role("button", name="上报", exact=True).click()
    expect(page.locator("select[name=city] option", has_text="深圳市")).to_have_count(1)
    expect(page.locator(".held input")).to_be_checked()
    context.close()
