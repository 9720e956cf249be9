"""Values cannot change a statement, and where a renderer let them, the proof names the value."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from dli_adapters.memory.spec_source import MemorySpecSource
from dli_domain.errors import DliError
from dli_domain.model.run import Phase
from dli_domain.model.spec import ParameterSpec, ParameterType, ResourceSpec
from dli_domain.rendering.rendered import RenderedSql
from dli_domain.usecases.prove_safe import Proof, ProveSafe
from dli_domain.usecases.render_resource import RenderResource
from tests.domain.specs import CLOCK, resource

DIALECTS = ("bigquery", "duckdb", "trino")
T = ParameterType


def prove(text: str, dialect: str = "duckdb", **types: ParameterType) -> Proof:
    parameters = tuple(ParameterSpec(name=name, type=kind) for name, kind in types.items())
    spec = resource("a.b", text, dialect=dialect, parameters=parameters)
    render = RenderResource(specs=MemorySpecSource([spec]), clock=CLOCK, engine=None)
    return ProveSafe(render=render)(spec)


@dataclass(frozen=True, slots=True, kw_only=True)
class _PastingRender(RenderResource):
    """A renderer as others have it: the value's text is pasted where its name stands."""

    def each(
        self,
        spec: ResourceSpec,
        *,
        parameters: Mapping[str, object] | None = None,
        ds: date | None = None,
    ) -> Iterator[tuple[Phase, RenderedSql | DliError]]:
        given: dict[str, Any] = dict(parameters or {})
        text = re.sub(r"\{\{ (\w+) \}\}", lambda m: str(given[m[1]]), spec.sql.text)
        yield Phase.MAIN, RenderedSql(text=text, source=spec.sql, skeleton=spec.sql.text)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "text",
    [
        "SELECT a FROM t WHERE a = '{{ s }}' AND b = {{ s }} -- {{ s }}",
        "SELECT a /* {{ s }} */ FROM t WHERE a LIKE '%{{ s }}%' AND n > -{{ n }}",
        "SELECT {{ f }}, {{ d }}, {{ b }}, DATE '{{ day }}', {{ at }} FROM {{ name }} AS t",
        '{% set q = "\'" %}SELECT a FROM t WHERE a = {{ q }}{{ s }}{{ q }}',
        "{% macro eq(c, v) %}{{ c }} = '{{ v }}'{% endmacro %}SELECT a FROM t WHERE {{ eq('a', s) }}",
        "SELECT a FROM t {% if s %}WHERE a = '{{ s }}'{% endif %} LIMIT {{ n }}",
        "SELECT a FROM t ORDER BY a {{ 'DESC' if b else 'ASC' }}",
        "SELECT a FROM t WHERE a IN ({% for x in items %}{{ x }}, {% endfor %}1) OR a IN {{ items }}",
    ],
)
def test_every_way_to_place_a_value_is_proved_safe(text: str, dialect: str) -> None:
    kinds = {
        "s": T.STRING,
        "n": T.INTEGER,
        "f": T.FLOAT,
        "d": T.DECIMAL,
        "b": T.BOOLEAN,
        "day": T.DATE,
        "at": T.TIMESTAMP,
        "name": T.IDENTIFIER,
        "items": T.LIST,
    }
    used = {name: kind for name, kind in kinds.items() if re.search(rf"\b{name}\b", text)}
    proof = prove(text, dialect, **used)
    assert proof.problems == ()
    assert proof.proved
    assert proof.payloads > 0


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "text",
    [
        "SELECT a FROM t WHERE a = '{{ s }}'",
        "SELECT a FROM t WHERE a = {{ s }}",
        "SELECT 1 /* {{ s }} */",
    ],
)
def test_a_renderer_that_pastes_is_caught_with_the_value_and_a_fix(text: str, dialect: str) -> None:
    spec = resource("a.b", text, dialect=dialect, parameters=(ParameterSpec(name="s"),))
    render = _PastingRender(specs=MemorySpecSource([spec]), clock=CLOCK, engine=None)
    proof = ProveSafe(render=render)(spec)
    assert not proof.proved
    assert all(one.code == "DLI-214" and one.fix and one.location for one in proof.problems)
    assert "of 's' changes the shape" in proof.problems[0].message


def test_what_has_no_place_is_reported_and_not_proved() -> None:
    proof = prove("SELECT a FROM {{ s }}", s=T.STRING)
    assert not proof.proved
    assert "type: identifier" in (proof.problems[0].fix or "")


def test_a_pattern_refuses_what_it_does_not_match() -> None:
    parameter = ParameterSpec(name="s", pattern="[a-z]+", has_default=True, default="abc")
    spec = resource("a.b", "SELECT '{{ s }}' AS a", parameters=(parameter,))
    render = RenderResource(specs=MemorySpecSource([spec]), clock=CLOCK, engine=None)
    proof = ProveSafe(render=render)(spec)
    assert proof.proved
    assert proof.refused > 0
