"""Where the spec files of a project are: a walk over folders that reads no file."""

import os
import posixpath
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path, PurePosixPath

from dli_adapters.yaml_specs.fields import Findings
from dli_domain.errors import ConfigError, ErrorCode
from dli_domain.model.problems import Location, Severity
from dli_domain.model.settings import ProjectSettings
from dli_domain.model.spec import ResourceKind

# YAML files beside specs that something else reads.
_OTHERS = ("quality.", "schema.")


@dataclass(frozen=True, slots=True, order=True)
class SpecFile:
    """A file that a pattern matches.

    `path` is relative to the root; `kind` is what its pattern says; `stem` is what stands for
    the `*` of the pattern, the resource's name by convention, None where the pattern has none.
    """

    path: str
    kind: ResourceKind
    stem: str | None = None

    @property
    def claims_name(self) -> bool:
        """Whether the file name must be the resource's name: it has three parts or more."""
        return self.stem is not None and self.stem.count(".") > 1


@dataclass(frozen=True, slots=True)
class _Pattern:
    text: str
    kind: ResourceKind
    expression: re.Pattern[str]
    # What stands before and behind the only star, None for other patterns.
    ends: tuple[str, str] | None

    @classmethod
    def parse(cls, text: str, kind: ResourceKind) -> "_Pattern":
        head, _, tail = text.partition("*")
        simple = text.count("*") == 1 and not re.search(r"[?\[]", text)
        return cls(text, kind, re.compile(translate(text)), (head, tail) if simple else None)

    def stem(self, file_name: str) -> str | None:
        if self.ends is None:
            return None
        stem = file_name[len(self.ends[0]) : len(file_name) - len(self.ends[1])]
        return unicodedata.normalize("NFC", stem)


class SpecFolders:
    """The folders and file names that the project's settings give to its specs.

    Raises:
        ConfigError: there is no project, a folder leads out of it, or a pattern is no file name.
    """

    def __init__(self, project: ProjectSettings) -> None:
        if project.root is None:
            raise ConfigError(
                "There is no project here: no dli.yaml in this folder or above it",
                code=ErrorCode.PROJECT_NOT_FOUND,
                hint="Run 'dli init' to make one, or name one with --project.",
            )
        self.root = project.root
        self.folders = _outermost(
            _inside("datasets_dir", project.datasets_dir),
            _inside("metrics_dir", project.metrics_dir),
        )
        self._patterns = (
            *_patterns("dataset_patterns", project.dataset_patterns, ResourceKind.DATASET),
            *_patterns("metric_patterns", project.metric_patterns, ResourceKind.METRIC),
        )

    def files(
        self, findings: Findings | None = None, *, tell_misnamed: bool = False
    ) -> list[SpecFile]:
        """Every spec file, sorted by path.

        Args:
            findings: Takes what could not be looked into.
            tell_misnamed: Add a warning for each YAML file that no pattern fits.
        """
        anything = re.compile(
            "|".join(f"(?:{pattern.expression.pattern})" for pattern in self._patterns)
        )
        found = []
        findings = findings or Findings()
        for path, name in self._walk(findings):
            if anything.match(name):
                pattern = next(p for p in self._patterns if p.expression.match(name))
                found.append(SpecFile(path, pattern.kind, pattern.stem(name)))
            elif tell_misnamed and _misnamed(name):
                findings.add(
                    Location(printable(path)),
                    "the file is not read: no pattern fits its name",
                    "Name it dataset.<name>.yaml or metric.<name>.yaml, or add a pattern to "
                    "'discovery' in dli.yaml.",
                    severity=Severity.WARNING,
                )
        return sorted(found)

    def named(self, name: str, findings: Findings | None = None) -> list[SpecFile]:
        """The spec files whose file name is the resource's name, sorted by path."""
        wanted = {
            f"{pattern.ends[0]}{name}{pattern.ends[1]}": pattern.kind
            for pattern in reversed(self._patterns)
            if pattern.ends is not None
        }
        found = []
        for path, file_name in self._walk(findings or Findings()):
            if not file_name.isascii():
                file_name = unicodedata.normalize("NFC", file_name)  # noqa: PLW2901 - macOS decomposes names
            if file_name in wanted:
                found.append(SpecFile(path, wanted[file_name], name))
        return sorted(found)

    def _walk(self, findings: Findings) -> Iterator[tuple[str, str]]:
        waiting = []
        for folder in self.folders:
            if self._is_behind_link(folder):
                _note_link(findings, folder, Severity.ERROR)
            else:
                waiting.append(folder)
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(Path(self.root, folder)) as entries:
                    for entry in entries:
                        if entry.name.startswith("."):
                            continue
                        path = posixpath.join(folder, entry.name)
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(path)
                        elif _links_to_folder(entry):
                            _note_link(findings, path, Severity.WARNING)
                        else:
                            yield path, entry.name
            except FileNotFoundError:
                # A project may do without one of the folders, or lose one while it is read.
                continue
            except OSError as error:
                findings.add(
                    Location(printable(folder)),
                    f"the folder cannot be read: {error.strerror}",
                    "Check that you may read it.",
                )

    def _is_behind_link(self, folder: str) -> bool:
        parts = PurePosixPath(folder).parts
        return any(
            Path(self.root, *parts[:count]).is_symlink() for count in range(1, len(parts) + 1)
        )


def _links_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_symlink() and entry.is_dir()
    except OSError:
        # A link to itself, say: reading it as a file tells the reason.
        return False


def _misnamed(name: str) -> bool:
    return name.endswith((".yaml", ".yml")) and not name.startswith(_OTHERS)


def _note_link(findings: Findings, path: str, severity: Severity) -> None:
    findings.add(
        Location(printable(path)),
        "specs behind a link to a folder are not read",
        "Put the folder itself into the project.",
        ErrorCode.PATH_FORBIDDEN,
        severity,
    )


def _patterns(key: str, texts: Sequence[str], kind: ResourceKind) -> list[_Pattern]:
    for text in texts:
        if not text or "/" in text:
            raise ConfigError(
                f"discovery.{key}: {text!r} is not a pattern of file names",
                hint="Write, for example, dataset.*.yaml; folders are searched to any depth.",
            )
    return [_Pattern.parse(text, kind) for text in texts]


def _inside(key: str, folder: str) -> str:
    path = posixpath.normpath(folder.replace(os.sep, "/")) if folder else "."
    if path.startswith(("/", "../")) or path == ".." or "\0" in path:
        raise ConfigError(
            f"discovery.{key}: {folder!r} leads out of the project",
            hint="Give a folder below the one that holds dli.yaml.",
        )
    return "" if path == "." else path


def _outermost(*folders: str) -> tuple[str, ...]:
    """The folders without those that lie in another of them, each once, in the order given."""
    paths = [PurePosixPath(folder) for folder in folders]
    return tuple(
        folder
        for index, folder in enumerate(folders)
        if not any(
            other in paths[index].parents or (other == paths[index] and position < index)
            for position, other in enumerate(paths)
        )
    )


def printable(path: str) -> str:
    """The path for a screen: bytes that are no text, and control characters, shown as `\ufffd`."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
