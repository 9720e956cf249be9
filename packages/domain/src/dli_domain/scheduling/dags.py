"""How Airflow calls a dataset's DAG."""

import re
from collections.abc import Iterable

from dli_domain.errors import SpecInvalidError

# Airflow keeps ids in columns of 250 characters, and allows letters, digits and these.
MAX_DAG_ID = 250
_REFUSED = re.compile(r"[^\w]")


def dag_id(name: str) -> str:
    """The DAG's id: the dataset's name with `.`, `-` and `$` as `_`.

    Raises:
        SpecInvalidError: it is longer than Airflow takes.
    """
    made = _REFUSED.sub("_", name)
    if len(made) > MAX_DAG_ID:
        raise SpecInvalidError(
            f"The name {name[:80]!r}... is too long for a DAG: {len(made)} characters",
            hint=f"Airflow takes {MAX_DAG_ID}.",
        )
    return made


def dag_ids(names: Iterable[str]) -> dict[str, str]:
    """The id of each name.

    Raises:
        SpecInvalidError: two names have one id, or one is too long.
    """
    taken: dict[str, str] = {}
    for name in names:
        made = dag_id(name)
        other = taken.setdefault(made, name)
        if other != name:
            raise SpecInvalidError(
                f"{other!r} and {name!r} have one DAG id, {made!r}",
                hint="Rename one of them: '.' and '-' become '_' in Airflow.",
            )
    return {name: made for made, name in taken.items()}
