"""How much work one template may make: steps and sizes are bounded, whatever it says."""

from collections.abc import Iterable, Iterator

from dli_domain.errors import ErrorCode, TemplateError

MAX_OUTPUT = 1 << 20
MAX_STEPS = 500_000
MAX_ITEMS = 10_000
_MAX_BITS = 256


class Budget:
    """Counts the work of one rendering; every method raises `TemplateError` past the limit."""

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self._left = steps

    def spend(self, steps: int) -> None:
        """Take `steps` off what is left."""
        self._left -= steps
        if self._left < 0:
            raise _too_much(f"takes more than {MAX_STEPS:,} steps")

    def ticking(self, items: Iterable[object]) -> Iterator[object]:
        """The items, each of them a step."""
        for item in items:
            self.spend(8)
            yield item

    def text(self, size: int) -> None:
        """Pay for a text of `size` characters before it is made."""
        if size > MAX_OUTPUT:
            raise _too_much(f"makes a text of more than {MAX_OUTPUT:,} characters")
        self.spend(1 + size // 16)

    def items(self, count: int) -> None:
        """Pay for a list of `count` items before it is made."""
        if count > MAX_ITEMS:
            raise _too_much(f"makes a list of more than {MAX_ITEMS:,} items")
        self.spend(1 + count)

    def number(self, value: object) -> None:
        """Refuse whole numbers that no SQL type can hold."""
        if isinstance(value, int) and value.bit_length() > _MAX_BITS:
            raise _too_much(f"makes a number of more than {_MAX_BITS} bits")
        self.spend(1)


def _too_much(what: str) -> TemplateError:
    return TemplateError(
        f"The template {what}",
        code=ErrorCode.TEMPLATE_FORBIDDEN,
        hint="Loop over less, or compute it in SQL.",
    )
