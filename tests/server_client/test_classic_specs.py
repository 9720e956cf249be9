"""Specs of a server of the older API: plain fields, bare lists, pages, no bundles."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from dli_adapters.clock.system import SystemClock
from dli_adapters.server.kept import KeptTransport
from dli_adapters.server.specs import ServerSpecSource
from dli_adapters.yaml_specs.bundles import resource_of
from dli_domain.errors import SpecInvalidError
from dli_domain.model.settings import ServerTarget
from dli_domain.model.spec import QueryType, ResourceKind
from dli_domain.ports.spec_source import SpecSource
from tests.contracts.spec_source_contract import SpecSourceContract
from tests.server_client.listening import each_request, http_answer, listening

_Entry = dict[str, object]


class _Specs:
    """Datasets in camelCase, metrics in snake_case; an offset counts whole pages."""

    def __init__(self, entries: Sequence[tuple[ResourceKind, _Entry]]) -> None:
        self._entries = entries
        self.asked: list[str] = []

    def answer(self, request: bytes) -> bytes:
        target = request.split(b" ", 2)[1].decode()
        self.asked.append(target)
        parts = urlsplit(target)
        if parts.path == "/api/v1/run/policy":
            return http_answer(json.dumps({"allowedEngines": ["trino"]}), 200)
        _, _, _, area, *name = parts.path.split("/")
        kinds = {"datasets": ResourceKind.DATASET, "metrics": ResourceKind.METRIC}
        if area not in kinds:
            return _error(500, "INTERNAL_ERROR")
        found = [entry for kind, entry in self._entries if kind is kinds[area]]
        if not name:
            query = {
                key: int(value[0])
                for key, value in parse_qs(parts.query).items()
                if value[0].isdigit()
            }
            start = query["offset"] // query["limit"] * query["limit"]
            page = found[start : start + query["limit"]]
            short = [{key: one[key] for key in one if key != "sql"} for one in page]
            return http_answer(json.dumps(short), 200)
        for entry in found:
            if entry["name"] == unquote(name[0]):
                return http_answer(json.dumps(entry), 200)
        return _error(404, f"{kinds[area].upper()}_NOT_FOUND")


def _error(status: int, code: str) -> bytes:
    body = {"success": False, "message": "no", "error": {"code": code}}
    return http_answer(json.dumps({**body, "timestamp": "2026-01-01 00:00:00"}), status)


def _entry(name: str, sql: str) -> _Entry:
    return {"name": name, "type": "Dataset", "owner": "kim@example.com", "tags": ["a"], "sql": sql}


class TestSpecsOfAClassicServer(SpecSourceContract):
    @pytest.fixture(autouse=True)
    def _stack(self) -> Iterator[None]:
        with ExitStack() as self.stack:
            yield

    def _serving(self, specs: _Specs) -> SpecSource:
        listener = self.stack.enter_context(listening(each_request(specs.answer)))
        target = ServerTarget(url=listener.url)
        return ServerSpecSource(KeptTransport(target, SystemClock()), resource_of, "trino")

    def source(self, resources: Sequence[tuple[ResourceKind, str]]) -> SpecSource:
        if len(set(resources)) < len(resources):
            pytest.skip("the server holds one of a name")
        entries = [(kind, _entry(name, f"SELECT '{name}'")) for kind, name in resources]
        return self._serving(_Specs(entries))

    def test_a_spec_is_what_the_plain_fields_say(self) -> None:
        entry = _entry("a.b.c", "INSERT INTO x SELECT 1") | {"dependencies": ["x"], "new": 1}
        spec = self._serving(_Specs([(ResourceKind.DATASET, entry)])).get("a.b.c")
        assert (spec.owner, spec.tags, spec.depends_on) == ("kim@example.com", ("a",), ("x",))
        assert (spec.query_type, spec.execution.dialect) == (QueryType.DML, "trino")

    def test_every_page_is_read_at_whole_offsets(self) -> None:
        names = [f"a.b.n{number:04}" for number in range(1001)]
        specs = _Specs([(ResourceKind.DATASET, _entry(name, "SELECT 1")) for name in names])
        assert list(self._serving(specs).names(ResourceKind.DATASET)) == names
        asked = [parse_qs(urlsplit(one).query) for one in specs.asked]
        assert [(one["limit"], one["offset"]) for one in asked] == [
            (["500"], [str(offset)]) for offset in (0, 500, 1000)
        ]

    def test_a_spec_without_sql_is_told_as_one(self) -> None:
        source = self._serving(_Specs([(ResourceKind.DATASET, {"name": "a.b.c"})]))
        with pytest.raises(SpecInvalidError, match=r"does not tell the SQL of 'a\.b\.c'"):
            source.get("a.b.c")
        assert [problem.code for problem in source.list().problems] == ["DLI-203"]
