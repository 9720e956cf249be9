"""What a key may do."""

from enum import StrEnum


class Scope(StrEnum):
    """A right that a key is given by name; a key without it is refused."""

    RUN_SPEC = "run:spec"
    """Run registered datasets and metrics by name."""
    RUN_ADHOC = "run:adhoc"
    """Run text that only reads, and estimate it."""
    RUN_WRITE = "run:write"
    """Run text that changes data."""
    QUALITY = "quality"
    """Run registered quality tests."""
    CATALOG = "catalog"
    """See specs, tables, lineage and the key's own queries."""
    REGISTER = "register"
    """Register specs and workflows."""
    WORKFLOW_TRIGGER = "workflow:trigger"
    """Start, stop and pause workflows."""
    ADMIN = "admin"
    """See and cancel what other keys run; nothing else is implied."""


class Access(StrEnum):
    """Of a route that no single scope guards."""

    OPEN = "open"
    """Anybody, without a key."""
    ANY_KEY = "any key"
    """Every valid key."""
    CHECKED_INSIDE = "checked inside"
    """Every valid key; the handler asks for the scope that the body calls for."""
