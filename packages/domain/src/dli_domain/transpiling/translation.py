"""SQL from one dialect to another: rewritten where the meaning can be kept, else refused."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlglot import ErrorLevel, exp
from sqlglot.errors import SqlglotError, UnsupportedError

from dli_domain.errors import ErrorCode, SqlError
from dli_domain.model.problems import Location, Problem, Severity
from dli_domain.rendering.lexicon import lexicon
from dli_domain.rendering.parsing import Parsed, parse
from dli_domain.rendering.rendered import RenderedSql
from dli_domain.transpiling import (
    arrays,
    constructs,
    dates,
    numbers,
    queries,
    statements,
    strings,
)
from dli_domain.transpiling.calls import OTHER, SAME, called, is_known
from dli_domain.transpiling.passage import Check, Loss, Passage, Rewrite, written

_PARTS = (numbers, dates, strings, arrays, queries, statements, constructs)
_GENERATOR_FAULTS = (SqlglotError, RecursionError, ValueError, TypeError, AttributeError, KeyError)


def _gathered(name: str) -> dict[type[exp.Expr], tuple[object, ...]]:
    all_of: dict[type[exp.Expr], tuple[object, ...]] = {}
    for part in _PARTS:
        for kind, found in getattr(part, name).items():
            all_of[kind] = (*all_of.get(kind, ()), *found)
    return all_of


_CHECKS: dict[type[exp.Expr], tuple[Check, ...]] = _gathered("CHECKS")  # type: ignore[assignment]  # each part declares its own
_REWRITES: dict[type[exp.Expr], tuple[Rewrite, ...]] = _gathered("REWRITES")  # type: ignore[assignment]  # same


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A text in the target's dialect, and what may differ there."""

    sql: RenderedSql
    warnings: tuple[Problem, ...] = ()


def translate(sql: RenderedSql, source: str, target: str) -> Translation:
    """`sql` in the target's dialect; untouched, byte for byte, where the two are one.

    Every statement and every comment is kept.

    Raises:
        SqlError: it does not parse (DLI-202), something has no equal in the target's dialect
            (DLI-301, with every such place in `problems`), or a dialect is unknown (DLI-302).
    """
    lexicon(source), lexicon(target)
    if source == target:
        return Translation(sql=sql)
    return _Work(sql, Passage(source, target)).done()


class _Work:
    def __init__(self, sql: RenderedSql, passage: Passage) -> None:
        self._sql = sql
        self._passage = passage
        self._parsed = parse(sql, passage.source)
        self._losses: list[Loss] = []

    def done(self) -> Translation:
        for tree in self._parsed.statements:
            self._losses.extend(_found(tree, self._passage))
        self._refuse()
        texts = [self._statement(tree) for tree in self._parsed.statements]
        text = ";\n".join(self._with_lost_comments(texts))
        translated = replace(self._sql, text=text, segments=(), before=self._sql)
        self._check(translated)
        self._refuse()
        return Translation(
            sql=translated, warnings=tuple(_unique(self._problem(loss) for loss in self._losses))
        )

    def _statement(self, tree: exp.Expr) -> str:
        try:
            return self._generated(_rewritten(tree, self._passage), pretty=True)
        except UnsupportedError as error:
            reason = str(error).strip().partition("\n")[0]
            raise self._refusal((Loss(node=self._culprit(tree), what=reason),)) from error
        except _GENERATOR_FAULTS as error:
            what = f"{type(error).__name__}: {error}"
            raise self._refusal((Loss(node=None, what=what),)) from error

    def _check(self, translated: RenderedSql) -> None:
        """The target's own grammar must read it, statement for statement, and know its functions.

        sqlglot prints what it cannot translate under an invented name, such as
        J_S_O_N_KEYS_AT_DEPTH (https://github.com/TobikoData/sqlmesh/issues/5770).
        """
        try:
            again = parse(replace(translated, before=None), self._passage.target)
        except SqlError as error:
            what = f"the translation is not valid there: {error.message}"
            raise self._refusal((Loss(node=None, what=what),)) from error
        if len(again.statements) != len(self._parsed.statements):
            what = "a statement would be lost"
            raise self._refusal((Loss(node=None, what=what),))
        self._losses.extend(self._unknown_calls(again))

    def _unknown_calls(self, again: Parsed) -> Iterator[Loss]:
        source, target = self._passage.source, self._passage.target
        own = {
            name: token
            for name, token in called(self._parsed.tokens, self._parsed.statements)
            if not is_known(name, source)
        }
        modelled = self._modelled()
        for name in dict.fromkeys(name for name, _ in called(again.tokens, again.statements)):
            if name in own:
                yield Loss(
                    node=self._calling(name),
                    what=f"{name} is no function of {source} that is known; it is kept as it is",
                    certain=False,
                )
            elif not is_known(name, target):
                node = self._calling(name)
                said = written(node, source) if node is not None else name
                yield Loss(
                    node=node,
                    what=f"{said} has no equal there: {target} has no {name}()",
                    fix=f"Write the spec for {target}, or do without it.",
                )
            elif name in modelled and name not in SAME:
                yield Loss(
                    node=modelled[name],
                    what=f"{name} is a function of both dialects; that they mean the same is not "
                    "known",
                    certain=name in OTHER,
                )

    def _modelled(self) -> dict[str, exp.Expr]:
        """Calls that are carried over by name alone, without being understood."""
        return {
            str(node.this).upper(): node
            for tree in self._parsed.statements
            for node in tree.find_all(exp.Anonymous)
            if not any(rewrite(node, self._passage) for rewrite in _REWRITES[exp.Anonymous])
        }

    def _calling(self, name: str) -> exp.Expr | None:
        last = name.rpartition(".")[2]
        nodes = (n for tree in self._parsed.statements for n in tree.find_all(exp.Func))
        return next((node for node in nodes if self._name_there(node) == last), None)

    def _name_there(self, node: exp.Expr) -> str:
        try:
            text = node.sql(dialect=self._passage.target, unsupported_level=ErrorLevel.IGNORE)
        except _GENERATOR_FAULTS:  # not every part can stand alone
            return ""
        return text.partition("(")[0].upper()

    def _generated(self, node: exp.Expr, *, pretty: bool = False) -> str:
        return node.sql(
            dialect=self._passage.target,
            unsupported_level=ErrorLevel.RAISE,
            pretty=pretty,
            # What is printed pretty is a copy already.
            copy=not pretty,
        )

    def _culprit(self, tree: exp.Expr) -> exp.Expr | None:
        """The smallest part that cannot be said by itself."""
        culprit = None
        for node in tree.walk():
            try:
                self._generated(node)
            except UnsupportedError:
                culprit = node
            except _GENERATOR_FAULTS:
                continue  # not every part can stand alone
        return culprit

    def _with_lost_comments(self, texts: list[str]) -> list[str]:
        whole = "\n".join(texts)
        comments = [c.strip() for token in self._parsed.tokens for c in token.comments]
        lost = [c for c in dict.fromkeys(comments) if c and c.replace("*/", "* /") not in whole]
        if not lost or not texts:
            return texts
        head = "".join(f"/* {comment.replace('*/', '* /')} */\n" for comment in lost)
        return [head + texts[0], *texts[1:]]

    def _refuse(self) -> None:
        certain = [loss for loss in self._losses if loss.certain]
        if certain:
            raise self._refusal(certain)

    def _refusal(self, losses: Sequence[Loss]) -> SqlError:
        first = losses[0]
        target = self._passage.target
        problems = tuple(_unique(self._problem(loss) for loss in losses))
        return SqlError(
            f"The SQL cannot be said in {target} without loss: {first.what}",
            code=ErrorCode.TRANSPILE_FAILED,
            context={"Dialect": self._passage.source, "Engine": target},
            location=problems[0].location,
            hint=first.fix
            or f"Write the spec for the engine (execution.dialect: {target}), "
            "or avoid the construct.",
            problems=problems if len(problems) > 1 else (),
        )

    def _problem(self, loss: Loss) -> Problem:
        return Problem(
            code=ErrorCode.TRANSPILE_FAILED,
            message=loss.what,
            location=self._place(loss.node) or self._sql.source.origin,
            fix=loss.fix or None,
            severity=Severity.ERROR if loss.certain else Severity.WARNING,
        )

    def _place(self, node: exp.Expr | None) -> Location | None:
        """Where the node, or the nearest part around it that has a place, begins."""
        while node is not None:
            starts = [n.meta["start"] for n in node.walk() if "start" in n.meta]
            if starts:
                return self._sql.locate_offset(min(starts))
            node = node.parent
        return None


def _found(tree: exp.Expr, passage: Passage) -> Iterator[Loss]:
    for node in tree.walk():
        for check in _CHECKS.get(type(node), ()):
            loss = check(node, passage)
            if loss is not None:
                yield loss


def _rewritten(tree: exp.Expr, passage: Passage) -> exp.Expr:
    """A copy with each node replaced that has another form in the target, innermost first."""
    root: exp.Expr = tree.copy()
    for node in reversed(list(root.walk())):
        for rewrite in _REWRITES.get(type(node), ()):
            other = rewrite(node, passage)
            if other is None:
                continue
            if node is root:
                root = other
            else:
                node.replace(other)
            break
    return root


def _unique(problems: Iterator[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))
