"""Which source of a setting wins, and how that is known. No files, no environment."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from dli_domain.model.problems import Location

Key = tuple[str, ...]


class Layer(IntEnum):
    """The sources of settings; the higher one wins."""

    DEFAULT = 0
    GLOBAL = 1
    PROJECT = 2
    LOCAL = 3
    ENVIRONMENT = 4
    DOTENV = 5
    VARIABLE = 6
    CLI = 7

    @property
    def label(self) -> str:
        """The word that `config show --show-source` prints."""
        return _LABELS[self]


_LABELS: Mapping[Layer, str] = {
    Layer.DEFAULT: "default",
    Layer.GLOBAL: "global",
    Layer.PROJECT: "project",
    Layer.LOCAL: "local",
    Layer.ENVIRONMENT: "environment",
    Layer.DOTENV: "dotenv",
    Layer.VARIABLE: "env",
    Layer.CLI: "cli",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One value as one source says it.

    Args:
        value: What it says.
        layer: Which kind of source it is.
        place: Where in it, as shown: `dli.yaml:3:7`, a variable's name, `command line`.
        location: The same as a place in a file, if it is one.
        folder: Where relative paths of this source start, absolute.
        from_checkout: Whether somebody else may have written it: it came with the project.
    """

    value: object
    layer: Layer
    place: str
    location: Location | None = None
    folder: str | None = None
    from_checkout: bool = False


Sayings = Mapping[Key, Said]


def merge(*sources: Sayings) -> dict[Key, Said]:
    """For each key the saying of the highest layer; within a layer the later source wins.

    Maps merge key by key, because each leaf is a key of its own; a list is one value. The order
    of the sources does not matter across layers, and merging in steps gives the same.
    """
    merged: dict[Key, Said] = {}
    for source in sources:
        for key, said in source.items():
            held = merged.get(key)
            if held is None or said.layer >= held.layer:
                merged[key] = said
    return merged


def history(key: Key, sources: Iterable[Sayings]) -> tuple[Said, ...]:
    """Everything said of a key, the winner first."""
    found = [source[key] for source in sources if key in source]
    ordered = sorted(enumerate(found), key=lambda item: (item[1].layer, item[0]), reverse=True)
    return tuple(said for _, said in ordered)


def activate(sayings: Sayings, environment: str) -> dict[Key, Said]:
    """What `environments.<environment>` says, as settings of their own layer."""
    prefix = ("environments", environment)
    return {
        key[2:]: replace(said, layer=Layer.ENVIRONMENT)
        for key, said in sayings.items()
        if key[:2] == prefix and len(key) > 2
    }


def choose_engine(engine: Said, dialect: Said | None, engines: Collection[str]) -> Said:
    """Who decides the engine.

    A command line or variable that names an engine, else a dialect that was given there and is
    an engine's name, else the configuration's engine or the default. A dialect written in a
    configuration file says what language SQL is in, and no more.
    """
    if engine.layer >= Layer.DOTENV:
        return engine
    given = dialect is not None and dialect.layer >= Layer.DOTENV
    if dialect is not None and given and dialect.value in engines:
        return dialect
    return engine
