"""The steps of the policy, and how each says no."""

from enum import Enum

from dli_domain.errors import PolicyError


class Step(Enum):
    """A step of the policy: its number and its name."""

    BOUNDS = (2, "bounds")
    ONE_STATEMENT = (3, "one statement")
    SYNTAX = (4, "syntax")
    FUNCTIONS = (5, "functions")
    TABLES = (6, "tables")
    ENGINE = (7, "engine")


_HINTS = {
    Step.BOUNDS: "Send less text, and spell it plainly; run large work as a registered resource.",
    Step.ONE_STATEMENT: "Send one query without a second statement behind it.",
    Step.SYNTAX: "Send a SELECT; what changes data runs as a registered dataset.",
    Step.FUNCTIONS: "Use a built-in function that only computes; docs/sql-policy.md lists them.",
    Step.TABLES: "Ask the operator which tables the key may read.",
    Step.ENGINE: "Write the statement plainer, so that it reads the same for every parser.",
}


def refused(step: Step, reason: str, *, hint: str | None = None) -> PolicyError:
    """The refusal of a statement at a step, with the reason in one clause."""
    number, name = step.value
    return PolicyError(
        f"The SQL policy refuses this statement: {reason}",
        context={"Step": f"{number} {name}"},
        hint=hint or _HINTS[step],
    )
