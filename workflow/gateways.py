"""Ways out for an SMS: console, file, webhook, Alibaba Cloud. Which one is a setting; none of them knows the outbox.

A sentence comes without the sender's signature; the gateway puts it where its own side wants it. The reason of a
failure goes into the database and onto a page, so it is never in the words of a library or a server: they quote phones.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import urllib3

from models import MessageKind, clock
from workflow.errors import N_

TIMEOUT = 10
"""Seconds after which a gateway counts as silent; less than any sensible lease of the outbox."""
SETTINGS = (
    "SMS_GATEWAY",
    "SMS_SIGNATURE",
    "SMS_FILE",
    "SMS_WEBHOOK_URL",
    "SMS_WEBHOOK_SECRET",
    "SMS_ALIYUN_KEY_ID",
    "SMS_ALIYUN_KEY_SECRET",
    "SMS_ALIYUN_TEMPLATES",
)
SIGNATURE = "转接"
ALIYUN_ENDPOINT = "dysmsapi.aliyuncs.com"
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")


@dataclass(frozen=True)
class Sms:
    """What goes out. `key` is the same at every attempt; `params` are what the sentence of the kind was filled with."""

    key: str
    phone: str
    text: str
    kind: MessageKind
    params: Mapping[str, str]


class NotDelivered(Exception):
    """The gateway did not take it. `reason` holds neither phone nor code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SettingsError(Exception):
    """A gateway cannot work with its settings; the sentence is for the operator."""


class Gateway(Protocol):
    def send(self, sms: Sms) -> None:
        """Hand one message over and return once it was taken. Raises `NotDelivered`."""


@dataclass(frozen=True)
class Console:
    """Prints phone and text, codes too: that is what it is for."""

    signature: str

    def send(self, sms: Sms) -> None:
        print(f"{sms.phone} {_signed(sms, self.signature)}", flush=True)


@dataclass(frozen=True)
class File:
    """One JSON line a message, on the disk before it counts as sent."""

    signature: str
    path: str

    def send(self, sms: Sms) -> None:
        line = f"{json.dumps(_told(sms, self.signature), ensure_ascii=False)}\n".encode()
        try:
            # Codes stand in it in clear, so nobody else may read it. One write, so that two senders never mix lines.
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                whole = os.write(file, line) == len(line)
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            raise NotDelivered(error.strerror or type(error).__name__) from error
        if not whole:
            raise NotDelivered(N_("文件没有写完整"))


@dataclass(frozen=True)
class Webhook:
    """POSTs JSON; the receiver proves by the signature who sent it, and by the timestamp that it is no replay.

    Signed is ``timestamp + "." + body`` with HMAC-SHA256; only an answer of 2xx counts as taken.
    """

    signature: str
    url: str
    secret: str
    timeout: float = TIMEOUT

    def send(self, sms: Sms) -> None:
        body = json.dumps(_told(sms, self.signature), ensure_ascii=False).encode()
        timestamp = str(int(clock.now().timestamp()))
        signed = hmac.new(self.secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": sms.key,
            "X-Timestamp": timestamp,
            "X-Signature": f"sha256={signed}",
        }
        try:
            # Redirected, a phone would go where nobody configured. Trying again is the outbox's business.
            answer = urllib3.request(
                "POST",
                self.url,
                body=body,
                headers=headers,
                timeout=urllib3.Timeout(total=self.timeout),
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except urllib3.exceptions.ReadTimeoutError as error:
            raise NotDelivered(N_("短信网关没有及时应答")) from error
        except urllib3.exceptions.HTTPError as error:
            raise NotDelivered(N_("连接不上短信网关")) from error
        status = answer.status
        answer.close()
        if not 200 <= status < 300:
            raise NotDelivered(f"HTTP {status}")


@dataclass(frozen=True)
class Aliyun:
    """Alibaba Cloud's SendSms. It takes no text: each kind has a template there, filled with the same parameters."""

    signature: str
    client: Any
    request: Callable[..., Any]
    templates: Mapping[MessageKind, str]

    def send(self, sms: Sms) -> None:
        request = self.request(
            phone_numbers=sms.phone,
            sign_name=self.signature,
            template_code=self.templates[sms.kind],
            template_param=json.dumps(dict(sms.params), ensure_ascii=False),
            out_id=sms.key,
        )
        try:
            code = self.client.send_sms(request).body.code
        except Exception as error:  # its errors share no class, and their words quote the address with the phone
            raise NotDelivered(_code_of(error)) from error
        if code != "OK":
            raise NotDelivered(_checked(code, "isv.UNKNOWN"))


def gateway(settings: Mapping[str, str]) -> Gateway:
    """The gateway that SMS_GATEWAY names, made of the SMS_* settings. Raises `SettingsError`."""
    name = settings.get("SMS_GATEWAY") or "console"
    if name not in _MAKERS:
        raise SettingsError(f"SMS_GATEWAY 应为 {'、'.join(_MAKERS)} 之一，不能是“{name}”。")
    return _MAKERS[name](settings, settings.get("SMS_SIGNATURE") or SIGNATURE)


def _file(settings: Mapping[str, str], signature: str) -> Gateway:
    [path] = _needed(settings, "SMS_FILE")
    return File(signature, path)


def _webhook(settings: Mapping[str, str], signature: str) -> Gateway:
    url, secret = _needed(settings, "SMS_WEBHOOK_URL", "SMS_WEBHOOK_SECRET")
    if not url.startswith(("https://", "http://")):
        raise SettingsError("SMS_WEBHOOK_URL 应以 https:// 或 http:// 开头。")
    return Webhook(signature, url, secret)


def _aliyun(settings: Mapping[str, str], signature: str) -> Gateway:
    key_id, key_secret, pairs = _needed(settings, "SMS_ALIYUN_KEY_ID", "SMS_ALIYUN_KEY_SECRET", "SMS_ALIYUN_TEMPLATES")
    templates = _templates(pairs)
    try:
        from alibabacloud_dysmsapi20170525.client import Client
        from alibabacloud_dysmsapi20170525.models import SendSmsRequest
        from alibabacloud_tea_openapi.utils_models import Config
    except ImportError as error:
        raise SettingsError(
            "阿里云短信需要另外安装：.venv/bin/uv pip install --python .venv -r pyproject.toml --extra aliyun"
        ) from error
    config = Config(
        access_key_id=key_id,
        access_key_secret=key_secret,
        endpoint=ALIYUN_ENDPOINT,
        connect_timeout=TIMEOUT * 500,
        read_timeout=TIMEOUT * 1000,
    )
    return Aliyun(signature, Client(config), SendSmsRequest, templates)


_MAKERS: Mapping[str, Callable[[Mapping[str, str], str], Gateway]] = {
    "console": lambda _settings, signature: Console(signature),
    "file": _file,
    "webhook": _webhook,
    "aliyun": _aliyun,
}


def _needed(settings: Mapping[str, str], *names: str) -> list[str]:
    missing = [name for name in names if not settings.get(name)]
    if missing:
        raise SettingsError(f"缺少设置 {'、'.join(missing)}（见 README）。")
    return [settings[name] for name in names]


def _templates(pairs: str) -> dict[MessageKind, str]:
    """``code=SMS_1,arrived=SMS_2,…``: a template code for each kind, none left out."""
    given = dict(pair.strip().partition("=")[::2] for pair in pairs.split(","))
    missing = [kind.value for kind in MessageKind if not given.get(kind.value)]
    if missing:
        raise SettingsError(f"SMS_ALIYUN_TEMPLATES 缺少模板：{'、'.join(missing)}（见 README）。")
    return {kind: given[kind.value] for kind in MessageKind}


def _signed(sms: Sms, signature: str) -> str:
    return f"【{signature}】{sms.text}"


def _told(sms: Sms, signature: str) -> dict[str, str]:
    return {"key": sms.key, "kind": sms.kind.value, "phone": sms.phone, "text": _signed(sms, signature)}


def _code_of(error: Exception) -> str:
    """An error by its code or its class, never in its own words."""
    return _checked(getattr(error, "code", None), type(error).__name__)


def _checked(code: Any, otherwise: str) -> str:
    return code if isinstance(code, str) and _CODE.fullmatch(code) else otherwise
