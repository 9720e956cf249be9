"""YAML bytes to nodes, from the parser's events: nothing is constructed, nothing recurses."""

import os
from pathlib import Path

from dli_adapters.documents.building import Reading, build
from dli_adapters.documents.files import MAX_FILE_BYTES, FileTooLargeError, read_bounded
from dli_adapters.documents.findings import invalid_document
from dli_adapters.documents.nodes import Node
from dli_adapters.documents.source_text import UnreadableTextError, decode
from dli_domain.errors import ErrorCode, SpecInvalidError
from dli_domain.model.problems import Location, Problem


def parse_yaml(data: bytes, path: str) -> Reading:
    """The document and every finding about it; the node is None where it cannot be trusted.

    Args:
        data: The file's bytes: UTF-8, at most 1 MiB.
        path: The name that places are told with.
    """
    if len(data) > MAX_FILE_BYTES:
        return Reading(None, (_too_large(path, f"the file has {len(data):,} bytes"),))
    try:
        source = decode(data, path)
    except UnreadableTextError as error:
        problem = Problem(
            code=ErrorCode.SPEC_INVALID,
            message=error.message,
            location=error.location,
            fix=error.fix,
        )
        return Reading(None, (problem,))
    return build(source)


def read_yaml(data: bytes, path: str) -> Node | None:
    """The document, or None where it is empty.

    Args:
        data: The file's bytes: UTF-8, at most 1 MiB.
        path: The name that places are told with.

    Raises:
        SpecInvalidError: it is broken (DLI-203) or beyond a limit (DLI-205); `problems` holds
            every finding.
    """
    reading = parse_yaml(data, path)
    if reading.problems:
        raise invalid_document(path, reading.problems)
    return reading.node


def read_yaml_file(path: Path, label: str | None = None) -> Node | None:
    """The document in a file, or None where it is empty; symbolic links are followed.

    Args:
        path: The file.
        label: The name that places are told with; the path itself unless given.

    Raises:
        SpecInvalidError: as `read_yaml`, or the file cannot be read (the OSError is its cause).
    """
    name = label or str(path)
    try:
        # Without O_NONBLOCK, opening a pipe would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            data = read_bounded(descriptor)
        finally:
            os.close(descriptor)
    except FileTooLargeError as error:
        raise invalid_document(name, [_too_large(name, str(error))]) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SpecInvalidError(
            f"{name} cannot be read: {reason}",
            location=Location(name),
            hint="Check that the file exists and that you may read it.",
        ) from error
    return read_yaml(data, name)


def _too_large(path: str, message: str) -> Problem:
    return Problem(
        code=ErrorCode.SPEC_LIMIT,
        message=message,
        location=Location(path),
        fix=f"Keep the file below {MAX_FILE_BYTES:,} bytes; move data out of YAML.",
    )
