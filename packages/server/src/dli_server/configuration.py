"""The server's own settings: where it listens, what it keeps, how much it lets through.

What engines it runs on is said by the project it is started on, in the same `dli.yaml` that
`--local` reads.
"""

from typing import Literal

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much one key, and all of them, may ask for."""

    rows: int = 10_000_000
    result_bytes: int = 1 << 30
    cell_bytes: int = 64 << 20
    scan_bytes: int = 10 << 30
    seconds: int = 3600
    running: int = 16
    running_per_key: int = 4
    queued: int = 64
    requests_per_second: float = 10
    burst: int = 20
    login_failures_per_minute: int = 5
    body_bytes: int = 1 << 20
    sql_bytes: int = 256 << 10
    parameters: int = 100
    result_seconds: int = 24 * 3600
    abandoned_seconds: float = 1.0
    drain_seconds: float = 10.0
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    write_seconds: float = 30.0
    connections_per_address: int = 512

    def __post_init__(self) -> None:
        """Refuse limits that let nothing through."""
        for name in self.__struct_fields__:
            if getattr(self, name) <= 0:
                raise ValueError(f"the limit {name!r} must be more than 0")


class AirflowSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Airflow that workflows run on; `password` and `token` may be `${VARIABLES}`.

    `dags_folder` is the folder that Airflow reads DAG files from, where this server may write to
    it; `project` is where Airflow's workers find the project, this server's own folder unless
    said.
    """

    url: str
    username: str | None = None
    password: str | None = None
    token: str | None = None
    timeout: float = 30.0
    dags_folder: str | None = None
    project: str | None = None


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the server asks of its clients; `local: deny` forbids runs that pass it by."""

    local: Literal["allow", "deny"] = "allow"


class ServerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that `dli server start` can be told; `state` is an absolute folder.

    `engine_idle_seconds` is how long a DuckDB file stays open after its last run.
    """

    state: str
    host: str = "127.0.0.1"
    port: int = 8070
    database_url: str | None = None
    behind_proxy: bool = False
    tls_certificate: str | None = None
    tls_key: str | None = None
    allowed_hosts: tuple[str, ...] = ()
    engine_idle_seconds: float = 0.0
    limits: Limits = Limits()
    policy: Policy = Policy()
    airflow: AirflowSettings | None = None
