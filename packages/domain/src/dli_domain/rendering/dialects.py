"""From the dialect a text is written in to the engine's, loudly where meaning would be lost."""

import re
from collections.abc import Iterator
from dataclasses import replace

from sqlglot import ErrorLevel, exp
from sqlglot.errors import SqlglotError, UnsupportedError

from dli_domain.errors import ErrorCode, SqlError
from dli_domain.model.problems import Location
from dli_domain.rendering.lexicon import lexicon
from dli_domain.rendering.parsing import parse
from dli_domain.rendering.rendered import RenderedSql

# What sqlglot makes of a class name of its own that has no SQL name: JSONKeys, J_S_O_N_KEYS.
_SPELLED = re.compile(r"\b(?:[A-Z]_){2,}\w+(?=\()")


def to_engine(sql: RenderedSql, dialect: str, engine: str) -> RenderedSql:
    """`sql` in the engine's dialect; untouched, byte for byte, where the two are one.

    Raises:
        SqlError: it does not parse (DLI-202), or a construct has no equal in the engine's
            dialect (DLI-301), or a dialect is unknown (DLI-302).
    """
    lexicon(engine)
    if dialect == engine:
        return sql
    parsed = parse(sql, dialect)
    translation = _Translation(sql, dialect, engine)
    texts = [translation.of(tree) for tree in parsed.statements]
    translated = replace(sql, text=";\n".join(texts), segments=(), before=sql)
    translation.check(translated, parsed.statements)
    return translated


class _Translation:
    def __init__(self, sql: RenderedSql, dialect: str, engine: str) -> None:
        self._sql = sql
        self._dialect = dialect
        self._engine = engine

    def of(self, tree: exp.Expr) -> str:
        command = tree.find(exp.Command)
        if command is not None:
            raise self._lost(f"{str(command.this).upper()} is not understood", None)
        try:
            return self._generated(tree, pretty=True)
        except UnsupportedError as error:
            raise self._lost(str(error), self._culprit(tree)) from error
        except (SqlglotError, RecursionError, ValueError, TypeError) as error:
            raise self._lost(f"{type(error).__name__}: {error}", None) from error

    def check(self, translated: RenderedSql, statements: tuple[exp.Expr, ...]) -> None:
        """The engine's own grammar must know every function that we wrote.

        sqlglot prints what it cannot translate under an invented name, such as
        J_S_O_N_KEYS_AT_DEPTH (https://github.com/TobikoData/sqlmesh/issues/5770).
        """
        try:
            again = parse(replace(translated, before=None), self._engine)
        except SqlError as error:
            raise self._lost(
                f"the translation is not valid there: {error.message}", None
            ) from error
        invented = _unknown_functions(again.statements) - _unknown_functions(statements)
        invented |= set(_SPELLED.findall(translated.text))
        if invented:
            place = next(
                (
                    node
                    for tree in statements
                    for node in tree.find_all(exp.Func)
                    if self._name_there(node) in invented
                ),
                None,
            )
            raise self._lost(f"{', '.join(sorted(invented))} does not exist there", place)

    def _generated(self, node: exp.Expr, *, pretty: bool = False) -> str:
        return node.sql(dialect=self._engine, unsupported_level=ErrorLevel.RAISE, pretty=pretty)

    def _name_there(self, node: exp.Expr) -> str:
        text = node.sql(dialect=self._engine, unsupported_level=ErrorLevel.IGNORE)
        return text.partition("(")[0].upper()

    def _culprit(self, tree: exp.Expr) -> exp.Expr | None:
        """The smallest part that cannot be said by itself."""
        culprit = None
        for node in tree.walk():
            try:
                self._generated(node)
            except UnsupportedError:
                culprit = node
            except (SqlglotError, ValueError, TypeError, AttributeError, KeyError):
                continue  # not every part can stand alone
        return culprit

    def _lost(self, what: str, node: exp.Expr | None) -> SqlError:
        return SqlError(
            f"The SQL cannot be said in {self._engine} without loss: {what}",
            code=ErrorCode.TRANSPILE_FAILED,
            context={"Dialect": self._dialect, "Engine": self._engine},
            location=self._place(node) or self._sql.source.origin,
            hint=f"Write the spec for the engine (execution.dialect: {self._engine}), "
            "or avoid the construct.",
        )

    def _place(self, node: exp.Expr | None) -> Location | None:
        starts = [n.meta["start"] for n in (node.walk() if node else ()) if "start" in n.meta]
        return self._sql.locate_offset(min(starts)) if starts else None


def _unknown_functions(statements: tuple[exp.Expr, ...]) -> set[str]:
    return {str(node.this).upper() for node in _anonymous(statements)}


def _anonymous(statements: tuple[exp.Expr, ...]) -> Iterator[exp.Anonymous]:
    for tree in statements:
        yield from tree.find_all(exp.Anonymous)
