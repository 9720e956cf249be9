"""What a key looks like: `dli_<id of 8>_<secret of 32>_<checksum of 6>`.

The fixed start lets secret scanners find it, the checksum lets them be sure; the database holds
only the SHA-256 of the whole.
"""

import re
import secrets
from hashlib import sha256
from typing import NamedTuple
from zlib import crc32

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_FORM = re.compile(r"dli_([0-9a-z]{8})_([0-9A-Za-z]{32})_([0-9A-Za-z]{6})")
LENGTH = 4 + 8 + 1 + 32 + 1 + 6


class NewKey(NamedTuple):
    """A key that was just made; `text` is shown once and kept nowhere."""

    key_id: str
    text: str
    digest: bytes


def new_key() -> NewKey:
    """A key of 190 random bits."""
    key_id = "".join(secrets.choice(_ID_DIGITS) for _ in range(8))
    body = f"dli_{key_id}_{''.join(secrets.choice(_DIGITS) for _ in range(32))}"
    text = f"{body}_{_checksum(body)}"
    return NewKey(key_id, text, digest(text))


def key_id_of(text: str) -> str | None:
    """The id that a key names; None where it has not the form of a key."""
    if len(text) != LENGTH:
        return None
    found = _FORM.fullmatch(text)
    if found is None or _checksum(text[:-7]) != found[3]:
        return None
    return found[1]


def digest(text: str) -> bytes:
    """What is stored of a key."""
    return sha256(text.encode("ascii", "replace")).digest()


def _checksum(body: str) -> str:
    value, digits = crc32(body.encode()), ""
    for _ in range(6):
        value, rest = divmod(value, 62)
        digits = _DIGITS[rest] + digits
    return digits
