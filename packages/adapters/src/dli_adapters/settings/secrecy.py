"""Which names tell of a secret, and how a value is shown without it."""

import re
from collections.abc import Mapping, Sequence

from dli_adapters.settings.placeholders import Template, variables_in
from dli_domain.model.secret import Secret

MASK = "***"
_SECRET_KEY = re.compile(
    r"password|passwd|secret|api_?key|token|credential|private_?key", re.IGNORECASE
)
# Names that look harmless and are not: SNOWFLAKE_PAT, AWS_ACCESS_KEY_ID, DB_PASS, MY_KEY.
_SECRET_VARIABLE = re.compile(
    _SECRET_KEY.pattern + r"|(^|_)(key|pat|pass|pwd|auth|cookie|session|dsn)(_|$)", re.IGNORECASE
)
# Where credentials are is no secret itself.
_PLACE = re.compile(
    r"(_path|_file|_dir|_url|_host)\Z|\AGOOGLE_APPLICATION_CREDENTIALS\Z", re.IGNORECASE
)


def is_secret_key(name: str) -> bool:
    """Whether a key of this name holds a secret."""
    return _SECRET_KEY.search(name) is not None and _PLACE.search(name) is None


def is_secret_variable(name: str) -> bool:
    """Whether an environment variable of this name likely holds a secret."""
    return _SECRET_VARIABLE.search(name) is not None and _PLACE.search(name) is None


def is_secret_path(path: tuple[str, ...]) -> bool:
    """Whether a key, or a map above it, is named like a secret."""
    return any(is_secret_key(part) for part in path)


def masked(path: tuple[str, ...], value: object) -> object:
    """The value as it may be shown: texts, numbers, lists and maps without secrets."""
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, Mapping):
        return {str(k): masked((*path, str(k)), v) for k, v in value.items()}
    if value is not None and is_secret_path(path):
        return MASK
    if isinstance(value, Template):
        return MASK if any(map(is_secret_variable, variables_in(value.text))) else value.text
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [masked(path, item) for item in value]
    return value
