"""One file a project, outside of the checkout: whole and of this version, or not believed.

A file in the checkout could be committed by anybody and would then decide verdicts.
"""

import contextlib
import gc
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import final

import msgspec

import dli_domain
from dli_domain.analysis.facts import SpecFacts
from dli_domain.analysis.keeping import FactsStore, Index

# Raised with every change of what is kept or of how it is found out.
FORMAT = 1
_MAGIC = b"dli-facts\n"
_DIGEST = 32
_MAX_BYTES = 1 << 30
_CODE = (
    "analysis/*.py",
    "lineage/tables.py",
    "model/*.py",
    "rendering/*.py",
    "parameters.py",
    "usecases/examine_spec.py",
    "usecases/render_resource.py",
    "documents/*.py",
    "yaml_specs/*.py",
)


@final
class FileFactsStore(FactsStore):
    """Keeps the index in a file below `folder`.

    Runs side by side are safe: each writes a file of its own and renames it, the last one
    counts. A file that is cut, changed or of another version is set aside or written anew.

    Args:
        folder: The cache folder of the user, made where it is missing.
        project: The project's folder; each has its own file.
        settings: Everything else that decides facts, in a stable text.
        notice: Told in a sentence when a file cannot be used or kept.
    """

    def __init__(
        self,
        folder: Path,
        project: str,
        settings: str,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        name = hashlib.blake2b(os.fsencode(os.path.realpath(project)), digest_size=16).hexdigest()
        self.path = folder / "facts" / f"{name}.bin"
        self._key = _digest(f"{FORMAT} {_versions()} {settings}".encode())
        self._notice = notice

    def load(self) -> Index | None:
        try:
            if self.path.stat().st_size > _MAX_BYTES:
                return None
            data = self.path.read_bytes()
        except OSError:
            return None
        head = len(_MAGIC) + 2 * _DIGEST
        body = memoryview(data)[head:]
        if data[: len(_MAGIC)] != _MAGIC or data[head - _DIGEST : head] != _digest(body):
            self._set_aside()
            return None
        if data[len(_MAGIC) : head - _DIGEST] != self._key:
            return None  # another version or other settings: written anew after this run
        try:
            with _without_collector():
                return msgspec.msgpack.decode(body, type=Index)
        except (msgspec.DecodeError, ValueError):
            self._set_aside()
            return None

    def save(self, index: Index) -> None:
        try:
            body = msgspec.msgpack.encode(index)
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._replace(b"".join((_MAGIC, self._key, _digest(body), body)))
        except OSError as error:
            self._notice(f"The cache {self.path} cannot be written: {error.strerror}")
        except ValueError:
            # A path that is no text cannot be encoded; such a project does without.
            return

    def encode(self, facts: SpecFacts) -> bytes:
        return msgspec.msgpack.encode(facts)

    def decode(self, data: bytes) -> SpecFacts:
        return _FACTS.decode(data)

    def _replace(self, data: bytes) -> None:
        descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=f"{self.path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            # Not synced: after a crash of the machine the checksum tells, and nothing is lost.
            os.replace(name, self.path)  # noqa: PTH105 - mkstemp gives text
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)  # noqa: PTH108 - as above
            raise

    def _set_aside(self) -> None:
        aside = self.path.with_suffix(".corrupt")
        with contextlib.suppress(OSError):
            self.path.replace(aside)
        self._notice(f"The cache {self.path.name} was damaged; it is set aside as {aside}")


@final
class NoFactsStore(FactsStore):
    """Keeps nothing; facts stay as good as encoded in memory."""

    def load(self) -> Index | None:
        return None

    def save(self, index: Index) -> None:
        """Nothing is kept."""

    def encode(self, facts: SpecFacts) -> bytes:
        return msgspec.msgpack.encode(facts)

    def decode(self, data: bytes) -> SpecFacts:
        return _FACTS.decode(data)


_FACTS = msgspec.msgpack.Decoder(SpecFacts)


def _versions() -> str:
    names = ("dli-domain", "dli-adapters", "sqlglot", "jinja2", "pyyaml")
    return " ".join((*(f"{name}={version(name)}" for name in names), *_code()))


def _code() -> Iterator[str]:
    """The files of the code that finds facts out: a checkout changes under one version."""
    domain = Path(dli_domain.__file__).parent
    adapters = Path(__file__).parents[1]
    for pattern in _CODE:
        for path in sorted((*domain.glob(pattern), *adapters.glob(pattern))):
            facts = path.stat()
            yield f"{path.name} {facts.st_mtime_ns} {facts.st_size}"


def _digest(data: bytes | memoryview) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST).digest()


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Thousands of new tuples without a cycle: the collector would walk them again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
