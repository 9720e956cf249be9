"""Lists that come page by page."""


def total_of(count: int, offset: int, *, has_more: bool) -> int | None:
    """How many there are in all, as far as a page tells it.

    Args:
        count: How many are on the page.
        offset: How many were passed over.
        has_more: Whether others follow.

    Returns:
        The total; None where others follow, or where the page lies behind the end.
    """
    if has_more or (offset and not count):
        return None
    return offset + count
