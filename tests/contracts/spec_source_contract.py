"""What every SpecSource must do."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from dli_domain.errors import ErrorCode, SpecInvalidError, SpecNotFoundError
from dli_domain.model.spec import QueryType, ResourceKind
from dli_domain.ports.spec_source import SpecSource

DATASET, METRIC = ResourceKind.DATASET, ResourceKind.METRIC


class SpecSourceContract:
    """A subclass says how a source that holds these resources is made."""

    def source(self, resources: Sequence[tuple[ResourceKind, str]]) -> SpecSource:
        """A source with a resource of each kind and name, its SQL `SELECT '<name>'`."""
        raise NotImplementedError

    @pytest.fixture
    def shop(self) -> SpecSource:
        return self.source(
            [
                (METRIC, "lake.kpi.buyers"),
                (DATASET, "lake.mart.orders"),
                (DATASET, "lake.mart.customers"),
                (DATASET, "한국.매장.주문"),
            ]
        )

    def test_a_resource_is_given_whole_by_its_name(self, shop: SpecSource) -> None:
        spec = shop.get("lake.mart.orders")
        assert (spec.kind, str(spec.name)) == (DATASET, "lake.mart.orders")
        assert spec.sql.text == "SELECT 'lake.mart.orders'"
        assert shop.get("lake.kpi.buyers", METRIC).query_type is QueryType.SELECT

    def test_a_korean_name_is_found(self, shop: SpecSource) -> None:
        assert str(shop.get("한국.매장.주문", DATASET).name) == "한국.매장.주문"

    @pytest.mark.parametrize("name", ["lake.mart.Orders", "mart.orders", "orders", "lake.mart"])
    def test_names_are_matched_exactly(self, shop: SpecSource, name: str) -> None:
        with pytest.raises(SpecNotFoundError):
            shop.get(name)

    @pytest.mark.parametrize(
        ("kind", "code"),
        [(DATASET, "DLI-101"), (METRIC, "DLI-102"), (None, "DLI-101")],
    )
    def test_an_unknown_name_has_the_code_of_its_kind(
        self, shop: SpecSource, kind: ResourceKind | None, code: str
    ) -> None:
        with pytest.raises(SpecNotFoundError) as caught:
            shop.get("a.b.c", kind)
        assert caught.value.code == code
        assert "'a.b.c'" in caught.value.message
        assert caught.value.hint
        assert caught.value.context["Searched"]

    def test_a_misspelt_name_is_answered_with_the_closest(self, shop: SpecSource) -> None:
        with pytest.raises(SpecNotFoundError) as caught:
            shop.get("lake.mart.ordres", DATASET)
        assert caught.value.hint == "Did you mean 'lake.mart.orders'?"

    def test_the_other_kind_is_told(self, shop: SpecSource) -> None:
        with pytest.raises(SpecNotFoundError) as caught:
            shop.get("lake.kpi.buyers", DATASET)
        assert caught.value.hint is not None
        assert "'lake.kpi.buyers' is a metric" in caught.value.hint
        with pytest.raises(SpecNotFoundError) as caught:
            shop.get("lake.mart.orders", METRIC)
        assert caught.value.hint is not None
        assert "'lake.mart.orders' is a dataset" in caught.value.hint

    @pytest.mark.parametrize(
        "name", ["", ".", "..", "../x", "a/b", "a..b", "/etc/passwd", "a\0b", "a b", "x" * 600, "*"]
    )
    def test_what_is_no_name_is_refused(self, shop: SpecSource, name: str) -> None:
        with pytest.raises(SpecInvalidError, match="no resource name") as caught:
            shop.get(name)
        assert caught.value.code is ErrorCode.SPEC_INVALID

    def test_names_are_sorted_and_chosen_by_kind(self, shop: SpecSource) -> None:
        datasets = ["lake.mart.customers", "lake.mart.orders", "한국.매장.주문"]
        assert list(shop.names(DATASET)) == datasets
        assert list(shop.names(METRIC)) == ["lake.kpi.buyers"]
        assert list(shop.names()) == sorted([*datasets, "lake.kpi.buyers"])

    def test_the_list_is_ordered_by_kind_and_name(self, shop: SpecSource) -> None:
        listing = shop.list()
        assert [(s.kind, str(s.name)) for s in listing.specs] == [
            (DATASET, "lake.mart.customers"),
            (DATASET, "lake.mart.orders"),
            (DATASET, "한국.매장.주문"),
            (METRIC, "lake.kpi.buyers"),
        ]
        assert listing.problems == ()
        assert [str(s.name) for s in shop.list(METRIC).specs] == ["lake.kpi.buyers"]

    def test_every_listed_spec_is_what_get_gives(self, shop: SpecSource) -> None:
        for spec in shop.list().specs:
            assert shop.get(str(spec.name), spec.kind) == spec

    def test_nothing_is_a_source_too(self) -> None:
        empty = self.source([])
        assert list(empty.names()) == []
        assert empty.list().specs == ()
        with pytest.raises(SpecNotFoundError):
            empty.get("a.b.c")

    def test_a_double_name_is_an_error_that_places_both(self) -> None:
        source = self.source([(DATASET, "a.b.c"), (DATASET, "a.b.c"), (DATASET, "a.b.d")])
        with pytest.raises(SpecInvalidError) as caught:
            source.get("a.b.c", DATASET)
        assert len({problem.location for problem in caught.value.problems}) == 2
        listing = source.list()
        assert [str(spec.name) for spec in listing.specs] == ["a.b.d"]
        assert len(listing.problems) == 2
        assert all("'a.b.c'" in problem.message for problem in listing.problems)

    def test_a_name_of_both_kinds_needs_the_kind(self) -> None:
        source = self.source([(DATASET, "a.b.c"), (METRIC, "a.b.c")])
        assert source.get("a.b.c", DATASET).kind is DATASET
        assert source.get("a.b.c", METRIC).kind is METRIC
        with pytest.raises(SpecInvalidError):
            source.get("a.b.c")
        assert len(source.list().specs) == 2

    def test_threads_share_a_source(self, shop: SpecSource) -> None:
        with ThreadPoolExecutor(8) as pool:
            got = list(pool.map(lambda _: shop.get("lake.mart.orders"), range(64)))
        assert got == [shop.get("lake.mart.orders")] * 64
