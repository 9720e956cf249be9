"""`~/.dli/trust.yaml`: what the user allowed to which checkout."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from dli_adapters.documents.nodes import MappingNode, ScalarNode, SequenceNode
from dli_adapters.documents.reader import read_yaml_file
from dli_adapters.settings.files import replace_file
from dli_domain.errors import ConfigError, SpecInvalidError
from dli_domain.model.problems import Location

_HEAD = "# Written by 'dli config trust': what these checkouts may do with your credentials.\n"


def approved_for(root: Path, path: Path) -> frozenset[str]:
    """The texts of what was allowed to the checkout at `root`.

    Raises:
        ConfigError: the file is there and cannot be understood.
    """
    return frozenset(read_trust(path).get(str(root.resolve()), ()))


def read_trust(path: Path) -> dict[str, tuple[str, ...]]:
    """Checkout to the texts of what was allowed to it; no file allows nothing.

    Raises:
        ConfigError: the file is there and cannot be understood.
    """
    if not path.exists():
        return {}
    try:
        root = read_yaml_file(path)
    except SpecInvalidError as error:
        raise _broken(path, error.location) from error
    projects = root.get("projects") if isinstance(root, MappingNode) else None
    if root is None:
        return {}
    if not isinstance(projects, MappingNode):
        raise _broken(path, root.location)
    found: dict[str, tuple[str, ...]] = {}
    for entry in projects.entries:
        if not isinstance(entry.value, SequenceNode):
            raise _broken(path, entry.value.location)
        found[entry.key] = tuple(i.text for i in entry.value.items if isinstance(i, ScalarNode))
    return found


def record_trust(path: Path, root: Path, granted: Collection[str]) -> None:
    """Allow exactly this to the checkout at `root`; nothing at all takes everything back.

    Raises:
        ConfigError: the file cannot be read (DLI-001) or written (DLI-007).
    """
    held = read_trust(path)
    name = str(root.resolve())
    held.pop(name, None)
    if granted:
        held[name] = tuple(granted)
    replace_file(path, _text(held))


def _text(held: Mapping[str, tuple[str, ...]]) -> str:
    lines = [_HEAD, "version: 1\n", "projects:\n" if held else "projects: {}\n"]
    for root in sorted(held):
        # JSON's quoting is YAML's double quoting.
        lines.append(f"  {json.dumps(root, ensure_ascii=False)}:\n")
        lines.extend(f"    - {json.dumps(text, ensure_ascii=False)}\n" for text in held[root])
    return "".join(lines)


def _broken(path: Path, location: Location | None) -> ConfigError:
    return ConfigError(
        f"{path} cannot be understood",
        hint="Remove it and run 'dli config trust' again where you need it.",
        location=location or Location(str(path)),
    )
