"""A template and its values in, SQL text with a map back to the template out.

How it works: the source is parsed by Jinja and held to our grammar; each expression prints a
seat instead of its value; the text with its seats is scanned by the dialect's lexical rules;
each value is then put into its seat by where that stands.
"""

import re
import traceback
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, UndefinedError, meta, nodes
from jinja2 import TemplateError as JinjaError
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dli_domain.errors import DliError, ErrorCode, ParameterError, TemplateError
from dli_domain.model.names import did_you_mean
from dli_domain.model.problems import Location, Problem
from dli_domain.model.spec import SqlSource
from dli_domain.rendering import grammar
from dli_domain.rendering.budget import MAX_OUTPUT, Budget
from dli_domain.rendering.filters import filters
from dli_domain.rendering.lexicon import PRIVATE, find_seats, lexicon
from dli_domain.rendering.literals import UnplaceableError
from dli_domain.rendering.operations import Operations, forbidden
from dli_domain.rendering.placing import placed
from dli_domain.rendering.rendered import RenderedSql, Segment, source_location
from dli_domain.rendering.sqltext import Block, Given, Written, parts_of, written

_MARK = re.compile("\ue002([dx])([0-9]+)\ue003")
_NEWLINE = re.compile("\r\n?")
_FILENAME = "<dli template>"


def render_template(source: SqlSource, names: Mapping[str, object], dialect: str) -> RenderedSql:
    """The SQL that `source` makes of `names`.

    Raises:
        TemplateError: the template is broken or does what templates may not do, or a value
            stands where none can; placed in the user's file.
        ParameterError: it uses a name that nobody declared.
        SqlError: the dialect is not supported.
    """
    rules = lexicon(dialect)
    source = replace(source, text=_NEWLINE.sub("\n", source.text))
    rendering = _Rendering(source, names)
    marked = rendering.run()
    text, segments = _unmarked(marked)
    pieces: list[str] = []
    shifts: list[tuple[int, int]] = []
    problems: list[Problem] = []
    at = grown = 0
    for seat in find_seats(text, rules):
        value, offset = rendering.values[seat.number]
        try:
            filled = placed(value, seat, text, dialect)
        except UnplaceableError as error:
            problems.append(_unplaced(source, offset, error))
            continue
        pieces += (text[at : seat.start], filled)
        at = seat.end
        grown += len(filled) - (seat.end - seat.start)
        shifts.append((seat.end, grown))
    if problems:
        raise TemplateError(
            problems[0].message + (f" (and {len(problems) - 1} more)" if problems[1:] else ""),
            code=ErrorCode.TEMPLATE_FORBIDDEN,
            hint=problems[0].fix,
            location=problems[0].location,
            problems=tuple(problems),
        )
    final = "".join((*pieces, text[at:]))
    if not final.strip():
        raise TemplateError(
            "The template renders to nothing",
            code=ErrorCode.SPEC_INVALID,
            location=source.origin,
        )
    return RenderedSql(
        text=final, source=source, segments=_shifted(segments, shifts), skeleton=text
    )


def _unmarked(marked: str) -> tuple[str, list[Segment]]:
    pieces: list[str] = []
    segments: list[Segment] = []
    at = size = 0
    for mark in _MARK.finditer(marked):
        pieces.append(marked[at : mark.start()])
        size += mark.start() - at
        at = mark.end()
        segments.append(Segment(size, int(mark[2]), mark[1] == "d"))
    pieces.append(marked[at:])
    return "".join(pieces), segments


def _shifted(segments: list[Segment], shifts: list[tuple[int, int]]) -> tuple[Segment, ...]:
    moved = []
    grown = index = 0
    for segment in segments:
        while index < len(shifts) and shifts[index][0] <= segment.start:
            grown = shifts[index][1]
            index += 1
        moved.append(Segment(segment.start + grown, segment.source, segment.literal))
    return tuple(moved)


def _unplaced(source: SqlSource, offset: int, error: UnplaceableError) -> Problem:
    end = source.text.find("}}", offset)
    expression = " ".join(source.text[offset : end + 2 if end >= 0 else offset + 40].split())
    return Problem(
        code=ErrorCode.TEMPLATE_FORBIDDEN,
        message=f"{expression} cannot be placed: {error}",
        location=source_location(source, offset),
        fix=error.fix,
    )


class _CodeGenerator(CodeGenerator):
    def return_buffer_contents(self, frame: Frame, force_unescaped: bool = False) -> None:  # noqa: ARG002 - Jinja's signature
        self.writeline(f"return environment.filters['_block'](concat({frame.buffer}))")


class _Environment(ImmutableSandboxedEnvironment):
    code_generator_class = _CodeGenerator
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%"})
    operations: Operations

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002 - Jinja's signature
        return self.operations.binary(operator, left, right)


class _Rendering:
    """One rendering of one template: its environment, budget, and the values it printed."""

    def __init__(self, source: SqlSource, names: Mapping[str, object]) -> None:
        self._source = source
        self._names = names
        self._text = source.text
        self._budget = Budget()
        self.values: list[tuple[object, int]] = []
        self._environment = self._make_environment()

    def run(self) -> str:
        """The text with markers and seats."""
        if len(self._text) > MAX_OUTPUT:
            self._fail(None, f"is longer than {MAX_OUTPUT:,} characters", ErrorCode.SPEC_LIMIT)
        if PRIVATE.search(self._text):
            self._fail(None, "holds one of the private characters U+E000 to U+E003")
        try:
            tree = self._environment.parse(self._text, filename=_FILENAME)
            grammar.check(tree, self._refuse)
            self._check_names(tree)
            places = list(_places(self._environment, self._text))
            grammar.Preparation(places, lambda place: f"\ue002d{place}\ue003").apply(tree)
            code = self._environment.compile(tree, filename=_FILENAME)
            template = self._environment.template_class.from_code(self._environment, code, {}, None)
            return template.render(self._names)
        except DliError as error:
            raise error.located(self._raised_at(error)) from None
        except TemplateSyntaxError as error:
            self._fail(error.lineno, f"cannot be read: {error.message}", ErrorCode.SPEC_INVALID)
        except (UndefinedError, SecurityError) as error:
            self._fail(self._line_of(error), f"does not work: {error}")
        except JinjaError as error:
            self._fail(self._line_of(error), f"does not work: {error}")
        except RecursionError:
            self._fail(None, "is nested too deeply")
        except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError) as error:
            # What an expression of the user's can raise; a fault of ours would be another class.
            self._fail(self._line_of(error), f"does not work: {error}")

    def _make_environment(self) -> _Environment:
        environment = _Environment(
            undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, optimized=False
        )
        environment.globals.clear()
        operations = Operations(self._budget)
        environment.operations = operations
        environment.filters = {
            **filters(operations, self._budget),
            "_written": written,
            "_block": lambda text: Block((Written(str(text)),)),
            "_concat": operations.concat,
            "_ticking": self._ticking,
            "_field": operations.field,
            "_method": operations.method,
            "_called": self._called,
            "_emit": self._emit,
        }
        return environment

    def _ticking(self, items: Any) -> Any:
        if isinstance(items, (str, Undefined)) or not hasattr(items, "__iter__"):
            raise forbidden(f"loop over {type(items).__name__}")
        return list(self._budget.ticking(items))

    def _called(self, result: object) -> object:
        self._budget.spend(8)
        return result

    def _emit(self, value: object, place: int) -> str:
        if isinstance(value, Undefined):
            # StrictUndefined raises here, with the name; what is left is an inline if without
            # else, which prints nothing.
            return f"\ue002x{place}\ue003{value}"
        pieces = [f"\ue002x{place}\ue003"]
        for part in parts_of(value):
            if isinstance(part, Given):
                pieces.append(f"\ue000{len(self.values)}\ue001")
                self.values.append((part.value, place))
            else:
                pieces.append(part.text)
        text = "".join(pieces)
        self._budget.text(len(text))
        return text

    def _check_names(self, tree: nodes.Template) -> None:
        """Every name must be known before anything is rendered, in branches not taken too."""
        unknown = meta.find_undeclared_variables(tree) - self._names.keys()
        guarded = _guarded(tree)
        problems = []
        for node in tree.find_all(nodes.Name):
            if node.ctx == "load" and node.name in unknown and id(node) not in guarded:
                unknown.discard(node.name)
                problems.append(
                    Problem(
                        code=ErrorCode.PARAMETER_INVALID,
                        message=f"The template uses {node.name!r}, which is no declared parameter",
                        location=self._name_location(node),
                        fix=did_you_mean(node.name, self._names)
                        or f"Declare it: parameters: [{{name: {node.name}, type: string}}].",
                    )
                )
        if problems:
            first, *rest = problems
            raise ParameterError(
                first.message + (f" (and {len(rest)} more)" if rest else ""),
                hint=first.fix,
                location=first.location,
                problems=tuple(problems),
            )

    def _name_location(self, node: nodes.Name) -> Location:
        lines = self._text.split("\n")
        found = re.search(rf"\b{re.escape(node.name)}\b", lines[node.lineno - 1])
        start = sum(len(line) + 1 for line in lines[: node.lineno - 1])
        return source_location(self._source, start + (found.start() if found else 0))

    def _refuse(self, node: nodes.Node, what: str, hint: str | None) -> NoReturn:
        raise forbidden(what, hint).located(self._line(node.lineno))

    def _fail(
        self, line: int | None, what: str, code: ErrorCode = ErrorCode.TEMPLATE_FORBIDDEN
    ) -> NoReturn:
        raise TemplateError(f"The template {what}", code=code, location=self._line(line)) from None

    def _line(self, line: int | None) -> Location:
        lines = self._text.split("\n")
        if line is None or not 1 <= line <= len(lines):
            return self._source.origin
        start = sum(len(one) + 1 for one in lines[: line - 1])
        indent = len(lines[line - 1]) - len(lines[line - 1].lstrip())
        return source_location(self._source, start + indent)

    def _line_of(self, error: BaseException) -> int | None:
        frames = traceback.extract_tb(error.__traceback__)
        return next((f.lineno for f in reversed(frames) if f.filename == _FILENAME), None)

    def _raised_at(self, error: DliError) -> Location:
        return self._line(self._line_of(error))


def _guarded(tree: nodes.Template) -> set[int]:
    """The name nodes that stand directly under `default` or `is defined`."""
    guards = [n for n in tree.find_all(nodes.Filter) if n.name in ("default", "d")]
    tests = [n for n in tree.find_all(nodes.Test) if n.name in ("defined", "undefined")]
    return {id(n.node) for n in (*guards, *tests)}


def _places(environment: _Environment, text: str) -> list[int]:
    """The offsets of template data and of `{{`, in the order written.

    Jinja's tokens hold the exact text except for white space that was stripped off data, so
    each is the next occurrence of its own text.
    """
    places: list[int] = []
    at = 0
    for _, kind, value in environment.lex(text, filename=_FILENAME):
        at = text.find(value, at)
        if kind == "variable_begin" or (kind == "data" and value):
            places.append(at)
        at += len(value)
    return places
