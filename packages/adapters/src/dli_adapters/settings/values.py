"""A written text or value to what its key must be, or why it is not that."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from urllib.parse import urlsplit

from dli_adapters.settings.schema import Kind, Setting
from dli_domain.model.names import did_you_mean
from dli_domain.model.secret import Secret

_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*(B|[KMGTP]i?B)?\Z", re.IGNORECASE)
_MEMORY = re.compile(r"\d+(\.\d+)?\s*(%|[KMGTP]?i?B|bytes)\Z", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?\d{1,18}\Z")
_TRUE, _FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})
_MAY_BE_EMPTY = (Kind.PROSE, Kind.FREE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}


class WrongValueError(ValueError):
    """The value does not fit its key; the message says what would, never the value."""


def typed(setting: Setting, value: object) -> object:
    """The value as its key wants it.

    Args:
        setting: The key.
        value: A text as written in a variable or a quoted scalar, or a value that YAML,
            or a Python caller, already gave a type.

    Raises:
        WrongValueError: it does not fit.
    """
    if isinstance(value, str) and not value.strip() and setting.kind not in _MAY_BE_EMPTY:
        raise WrongValueError(f"is empty; it {_wanted(setting)}")
    return _READERS[setting.kind](setting, value)


def _wanted(setting: Setting) -> str:
    if setting.choices:
        return f"must be one of {', '.join(setting.choices)}"
    if setting.kind is Kind.INTEGER:
        top = "" if setting.maximum is None else f" and at most {setting.maximum}"
        return f"must be a whole number of at least {setting.minimum}{top}"
    return _WANTED[setting.kind]


_WANTED: Mapping[Kind, str] = {
    Kind.TEXT: "must be a text",
    Kind.PROSE: "must be a text",
    Kind.BOOLEAN: "must be true or false",
    Kind.BYTES: "must be a number of bytes such as 1000000 or 10GB",
    Kind.MEMORY: "must be an amount of memory such as 4GB or 80%",
    Kind.PATH: "must be the path of a file",
    Kind.URL: "must be a URL such as https://basecamp.example.com",
    Kind.ADDRESS: "must be an address such as http://127.0.0.1:9050 or 127.0.0.1:9050",
    Kind.SECRET: "must be a text",
    Kind.TEXTS: "must be a list of texts",
    Kind.RULES: "must be a list of maps, each with 'source' and 'target'",
    Kind.FREE: "must have a value",
    Kind.UNUSED: "must have a value",
}


def _text(setting: Setting, value: object) -> str:
    if isinstance(value, str) and "\0" not in value:
        return value
    raise WrongValueError(f"{_wanted(setting)}; quote it if it is one")


def _integer(setting: Setting, value: object) -> int:
    if isinstance(value, str) and _INTEGER.match(value.strip()):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise WrongValueError(_wanted(setting))
    if value < setting.minimum or (setting.maximum is not None and value > setting.maximum):
        raise WrongValueError(_wanted(setting))
    return value


def _boolean(setting: Setting, value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, str | int) else ""
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise WrongValueError(_wanted(setting))


def _choice(setting: Setting, value: object) -> str:
    word = str(value).strip()
    for choice in setting.choices:
        if word.lower() == choice:
            return choice
    hint = did_you_mean(word, setting.choices)
    raise WrongValueError(f"{_wanted(setting)}{f'. {hint}' if hint else ''}")


def _bytes(setting: Setting, value: object) -> int:
    if isinstance(value, str):
        match = _SIZE.match(value.strip())
        if match is None:
            raise WrongValueError(_wanted(setting))
        unit = (match.group(2) or "B").upper()
        base = 1024 if "I" in unit else 1000
        value = int(Decimal(match.group(1)) * base ** _POWERS[unit.rstrip("IB")])
    if not isinstance(value, int) or isinstance(value, bool) or value < setting.minimum:
        raise WrongValueError(_wanted(setting))
    return value


def _memory(setting: Setting, value: object) -> str:
    if isinstance(value, str) and _MEMORY.match(value.strip()):
        return value.strip()
    raise WrongValueError(_wanted(setting))


def _url(setting: Setting, value: object) -> str:
    text = _text(setting, value).strip().rstrip("/")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise WrongValueError(_wanted(setting)) from error
    if parts.username is not None or parts.password is not None:
        raise WrongValueError("holds credentials; put the token into server.api_key")
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise WrongValueError(_wanted(setting))
    if parts.query or parts.fragment or re.search(r"[\s\\]", text):
        raise WrongValueError(f"{_wanted(setting)}, without query or fragment")
    return text


def _address(setting: Setting, value: object) -> str:
    text = _text(setting, value).strip()
    return _url(setting, text if "://" in text else f"http://{text}")


def _texts(setting: Setting, value: object) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple):
        raise WrongValueError(_wanted(setting))
    return tuple(_text(setting, i.strip() if isinstance(i, str) else i) for i in items)


_RULE_TEXTS = ("id", "source", "target", "description")
_RULE_KEYS = (*_RULE_TEXTS, "enabled")


def _rules(setting: Setting, value: object) -> tuple[dict[str, object], ...]:
    if not isinstance(value, list | tuple):
        raise WrongValueError(_wanted(setting))
    return tuple(_rule(setting, number, item) for number, item in enumerate(value, start=1))


def _rule(setting: Setting, number: int, item: object) -> dict[str, object]:
    if not isinstance(item, dict) or not {"source", "target"} <= item.keys():
        raise WrongValueError(_wanted(setting))
    for key, said in item.items():
        if key not in _RULE_KEYS:
            hint = did_you_mean(str(key), _RULE_KEYS)
            raise WrongValueError(
                f"has an unknown key {key!r} in rule {number}. {hint or ''}".strip()
            )
        wrong = not isinstance(said, bool if key == "enabled" else str)
        if wrong or (key in ("source", "target") and not said):
            kind = "true or false" if key == "enabled" else "a text"
            raise WrongValueError(f"has a rule {number} whose {key!r} is not {kind}")
    return dict(item)


def _secret(setting: Setting, value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    text = _text(setting, value)
    if not text.isascii() or not text.isprintable() or " " in text:
        raise WrongValueError("holds characters that no HTTP header can carry")
    return Secret(text)


def _free(_: Setting, value: object) -> object:
    return value


_READERS: Mapping[Kind, Callable[[Setting, object], object]] = {
    Kind.TEXT: _text,
    Kind.PROSE: _text,
    Kind.INTEGER: _integer,
    Kind.BOOLEAN: _boolean,
    Kind.CHOICE: _choice,
    Kind.BYTES: _bytes,
    Kind.MEMORY: _memory,
    Kind.PATH: _text,
    Kind.URL: _url,
    Kind.ADDRESS: _address,
    Kind.SECRET: _secret,
    Kind.TEXTS: _texts,
    Kind.RULES: _rules,
    Kind.FREE: _free,
    Kind.UNUSED: _free,
}
