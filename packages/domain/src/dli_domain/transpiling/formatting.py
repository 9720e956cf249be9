"""SQL checked and laid out within one dialect."""

from sqlglot import ErrorLevel
from sqlglot.errors import SqlglotError

from dli_domain.errors import ErrorCode, SqlError
from dli_domain.model.problems import Location
from dli_domain.model.spec import SqlSource
from dli_domain.rendering.lexicon import lexicon
from dli_domain.rendering.parsing import check_syntax, parse
from dli_domain.rendering.rendered import RenderedSql


def check(sql: str, dialect: str) -> None:
    """Refuse what is no SQL of the dialect.

    Raises:
        SqlError: it does not parse (DLI-202), or the dialect is unknown (DLI-302).
    """
    lexicon(dialect)
    check_syntax(_bare(sql), dialect)


def formatted(sql: str, dialect: str, *, indent: int = 2) -> str:
    """Every statement of `sql` laid out, its tree unchanged, its comments kept.

    Raises:
        SqlError: it does not parse (DLI-202), laying it out would change it (DLI-301), or the
            dialect is unknown (DLI-302).
    """
    lexicon(dialect)
    before = parse(_bare(sql), dialect)
    try:
        texts = [
            tree.sql(
                dialect=dialect,
                pretty=True,
                indent=indent,
                pad=indent,
                unsupported_level=ErrorLevel.RAISE,
            )
            for tree in before.statements
        ]
    except (SqlglotError, RecursionError, ValueError, TypeError) as error:
        raise _changed(f"{type(error).__name__}: {error}") from error
    text = ";\n".join(texts)
    if parse(_bare(text), dialect).statements != before.statements:
        raise _changed("its tree would not be the same")
    return text


def _bare(sql: str) -> RenderedSql:
    return RenderedSql(text=sql, source=SqlSource(text=sql, origin=Location("sql")))


def _changed(why: str) -> SqlError:
    return SqlError(
        f"The SQL cannot be laid out without changing it: {why}",
        code=ErrorCode.TRANSPILE_FAILED,
        hint="Leave it as it is written.",
    )
