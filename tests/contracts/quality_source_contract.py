"""What every QualitySource must do."""

from collections.abc import Sequence

import pytest

from dli_domain.errors import ErrorCode, SpecInvalidError, SpecNotFoundError
from dli_domain.ports.quality_source import QualitySource


class QualitySourceContract:
    """A subclass says how a source that holds these files is made."""

    def source(self, files: Sequence[tuple[str, str]]) -> QualitySource:
        """A source with a file of each path for the dataset of each name, with one test."""
        raise NotImplementedError

    @pytest.fixture
    def shop(self) -> QualitySource:
        return self.source(
            [
                ("quality.b.yaml", "lake.mart.orders"),
                ("a/quality.yaml", "lake.mart.orders"),
                ("quality.한국.yml", "한국.매장.주문"),
            ]
        )

    def test_a_name_finds_every_file_about_it_in_order(self, shop: QualitySource) -> None:
        found = shop.find("lake.mart.orders")
        assert [spec.location.path for spec in found.specs] == ["a/quality.yaml", "quality.b.yaml"]
        assert [len(spec.tests) for spec in found.specs] == [1, 1]
        assert found.problems == ()

    def test_a_path_finds_the_one_file(self, shop: QualitySource) -> None:
        found = shop.find("quality.b.yaml")
        assert [str(spec.target.name) for spec in found.specs] == ["lake.mart.orders"]

    def test_a_korean_name_is_found(self, shop: QualitySource) -> None:
        assert len(shop.find("한국.매장.주문").specs) == 1

    @pytest.mark.parametrize("name", ["lake.mart.order", "mart.orders", "quality.c.yaml"])
    def test_what_is_not_there_raises_with_its_code(self, shop: QualitySource, name: str) -> None:
        with pytest.raises(SpecNotFoundError) as error:
            shop.find(name)
        assert error.value.code is ErrorCode.QUALITY_SPEC_NOT_FOUND

    def test_the_closest_name_is_told(self, shop: QualitySource) -> None:
        with pytest.raises(SpecNotFoundError) as error:
            shop.find("lake.mart.order")
        assert error.value.hint == "Did you mean 'lake.mart.orders'?"

    def test_what_is_no_name_is_told(self, shop: QualitySource) -> None:
        with pytest.raises(SpecInvalidError):
            shop.find("a b")

    def test_the_list_holds_all_ordered_by_path(self, shop: QualitySource) -> None:
        paths = [spec.location.path for spec in shop.list().specs]
        assert paths == ["a/quality.yaml", "quality.b.yaml", "quality.한국.yml"]
