"""R38 in Chromium: files are sent and removed by hand, photos looked at by mouse and by keyboard alone."""

import pytest
from playwright.sync_api import expect

from tests.attachments import files
from tests.attachments.parts import COUNTY, RECEIPT, attach, rows
from tests.browser.panel import look, sign_in
from tests.support.browser import PHONE

pytestmark = pytest.mark.browser


@pytest.fixture
def app(live_server):
    """The application that is served."""
    with live_server.app.app_context():
        yield live_server.app


@pytest.fixture
def transfer(fujian, leaving, folder):
    return leaving(confirming=True)


@pytest.fixture
def photos(fujian, transfer, store):
    """Two photos and a PDF between them."""
    sent = [
        ("一.jpg", files.picture()),
        ("二.pdf", files.pdf()),
        ("三.png", files.picture("PNG", (300, 900), (20, 80, 160))),
    ]
    return [
        attach(fujian.liaison_of(COUNTY), transfer, store, RECEIPT, name=name, content=content)
        for name, content in sent
    ]


def opened(new_page, transfer, viewport=None):
    at = sign_in(new_page(viewport) if viewport else new_page(), f"{COUNTY}联络员")
    at.goto(f"/transfers/{transfer.key}")
    return at


def test_several_files_are_sent_and_one_is_removed_after_a_question(new_page, transfer, tmp_path):
    at = opened(new_page, transfer)
    sent = {"存根.jpg": files.picture(size=(2000, 1500)), "存根.pdf": files.pdf(), "不是.jpg": files.EXE}
    for name, content in sent.items():
        (tmp_path / name).write_bytes(content)
    at.get_by_label("类别").select_option("介绍信存根联")
    at.get_by_label("文件").set_input_files([tmp_path / name for name in sent])
    at.get_by_role("button", name="上传").click()
    expect(at.locator(".flash.success")).to_have_count(2)
    expect(at.locator(".flash.error")).to_contain_text("“不是.jpg”的内容不是")
    at.get_by_role("button", name="移除 存根.pdf").click()
    asked = at.get_by_role("dialog")
    expect(asked).to_contain_text("移除“存根.pdf”？")
    look(at, "attachments-remove")
    asked.get_by_role("button", name="移除", exact=True).click()
    expect(at.locator(".file")).to_have_count(1)
    assert [row.removed_at is None for row in rows()] == [True, False]


def test_what_is_too_large_is_said_before_it_is_sent(new_page, transfer, tmp_path):
    at = opened(new_page, transfer)
    (tmp_path / "大.jpg").write_bytes(bytes(16 * files.MEGABYTE))
    chosen = at.get_by_label("文件")
    chosen.set_input_files(tmp_path / "大.jpg")
    assert chosen.evaluate("input => input.validationMessage") == "“大.jpg”超过 15 MB，请缩小后再试。"


def test_photos_are_looked_at_by_keyboard_alone(new_page, transfer, photos):
    at = opened(new_page, transfer)
    look(at, "attachments")
    at.locator("a[data-light]").first.focus()
    at.keyboard.press("Enter")
    box = at.get_by_role("dialog", name="查看照片")
    expect(box).to_be_visible()
    expect(box.get_by_role("img")).to_have_attribute("alt", "介绍信回执联 · 一.jpg")
    look(at, "attachments-lightbox")
    at.keyboard.press("ArrowRight")
    expect(box).to_contain_text("介绍信回执联 · 三.png 2 / 2")
    assert box.get_by_role("img").evaluate("image => image.decode().then(() => image.naturalHeight)") == 900
    at.keyboard.press("ArrowRight")
    expect(box).to_contain_text("1 / 2")
    at.keyboard.press("ArrowLeft")
    at.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(at.locator("a[data-light]").last).to_be_focused()  # where one was last


def test_on_a_phone_they_fit(new_page, transfer, photos):
    at = opened(new_page, transfer, PHONE)
    look(at, "attachments")
    at.locator("a[data-light]").last.click()
    look(at, "attachments-lightbox")
    at.get_by_role("button", name="关闭").click()
    expect(at.locator("#lightbox")).to_be_hidden()


def test_without_scripts_a_photo_opens_by_itself_and_removing_works(browser, live_server, transfer, photos):
    context = browser.new_context(base_url=live_server.base_url, java_script_enabled=False)
    at = sign_in(context.new_page(), f"{COUNTY}联络员")
    at.goto(f"/transfers/{transfer.key}")
    with context.expect_page() as shown:
        at.locator("a[data-light]").first.click()
    assert shown.value.url.endswith(f"/attachments/{photos[0].key}")
    at.get_by_role("button", name="移除 一.jpg").click()
    assert [row.removed_at is None for row in rows()] == [False, True, True]
    context.close()
