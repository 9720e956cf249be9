"""What is asked in every way; each must be answered alike. Several steps share one database."""

from dataclasses import dataclass

Step = tuple[str, ...]

_TYPED = {
    "text": 'it\'s "x" 가; --',
    "whole": "7",
    "part": "1.5e3",
    "exact": "12345678901234567890.123",
    "truth": "true",
    "day": "2024-02-29",
    "moment": "2024-02-29T12:30:00",
    "texts": '["new","paid"]',
    "wholes": "[1,2]",
    "col": "amount",
}


def typed(**other: str | None) -> Step:
    """A run with a value for each type of parameter, some of them others."""
    given = {**_TYPED, **other}
    pairs = (("-p", f"{name}={value}") for name, value in given.items() if value is not None)
    return ("dataset", "run", "p.typed", *(token for pair in pairs for token in pair))


@dataclass(frozen=True)
class Scenario:
    """One or more commands; `code` is the exit code of the last."""

    name: str
    steps: tuple[Step, ...]
    code: int = 0


def _one(name: str, *tokens: str, code: int = 0) -> Scenario:
    return Scenario(name, (tokens,), code)


def _dataset(name: str, *more: str, code: int = 0) -> Scenario:
    label = " ".join((name, *more))
    return Scenario(label, (("dataset", "run", name, *more),), code)


def _quality(name: str, *more: str, code: int = 0) -> Scenario:
    label = " ".join(("quality", name, *more))
    return Scenario(label, (("quality", "run", name, *more),), code)


SCENARIOS = (
    # rows and types
    _dataset("p.select"),
    _dataset("p.한국"),
    _dataset("p.empty"),
    _dataset("p.twice"),
    _dataset("p.many", "--rows", "3"),
    _dataset("p.types"),
    # parameters
    Scenario("every type of parameter", (typed(maybe="가"),)),
    Scenario("an optional parameter", (typed(choice="b", truth="false", day="1999-12-31"),)),
    Scenario("a missing parameter", (typed(day=None),), 3),
    Scenario("an unknown parameter", (typed(dya="2024-01-01"),), 3),
    Scenario("no whole number", (typed(whole="7.5"),), 3),
    Scenario("above the most", (typed(whole="101"),), 3),
    Scenario("no date", (typed(day="2023-02-29"),), 3),
    Scenario("no boolean", (typed(truth="maybe"),), 3),
    Scenario("none of the choices", (typed(choice="c"),), 3),
    Scenario("another pattern", (typed(coded="a1"),), 3),
    Scenario("no identifier", (typed(col="a; DROP TABLE x"),), 3),
    Scenario("an identifier that is no column", (typed(col="nowhere"),), 4),
    # days and templates
    _dataset("p.dates", "--ds", "2024-02-29"),
    _dataset("p.dates", "-p", "execution_date=2024-02-29"),
    _dataset("p.dates", "--ds", "2024-02-29", "-p", "execution_date=2024-03-01", code=3),
    _dataset("p.ref"),
    _dataset("p.no_ref", code=3),
    _dataset("p.measure"),
    _dataset("p.no_measure", code=3),
    _dataset("p.undefined", code=3),
    _dataset("p.forbidden", code=3),
    _dataset("p.trino"),
    # changing data
    Scenario(
        "build and look",
        (("dataset", "run", "p.build"), ("dataset", "run", "p.built")),
    ),
    Scenario(
        "without post",
        (("dataset", "run", "p.build", "--skip-post"), ("dataset", "run", "p.built")),
    ),
    _dataset("p.merge"),
    _dataset("p.lenient"),
    _dataset("p.pre_fails", code=4),
    _dataset("p.pre_fails", "--skip-pre"),
    _dataset("p.post_fails", code=4),
    # what the engine refuses
    _dataset("p.syntax", code=4),
    _dataset("p.no_column", code=4),
    _dataset("p.no_table", code=4),
    _dataset("p.bad_cast", code=4),
    _dataset("p.late_error", code=4),
    # names and specs
    _dataset("p.selct", code=3),
    _dataset("p.kpi", code=3),
    _dataset("a b", code=3),
    _dataset("p.broken", code=3),
    _dataset("p.no_file", code=3),
    _one("an unknown metric", "metric", "run", "p.kpl", code=3),
    # limits
    _dataset("p.slow", "--timeout", "1", code=7),
    _dataset("p.brief", code=7),
    _dataset("p.slow_write", "--timeout", "1", code=7),
    _dataset("p.select", "--max-bytes", "10GB"),
    _dataset("p.select", "--max-bytes", "1", code=9),
    # metrics
    _one("metric", "metric", "run", "p.kpi"),
    _one("metric with a value", "metric", "run", "p.asked", "-p", "least=10.5"),
    # nothing runs
    _dataset("p.build", "--dry-run"),
    _dataset("p.select", "--estimate"),
    # quality
    _quality("shop.orders", code=4),
    _quality("shop.orders", "--test", "id_there", "--test", "rows"),
    _quality("shop.orders", "--test", "buyer_there", "--samples", "0", code=1),
    _quality("shop.orders", "--test", "known_state"),
    _quality("shop.orders", "--test", "expr", "-p", "state=new"),
    _quality("shop.orders", "--fail-fast", code=1),
    _quality("shop.orders", "--test", "nothing", code=3),
    _quality("shop.orders", "-p", "stat=new", code=3),
    _quality("shop.nothing", code=1),
    _quality("shop.nothing", "--allow-empty"),
    _quality("shop.absent", code=4),
    _quality("p.kpi"),
    _quality("p.asked", code=1),
    _quality("p.asked", "-p", "least=20"),
    _quality("shop.order", code=3),
)
