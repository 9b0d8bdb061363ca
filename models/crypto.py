"""ID numbers at rest: AES-GCM with a key id beside the text, and a keyed index for exact search.

``DATA_KEYS`` is ``id:base64 of 32 bytes`` entries, newest first, separated by commas: the first encrypts, all decrypt,
and the last (the oldest) keys the search index, which must not change when a newer key is put in front.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app

NONCE_BYTES = 12
KEY_BYTES = 32


class KeysMissing(RuntimeError):
    """Personal data was asked for, and ``DATA_KEYS`` is not set or cannot be read."""


@dataclass(frozen=True)
class Keyring:
    """The parsed ``DATA_KEYS``: key id -> 32 bytes, newest first."""

    keys: dict[str, bytes]

    @classmethod
    def parse(cls, text: str | None) -> Keyring:
        """Read the setting; raises `KeysMissing` with one line that says what is wrong."""
        if not text:
            raise KeysMissing("DATA_KEYS is not set: personal data can be neither read nor written.")
        keys: dict[str, bytes] = {}
        for entry in text.split(","):
            name, _, encoded = entry.strip().partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except ValueError:  # binascii.Error is one; text that is not ASCII raises the plain kind
                key = b""
            if not name or len(key) != KEY_BYTES:
                raise KeysMissing("DATA_KEYS must be entries like NAME:BASE64 of 32 bytes, separated by commas.")
            keys[name] = key
        return cls(keys)

    @property
    def _index_key(self) -> bytes:
        return hashlib.sha256(b"blind index" + list(self.keys.values())[-1]).digest()

    def seal(self, clear: str) -> str:
        """Encrypt; the result names its key: ``key id:base64(nonce + ciphertext)``."""
        name, key = next(iter(self.keys.items()))
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + AESGCM(key).encrypt(nonce, clear.encode(), name.encode())
        return f"{name}:{base64.b64encode(sealed).decode()}"

    def open(self, sealed: str) -> str:
        """Decrypt what `seal` made; raises `KeysMissing` where its key is not in the ring."""
        name, _, encoded = sealed.partition(":")
        if name not in self.keys:
            raise KeysMissing(f"DATA_KEYS has no key named {name}.")
        raw = base64.b64decode(encoded)
        return AESGCM(self.keys[name]).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], name.encode()).decode()

    def index(self, clear: str) -> str:
        """The blind index of a text: equal texts, equal index; nothing can be read back from it."""
        return hmac.new(self._index_key, clear.encode(), hashlib.sha256).hexdigest()


def keyring() -> Keyring:
    """The running application's keys; raises `KeysMissing`."""
    ring = current_app.extensions.get("keyring")
    if ring is None:
        ring = Keyring.parse(current_app.config.get("DATA_KEYS"))
        current_app.extensions["keyring"] = ring
    return ring
