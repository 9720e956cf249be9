"""The page about an error code."""

from dli_cli.exit_codes import exit_code
from dli_cli.options import Json, OnScreen
from dli_cli.pages import PAGES, text_page
from dli_cli.usage import UsageError
from dli_domain.errors import ErrorCode
from dli_domain.model.names import did_you_mean


def explain(code: str, /, *, json: Json = False, screen: OnScreen) -> None:
    """Print what an error code means and what to do about it.

    Args:
        code: The code or its name: DLI-405, 405 or EXECUTION_QUERY.
        json: Print one JSON object on stdout.
        screen: Where it goes.
    """
    found = _find(code)
    if not json:
        screen.print(text_page(found))
        return
    page = PAGES[found]
    screen.envelope(
        code=found.value,
        name=found.name,
        meaning=page.meaning,
        causes=page.causes,
        steps=page.steps,
        exit_code=int(exit_code(found)),
    )


def _find(word: str) -> ErrorCode:
    asked = word.strip().strip("[]").upper().replace("-", "_")
    names = {code.name: code for code in ErrorCode}
    by_value = {code.value.replace("-", "_"): code for code in ErrorCode}
    found = names.get(asked) or by_value.get(asked) or by_value.get(f"DLI_{asked}")
    if found is not None:
        return found
    known = [*names, *(code.value for code in ErrorCode)]
    near = did_you_mean(word.strip().strip("[]").upper(), known)
    raise UsageError(f"Unknown error code {word!r}." + (f" {near}" if near else ""))
