"""Which Airflow, and as whom."""

from dataclasses import dataclass

from dli_domain.model.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowTarget:
    """Where Airflow's API is; a token, or a user with a password that gets one.

    `timeout` bounds one call with all its tries, in seconds.
    """

    url: str
    username: str | None = None
    password: Secret | None = None
    token: Secret | None = None
    timeout: float = 30.0
