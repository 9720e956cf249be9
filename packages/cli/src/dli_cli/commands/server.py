"""`dli server`: start a server, keep its keys, check its audit log."""

import os
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from cyclopts import App, Group, Parameter

from dli_adapters.extras import needs
from dli_cli.exit_codes import ExitCode
from dli_cli.grid import lay_out
from dli_cli.options import Json, OnScreen, flag, whole
from dli_cli.scaffold import DATASET, project_files
from dli_cli.text import safe_line
from dli_domain.errors import ConfigError, EngineNotInstalledError, ErrorCode

if TYPE_CHECKING:
    from dli_server.operations import KeyFacts, ServerConfig

STATE = "~/.dli/server"
DEMO_STATE = "~/.dli/demo"
_KEPT = Group("What it keeps, and where", sort_key=1)
_BIND = Group("Where it listens", sort_key=2)

# The names of `dli_server.http.scopes`; a test keeps both in step.
ScopeName: TypeAlias = Literal[
    "run:spec",
    "run:adhoc",
    "run:write",
    "quality",
    "catalog",
    "register",
    "workflow:trigger",
    "admin",
]

app = App(name="server", help="Start a server of dli, and keep its keys.", version_flags=[])
key_app = App(name="key", help="Make, list and revoke the keys of a server.", version_flags=[])
audit_app = App(name="audit", help="Check the audit log of a server.", version_flags=[])
app.command(key_app)
app.command(audit_app)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Kept:
    """Which server is meant."""

    config: Annotated[
        str | None, Parameter(group=_KEPT, help="A YAML file with the server's settings.")
    ] = None
    state: Annotated[
        str | None,
        Parameter(group=_KEPT, help=f"The server's folder; {STATE} by default."),
    ] = None


_KEPT_HERE = Kept()


@app.command(version_flags=[])
def start(
    *,
    project: Annotated[
        str | None,
        Parameter(group=_KEPT, help="The project's folder, instead of searching upwards."),
    ] = None,
    kept: Kept = _KEPT_HERE,
    host: Annotated[
        str | None,
        Parameter(group=_BIND, help="The address; only this machine's without TLS or a proxy."),
    ] = None,
    port: Annotated[
        int | None,
        Parameter(
            group=_BIND,
            converter=whole(0, 65535),
            help="The port, 8070 by default; 0 takes a free one.",
        ),
    ] = None,
    demo: Annotated[
        bool, flag("Make a project and a key of a day, and print how to use them.", _KEPT)
    ] = False,
    json: Json = False,
    screen: OnScreen,
) -> None:
    """Run what is registered for others, until Ctrl-C or SIGTERM.

    The engines are those of the project's dli.yaml, as --local uses them. Logs go to stderr, one
    JSON object a line.

    Example: dli server start --demo

    Args:
        project: The project's folder.
        kept: Which server.
        host: Where it listens.
        port: Where it listens.
        demo: Everything for a first try.
        json: Print one JSON object on stdout once it answers.
        screen: Where it goes.
    """
    called = _operations()
    config = _config(kept, {"host": host, "port": port}, DEMO_STATE if demo else STATE)
    folder = Path(project) if project is not None else None
    if demo:
        folder = folder or _demo_project(Path(config.state))

    def announce(url: str, key: str | None) -> None:
        if json:
            screen.envelope(url=url, state=config.state, **({"key": key} if key else {}))
            return
        for line in _welcome(url, key, config.state, at_home=project is None):
            screen.print(line)

    called.start(config, folder, announce, demo=demo)


@key_app.command(version_flags=[])
def create(
    *,
    owner: str,
    scope: Annotated[list[ScopeName], Parameter(negative="")],
    spec: Annotated[list[str] | None, Parameter(negative="")] = None,
    days: Annotated[int, Parameter(converter=whole(1, 365))] = 90,
    kept: Kept = _KEPT_HERE,
    json: Json = False,
    screen: OnScreen,
) -> None:
    """Make a key and print it, this once; the server keeps only its digest.

    Example: dli server key create --owner ci --scope run:spec --scope quality

    Args:
        owner: Whose key it is; an owner may have two live ones, so that it can be changed.
        scope: What it may do; repeat it for more.
        spec: Which resources it may name, such as nyc.*; repeat it for more. All by default.
        days: How long it lives, 1 to 365.
        kept: Which server.
        json: Print one JSON object on stdout.
        screen: Where it goes.
    """
    called = _operations()
    specs = tuple(spec) if spec else None
    made, facts = called.create_key(
        _config(kept), owner, called.scopes(scope), specs=specs, days=days
    )
    if json:
        screen.envelope(key=made.text, **_fields(facts))
        return
    screen.print(made.text)
    screen.note("Keep it now: it is not shown again. Give it to dli in DLI_API_TOKEN.")
    screen.note(f"Its id is {facts.key_id}; it ends on {facts.expires_at:%Y-%m-%d}.")


@key_app.command(name="list", version_flags=[])
def list_(*, kept: Kept = _KEPT_HERE, json: Json = False, screen: OnScreen) -> None:
    """List the keys, without what opens the door.

    Args:
        kept: Which server.
        json: Print one JSON object on stdout.
        screen: Where it goes.
    """
    called = _operations()
    keys = called.list_keys(_config(kept))
    if json:
        screen.envelope(keys=[_fields(key) for key in keys])
        return
    if not keys:
        screen.print("No keys. Make one with 'dli server key create'.")
        return
    now = called.now()
    rows = [
        (
            key.key_id,
            key.owner,
            " ".join(sorted(key.scopes)),
            "all" if key.specs is None else " ".join(key.specs),
            _state_of(key, live=key.live(now)),
            f"{key.expires_at:%Y-%m-%d}",
            "never" if key.last_used_at is None else f"{key.last_used_at:%Y-%m-%d %H:%M}",
        )
        for key in keys
    ]
    names = ("id", "owner", "scopes", "specs", "state", "ends", "last used")
    grid = lay_out(names, rows, screen.width, whole=("id",))
    screen.print("  ".join(grid.header).rstrip())
    for line in grid.lines("  "):
        screen.print(line.rstrip())
    if grid.hidden:
        screen.print(f"… not shown: {', '.join(grid.hidden)}")


@key_app.command(version_flags=[])
def revoke(
    key_id: str, /, *, kept: Kept = _KEPT_HERE, json: Json = False, screen: OnScreen
) -> None:
    """Make a key worthless; a running server refuses it within a second.

    Args:
        key_id: Its id, as list shows it.
        kept: Which server.
        json: Print one JSON object on stdout.
        screen: Where it goes.
    """
    if not _operations().revoke_key(_config(kept), key_id):
        raise ConfigError(
            f"There is no key {key_id!r} to revoke",
            code=ErrorCode.CONFIG_NOT_FOUND,
            hint="See 'dli server key list'.",
        )
    if json:
        screen.envelope(key_id=key_id, revoked=True)
    else:
        screen.print(f"{safe_line(key_id)} is revoked.")


@audit_app.command(version_flags=[])
def verify(
    *,
    head: str | None = None,
    kept: Kept = _KEPT_HERE,
    json: Json = False,
    screen: OnScreen,
) -> int:
    """Check that the audit log is as it was written: no line altered, moved or missing.

    Args:
        head: A digest that an earlier check printed: what it stands for must still be there.
        kept: Which server.
        json: Print one JSON object on stdout.
        screen: Where it goes.
    """
    verdict = _operations().verify_audit(_config(kept), head)
    code = ExitCode.NEGATIVE if verdict.faults else ExitCode.OK
    if json:
        screen.envelope(
            status="failure" if verdict.faults else "success",
            lines=verdict.lines,
            head=verdict.head,
            faults=[
                {"file": one.file, "line": one.line, "what": one.what} for one in verdict.faults
            ],
            **({"exit_code": int(code)} if verdict.faults else {}),
        )
        return code
    for fault in verdict.faults:
        screen.print(f"{fault.file}:{fault.line}: {fault.what}")
    if not verdict.faults:
        screen.print(f"{verdict.lines:,} records are as they were written.")
    screen.print(f"Head: {verdict.head}")
    return code


def _operations() -> ModuleType:
    try:
        with needs("server", "dli_server"):
            from dli_server import operations  # noqa: PLC0415 - a package of its own, often absent
    except EngineNotInstalledError as error:
        raise EngineNotInstalledError(
            "The server is not installed (no package 'dli-server')",
            hint="Run 'pip install \"dli-server[duckdb]\"' (or [bigquery], by your engine).",
        ) from error
    return operations


def _config(
    kept: Kept, said: dict[str, object] | None = None, state: str = STATE
) -> "ServerConfig":
    found: ServerConfig = _operations().read_config(
        Path(kept.config) if kept.config is not None else None,
        os.environ,
        {"state": kept.state, **(said or {})},
        state=Path(state).expanduser(),
    )
    return found


def _demo_project(state: Path) -> Path:
    """The project of `dli init`, beside what the server keeps."""
    folder = state / "project"
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in project_files("demo").items():
            path = folder / name
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"The server cannot keep its state there: {error.strerror}",
            context={"Folder": str(state)},
            hint="Name a folder that you may write to with --state.",
        ) from error
    return folder


def _welcome(url: str, key: str | None, state: str, *, at_home: bool) -> list[str]:
    lines = [f"Listening on {url}; Ctrl-C stops it."]
    if key is None:
        return [*lines, "Make a key: dli server key create --owner NAME --scope run:spec"]
    name = DATASET if at_home else "NAME"
    return [
        *lines,
        f"Keys, runs and results are in {safe_line(state)}. In another shell:",
        "",
        f"  export DLI_SERVER_URL={url} DLI_API_TOKEN={key}",
        f"  dli dataset run {name} --server",
    ]


def _fields(key: "KeyFacts") -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "owner": key.owner,
        "scopes": sorted(key.scopes),
        "specs": None if key.specs is None else list(key.specs),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }


def _state_of(key: "KeyFacts", *, live: bool) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "live" if live else "ended"
