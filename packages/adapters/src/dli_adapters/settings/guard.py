"""What a checkout may do with the user's credentials: nothing, until the user allowed it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from urllib.parse import urlsplit

from dli_domain.errors import ConfigError, ErrorCode

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_GOOGLE = ".googleapis.com"
_MAX_DIGESTED_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One thing that a checkout asks for; its text is what the user allows and what is kept."""

    key: str
    wants: str
    place: str
    gets: str

    def __str__(self) -> str:
        return f"{self.key} = {self.wants}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced:
    """A value of a key as far as the guard cares.

    `foreign` is whether the checkout decides the value. A text that is one `${VAR}`, filled
    from the user's environment, is the user's, though the checkout says where it goes: then
    `written` holds what the checkout wrote.
    """

    key: str
    value: str
    place: str
    foreign: bool
    written: str | None = None


def origin_of(url: str) -> str:
    """Scheme, host and port: what a token is bound to."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    host = (parts.hostname or "").lower()
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def server_needs(url: Sourced, token: Sourced | None, own_url: str | None) -> tuple[Grant, ...]:
    """What must be allowed before this token goes to this server.

    Nothing, if the user's own configuration names the server, or the token came with the
    checkout itself.

    Args:
        url: The server that will be asked.
        token: The token that would be sent.
        own_url: The server that the user's own configuration and variables name.
    """
    if not url.foreign or token is None or token.foreign:
        return ()
    if own_url is not None and origin_of(own_url) == origin_of(url.value):
        return ()
    return tuple(server_asks(url, token))


def server_asks(url: Sourced, token: Sourced | None) -> Iterable[Grant]:
    """Everything that a checkout's server settings ask for."""
    yield Grant(
        key="server.url",
        wants=origin_of(url.value),
        place=url.place,
        gets="your token is sent to this server",
    )
    if token is not None and token.written is not None:
        yield Grant(
            key="server.api_key",
            wants=token.written,
            place=token.place,
            gets="this variable of yours is sent to the server as the token",
        )


def endpoint_asks(endpoint: Sourced) -> Iterable[Grant]:
    """What an engine's address from a checkout asks for; this machine and Google are free."""
    parts = urlsplit(endpoint.value)
    host = (parts.hostname or "").lower()
    if host in _LOOPBACK or (host.endswith(_GOOGLE) and parts.scheme == "https"):
        return
    yield Grant(
        key=endpoint.key,
        wants=origin_of(endpoint.value),
        place=endpoint.place,
        gets="queries and your Google credentials are sent to this address",
    )


def credentials_asks(path: Sourced) -> Iterable[Grant]:
    """What a credentials file named by a checkout asks for, bound to what is in the file."""
    yield Grant(
        key=path.key,
        wants=f"{path.value} ({_digest(Path(path.value))})",
        place=path.place,
        gets="queries run with the credentials in this file, which may send tokens anywhere",
    )


def impersonation_asks(account: Sourced) -> Iterable[Grant]:
    """What a service account named by a checkout asks for."""
    yield Grant(
        key=account.key,
        wants=account.value,
        place=account.place,
        gets="your credentials are used to act as this service account",
    )


def require(needed: Iterable[Grant], approved: Collection[str], *, root: Path, theirs: str) -> None:
    """Refuse what is needed and not allowed.

    Args:
        needed: What this command is about to do.
        approved: The texts of what the user allowed to this checkout.
        root: The checkout.
        theirs: Where the credential comes from, as told to the user.

    Raises:
        ConfigError: DLI-008, with both origins and the command that allows it.
    """
    missing = [grant for grant in needed if str(grant) not in approved]
    if not missing:
        return
    raise ConfigError(
        f"This checkout is not trusted with your credentials: {missing[0]}",
        code=ErrorCode.CONFIG_UNTRUSTED,
        context={
            "From the checkout": "; ".join(f"{grant} ({grant.place})" for grant in missing),
            "Yours": theirs,
            "Would mean": "; ".join(dict.fromkeys(grant.gets for grant in missing)),
        },
        hint=f"If you trust it, run 'dli config trust {quote(str(root))}'. Nothing was sent.",
    )


def _digest(path: Path) -> str:
    # OpenSSL costs a tenth of the whole loader; few checkouts name a credentials file.
    import hashlib  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            data = file.read(_MAX_DIGESTED_BYTES)
    except OSError:
        # A file that cannot be read cannot be used; the engine's adapter will say so.
        return "not readable"
    return f"sha256 {hashlib.sha256(data).hexdigest()[:16]}"
