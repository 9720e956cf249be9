"""Brings the tables of a database to this version, in one transaction."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from dli_domain.errors import ConfigError

HEAD = "0001"
SCRIPTS = Path(__file__).parent / "migrations"
# Any number that nobody else takes: it names the lock on PostgreSQL.
_LOCK = 7246187203


def migrate(engine: Engine) -> None:
    """Run every step that the database has not seen; two servers do it one after the other.

    Raises:
        ConfigError: the database was written by a newer version, or by another program.
    """
    with engine.connect() as connection:
        if current(connection) == HEAD:
            return
    with engine.connect() as connection:
        _lock(connection)
        found = current(connection)
        if found is not None and found > HEAD:
            raise ConfigError(
                f"The server's database is of a newer version ({found}, this one knows {HEAD})",
                hint="Start the version of dli-server that wrote it, or a newer one.",
            )
        if found != HEAD:
            _upgrade(connection)
        connection.commit()


def current(connection: Connection) -> str | None:
    """The last step that the database has seen; None before the first."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _upgrade(connection: Connection) -> None:
    # alembic is needed once a version; it would slow every other start.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util.exc import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigError(
            f"The server's database cannot be brought to this version: {error}",
            hint="Give the folder or the database that the server made, or a new one.",
        ) from error


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _LOCK})
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
