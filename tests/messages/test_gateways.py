"""R32: the ways out. What a gateway did not take is told as such, without a phone or a code in the reason."""

import hashlib
import hmac
import json
import socket
import stat
import sys
from types import ModuleType, SimpleNamespace

import pytest

from models import MessageKind
from tests.messages.parts import CODE, PHONE, serving
from workflow import gateways
from workflow.gateways import NotDelivered, SettingsError, Sms

TEXT = f"您的验证码是{CODE}，5分钟内有效。"
SMS = Sms("a-key", PHONE, TEXT, MessageKind.CODE, {"code": CODE, "minutes": "5"})
SECRET = "a secret of the tests"
TEMPLATES = ",".join(f"{kind.value}=SMS_{number}" for number, kind in enumerate(MessageKind))
ALIYUN = {
    "SMS_GATEWAY": "aliyun",
    "SMS_ALIYUN_KEY_ID": "an-id",
    "SMS_ALIYUN_KEY_SECRET": "a-secret",
    "SMS_ALIYUN_TEMPLATES": TEMPLATES,
}


def not_delivered(gateway) -> str:
    """Why the gateway did not take it."""
    with pytest.raises(NotDelivered) as refused:
        gateway.send(SMS)
    assert PHONE not in refused.value.reason and CODE not in refused.value.reason
    return refused.value.reason


# --- Console, file ---


def test_the_console_prints_phone_and_text_with_the_signature(capsys):
    gateways.gateway({}).send(SMS)
    assert capsys.readouterr().out == f"{PHONE} 【转接】{TEXT}\n"


def test_the_signature_is_a_setting(capsys):
    gateways.gateway({"SMS_SIGNATURE": "福建党建"}).send(SMS)
    assert "【福建党建】" in capsys.readouterr().out


def test_the_file_gets_a_line_a_message_and_nobody_else_reads_it(tmp_path):
    path = tmp_path / "sms.jsonl"
    gateway = gateways.gateway({"SMS_GATEWAY": "file", "SMS_FILE": str(path)})
    gateway.send(SMS)
    gateway.send(SMS)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines == [{"key": "a-key", "kind": "code", "phone": PHONE, "text": f"【转接】{TEXT}"}] * 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_written_takes_nothing(tmp_path):
    assert not_delivered(gateways.File("转接", str(tmp_path / "nowhere" / "sms"))) == "No such file or directory"


def test_nor_one_that_was_not_written_in_full(tmp_path, monkeypatch):
    monkeypatch.setattr(gateways.os, "write", lambda _file, line: len(line) - 1)
    assert not_delivered(gateways.File("转接", str(tmp_path / "sms"))) == "文件没有写完整"


# --- Webhook ---


@pytest.fixture
def server():
    with serving() as server:
        yield server


def webhook(url: str, **more):
    return gateways.Webhook("转接", url, SECRET, **more)


def test_the_webhook_gets_json_that_its_signature_proves(server):
    webhook(server.url).send(SMS)
    [(headers, body)] = server.requests
    assert json.loads(body) == {"key": "a-key", "kind": "code", "phone": PHONE, "text": f"【转接】{TEXT}"}
    signed = headers["X-Timestamp"].encode() + b"." + body
    assert headers["X-Signature"] == "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["Content-Type"] == "application/json" and headers["Idempotency-Key"] == "a-key"
    assert SECRET not in str(server.requests)


@pytest.mark.parametrize("status", [201, 204])
def test_every_answer_of_2xx_counts_as_taken(server, status):
    server.status = status
    webhook(server.url).send(SMS)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [302, 307, 400, 500, 503])
def test_no_other_does_and_none_is_followed_or_repeated(server, status):
    server.status = status
    assert not_delivered(webhook(server.url)) == f"HTTP {status}"
    assert len(server.requests) == 1


def test_one_that_does_not_answer_in_time_did_not_take_it(server):
    server.answers.clear()
    assert not_delivered(webhook(server.url, timeout=0.2)) == "短信网关没有及时应答"


def test_nor_did_one_that_is_not_there():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        assert not_delivered(webhook(f"http://127.0.0.1:{nobody.getsockname()[1]}")) == "连接不上短信网关"


def test_it_waits_ten_seconds_by_default():
    made = gateways.gateway({"SMS_GATEWAY": "webhook", "SMS_WEBHOOK_URL": "https://x", "SMS_WEBHOOK_SECRET": SECRET})
    assert made == webhook("https://x", timeout=10)


# --- Alibaba Cloud ---


class Client:
    """What stands for Alibaba Cloud's: it notes, and answers `code` or raises it."""

    def __init__(self, config) -> None:
        self.config, self.asked, self.code = config, [], "OK"

    def send_sms(self, request):
        self.asked.append(vars(request))
        if isinstance(self.code, Exception):
            raise self.code
        return SimpleNamespace(body=SimpleNamespace(code=self.code))


@pytest.fixture
def aliyun(monkeypatch):
    """The gateway with the modules of the extra replaced: their names and signatures are those of version 4.6."""
    parts = {
        "alibabacloud_dysmsapi20170525": {},
        "alibabacloud_dysmsapi20170525.client": {"Client": Client},
        "alibabacloud_dysmsapi20170525.models": {"SendSmsRequest": SimpleNamespace},
        "alibabacloud_tea_openapi": {},
        "alibabacloud_tea_openapi.utils_models": {"Config": SimpleNamespace},
    }
    for name, contents in parts.items():
        module = ModuleType(name)
        vars(module).update(contents)
        monkeypatch.setitem(sys.modules, name, module)
    return gateways.gateway(ALIYUN)


def test_alibaba_cloud_gets_the_template_of_the_kind_and_what_it_is_filled_with(aliyun):
    aliyun.send(SMS)
    [asked] = aliyun.client.asked
    assert json.loads(asked.pop("template_param")) == {"code": CODE, "minutes": "5"}
    assert asked == {
        "phone_numbers": PHONE,
        "sign_name": "转接",
        "template_code": "SMS_0",
        "out_id": "a-key",
    }


def test_it_is_asked_with_our_key_at_its_own_address_and_not_for_ever(aliyun):
    assert vars(aliyun.client.config) == {
        "access_key_id": "an-id",
        "access_key_secret": "a-secret",
        "endpoint": "dysmsapi.aliyuncs.com",
        "connect_timeout": 5_000,
        "read_timeout": 10_000,
    }


class CloudError(Exception):
    def __init__(self, code=None) -> None:
        super().__init__(f"/?PhoneNumbers={PHONE}&TemplateParam={CODE}")
        self.code = code


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("isv.BUSINESS_LIMIT_CONTROL", "isv.BUSINESS_LIMIT_CONTROL"),
        (f"no {PHONE} here", "isv.UNKNOWN"),
        (None, "isv.UNKNOWN"),
        (CloudError("InvalidAccessKeyId.NotFound"), "InvalidAccessKeyId.NotFound"),
        (CloudError(), "CloudError"),
    ],
)
def test_what_it_refuses_is_told_by_its_code_alone(aliyun, answer, reason):
    aliyun.client.code = answer
    assert not_delivered(aliyun) == reason


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "alibabacloud_dysmsapi20170525", None)
    with pytest.raises(SettingsError, match="--extra aliyun"):
        gateways.gateway(ALIYUN)


def test_a_kind_without_a_template_is_found_before_anything_is_sent():
    some = TEMPLATES.replace("urge=SMS_6", "urge=").replace("arrived=SMS_1,", "")
    with pytest.raises(SettingsError, match="缺少模板：arrived、urge"):
        gateways.gateway({**ALIYUN, "SMS_ALIYUN_TEMPLATES": some})


# --- Choosing ---


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"SMS_GATEWAY": "pigeon"}, "console、file、webhook、aliyun"),
        ({"SMS_GATEWAY": "file"}, "SMS_FILE"),
        ({"SMS_GATEWAY": "webhook"}, "SMS_WEBHOOK_URL、SMS_WEBHOOK_SECRET"),
        ({"SMS_GATEWAY": "webhook", "SMS_WEBHOOK_URL": "https://x"}, "SMS_WEBHOOK_SECRET"),
        ({"SMS_GATEWAY": "webhook", "SMS_WEBHOOK_URL": "file:///x", "SMS_WEBHOOK_SECRET": "s"}, "https://"),
        ({"SMS_GATEWAY": "aliyun"}, "SMS_ALIYUN_KEY_ID、SMS_ALIYUN_KEY_SECRET、SMS_ALIYUN_TEMPLATES"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_is_named(settings, words):
    with pytest.raises(SettingsError, match=words):
        gateways.gateway(settings)
