"""SQL of a spec: written in the YAML or in a file beside it, with the place of its text."""

from dataclasses import dataclass

from dli_adapters.documents.nodes import ScalarNode
from dli_adapters.yaml_specs.fields import Fields
from dli_adapters.yaml_specs.project_files import FileRefusedError, ProjectFiles
from dli_domain.errors import ErrorCode
from dli_domain.model.problems import Location
from dli_domain.model.spec import SqlSource, StatementSpec

STATEMENT_KEYS = ("name", "sql", "file", "continue_on_error")
_SYNONYMS = {"query": "sql", "statement": "sql", "query_file": "file", "query_statement": "sql"}


@dataclass(frozen=True, slots=True)
class SqlReader:
    """Reads the SQL of the spec that stands at `spec_path` in the project."""

    files: ProjectFiles
    spec_path: str

    def read(self, fields: Fields, inline: str, file: str) -> SqlSource:
        """The SQL of one of the two keys; a finding where both, none, or nothing readable is given.

        Args:
            fields: The map that holds the keys.
            inline: The key of SQL written here.
            file: The key of a path relative to the spec's folder.
        """
        nothing = SqlSource(text="", origin=fields.location)
        here, there = fields.node.get(inline), fields.node.get(file)
        if (here is None) == (there is None):
            self._one_of_two(fields, inline, file, both=here is not None)
            return nothing
        if here is not None:
            scalar = fields.scalar(inline)
            source = nothing if scalar is None else written(scalar)
            if isinstance(here, ScalarNode) and not source.text.strip():
                fields.findings.add(
                    here.location, f"'{fields.title(inline)}' is empty", "Write the SQL."
                )
            return source
        return self._file(fields, file) or nothing

    def statements(self, spec: Fields, key: str) -> tuple[StatementSpec, ...]:
        """The statements before or after the main one."""
        statements = []
        for fields in spec.maps(key):
            fields.check_keys(STATEMENT_KEYS, synonyms=_SYNONYMS)
            statements.append(
                StatementSpec(
                    name=fields.required_text("name", "clean_up"),
                    sql=self.read(fields, "sql", "file"),
                    continue_on_error=fields.flag("continue_on_error", default=False),
                )
            )
        return tuple(statements)

    def _one_of_two(self, fields: Fields, inline: str, file: str, *, both: bool) -> None:
        place = fields.location
        if both:
            place = next(e.key_location for e in fields.node.entries if e.key == file)
        where = f"'{fields.label}'" if fields.label else "the spec"
        fields.findings.add(
            place,
            f"{where} has both '{inline}' and '{file}'"
            if both
            else f"{where} has neither '{inline}' nor '{file}'",
            "Keep one of them." if both else f"Write the SQL as {inline}, or name its file.",
        )

    def _file(self, fields: Fields, key: str) -> SqlSource | None:
        scalar = fields.scalar(key)
        if scalar is None:
            fields.required_text(key, "query.sql")
            return None
        try:
            path = self.files.beside(self.spec_path, scalar.text)
            text = self._decode(path, self.files.read(path))
        except FileRefusedError as error:
            message = f"'{fields.title(key)}': {error.message}"
            fields.findings.add(scalar.location, message, error.fix, error.code)
            return None
        return SqlSource(text=text, origin=Location(path))

    def _decode(self, path: str, data: bytes) -> str:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise FileRefusedError(
                ErrorCode.SPEC_INVALID,
                f"{path}:{line} is not UTF-8",
                "Save the file as UTF-8.",
            ) from error
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            raise FileRefusedError(
                ErrorCode.SPEC_INVALID,
                f"{path}:{line} holds a NUL character",
                "Remove it.",
            )
        if not text.strip():
            raise FileRefusedError(
                ErrorCode.SPEC_INVALID, f"the file {path} is empty", "Write the SQL."
            )
        return text


def written(scalar: ScalarNode) -> SqlSource:
    """SQL that stands in the YAML itself."""
    if scalar.content is None:
        return SqlSource(text=scalar.text, origin=scalar.location, exact=False)
    return SqlSource(text=scalar.text, origin=scalar.content, indent=scalar.indent)
