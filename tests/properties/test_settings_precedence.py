"""Properties of precedence: a total order, kept whatever is merged first."""

from hypothesis import given
from hypothesis import strategies as st

from dli_domain.precedence import Key, Layer, Said, activate, choose_engine, history, merge

_LAYERS = st.sampled_from(Layer)
_KEYS = st.lists(st.sampled_from(["a", "b", "서울", "x.y"]), min_size=1, max_size=3).map(tuple)
_SAID = st.builds(
    Said,
    value=st.one_of(st.none(), st.integers(), st.text(max_size=3), st.lists(st.integers())),
    layer=_LAYERS,
    place=st.text(max_size=5),
)
_SOURCES = st.lists(st.dictionaries(_KEYS, _SAID, max_size=5), max_size=8)


def _distinct(sources: list[dict[Key, Said]]) -> list[dict[Key, Said]]:
    """The same sources with each in a layer of its own, as they really are."""
    layered = zip(Layer, sources, strict=False)
    return [
        {key: Said(value=said.value, layer=layer, place=said.place) for key, said in source.items()}
        for layer, source in layered
    ]


@given(_SOURCES)
def test_the_highest_layer_that_says_a_key_wins(sources: list[dict[Key, Said]]) -> None:
    merged = merge(*sources)
    assert set(merged) == {key for source in sources for key in source}
    for key, said in merged.items():
        spoken = [source[key] for source in sources if key in source]
        assert said.layer == max(one.layer for one in spoken)
        assert history(key, sources)[0] is said
        assert sorted(map(id, history(key, sources))) == sorted(map(id, spoken))


@given(_SOURCES, st.data())
def test_taking_a_loser_away_never_changes_the_winner(
    sources: list[dict[Key, Said]], data: st.DataObject
) -> None:
    merged = merge(*sources)
    number = data.draw(st.integers(0, max(len(sources) - 1, 0)))
    rest = sources[:number] + sources[number + 1 :]
    for key, said in merged.items():
        lost = number < len(sources) and sources[number].get(key) is not said
        if lost:
            assert merge(*rest)[key] is said


@given(_SOURCES, _SOURCES, _SOURCES)
def test_merging_in_steps_gives_the_same(
    low: list[dict[Key, Said]], middle: list[dict[Key, Said]], high: list[dict[Key, Said]]
) -> None:
    at_once = merge(*low, *middle, *high)
    assert merge(merge(*low), merge(*middle), merge(*high)) == at_once
    assert merge(merge(*low, *middle), *high) == at_once
    assert merge(*low, merge(*middle, *high)) == at_once


@given(_SOURCES, st.randoms())
def test_the_order_of_sources_of_different_layers_does_not_matter(
    sources: list[dict[Key, Said]], random: object
) -> None:
    layered = _distinct(sources)
    shuffled = list(layered)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random
    assert merge(*shuffled) == merge(*layered)


@given(_SOURCES)
def test_merging_nothing_more_changes_nothing(sources: list[dict[Key, Said]]) -> None:
    merged = merge(*sources)
    assert merge(merged, {}) == merged
    assert merge({}, merged) == merged
    assert merge(merged, merged) == merged


@given(st.dictionaries(_KEYS, _SAID, max_size=5), st.text(max_size=4))
def test_an_environment_keeps_values_and_places_and_gets_its_own_layer(
    said: dict[Key, Said], name: str
) -> None:
    inside = {("environments", name, *key): one for key, one in said.items()}
    activated = activate({**said, **inside}, name)
    assert {key: (one.value, one.place) for key, one in activated.items()} == {
        key: (one.value, one.place) for key, one in said.items()
    }
    assert {one.layer for one in activated.values()} <= {Layer.ENVIRONMENT}


@given(_LAYERS, st.none() | _LAYERS, st.sampled_from(["bigquery", "duckdb", "trino", "mysql"]))
def test_a_dialect_chooses_the_engine_only_where_it_is_given_and_names_one(
    engine: Layer, dialect: Layer | None, word: str
) -> None:
    engines = ("bigquery", "duckdb", "trino")
    by_engine = Said(value="duckdb", layer=engine, place="e")
    by_dialect = None if dialect is None else Said(value=word, layer=dialect, place="d")
    chosen = choose_engine(by_engine, by_dialect, engines)
    spoken = engine >= Layer.DOTENV
    given_dialect = dialect is not None and dialect >= Layer.DOTENV and word in engines
    assert chosen is (by_dialect if given_dialect and not spoken else by_engine)
