"""The page in a real browser: what a person sees and does with it, by pointer and by keys."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.common.print_page_options import PrintOptions
from selenium.webdriver.remote.webelement import WebElement

from dli_cli.lineage import page
from dli_domain.model.lineage import LineageView
from tests.cli.lineage.views import DAILY, HOSTILE, circle, hostile, large, shop
from tests.engines.chromium import browser

__all__ = ["browser"]
pytestmark = pytest.mark.xdist_group("chromium")


class Page:
    """What a person can see and do."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        found: list[str] = self.run(
            "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)",
            selector,
        )
        return found

    def lit(self) -> set[str]:
        """The lit columns as `table.column`."""
        found: list[str] = self.run(
            "return [...document.querySelectorAll('.col.on')].map((e) => "
            "e.closest('.node').querySelector('.head').title + '.' "
            "+ e.querySelector('span').textContent)"
        )
        return set(found)

    def flows(self) -> list[str]:
        found: list[str] = self.run(
            "return [...document.querySelectorAll('#flows path')]"
            ".map((e) => e.getAttribute('class').replace('flow ', ''))"
        )
        return sorted(found)

    def column(self, table: str, name: str) -> WebElement:
        found: WebElement = self.run(
            "return [...document.querySelectorAll('.node')]"
            ".find((e) => e.querySelector('.head').title === arguments[0])"
            ".querySelectorAll('.col').values()"
            ".find((e) => e.querySelector('span').textContent === arguments[1])",
            table,
            name,
        )
        return found

    def transform(self) -> tuple[float, float, float]:
        """The pan and the zoom."""
        x, y, scale = self.run(
            "const m = new DOMMatrix(getComputedStyle(document.getElementById('world')).transform);"
            "return [m.e, m.f, m.a]"
        )
        return x, y, scale

    def focus(self) -> str:
        label: str = self.run("return document.activeElement.getAttribute('aria-label') ?? ''")
        return label

    def type(self, *keys: str) -> None:
        ActionChains(self.driver).send_keys(*keys).perform()

    def said(self) -> str:
        return self.texts("#said")[0]

    def requests(self) -> list[str]:
        """What pages from files asked for since the last look, but for themselves."""
        messages = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]  # type: ignore[no-untyped-call]
        asked = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        return [
            one["request"]["url"]
            for one in asked
            if one["documentURL"].startswith("file:")
            and one["request"]["url"] != one["documentURL"]
        ]


Open = Callable[[LineageView], Page]


@pytest.fixture
def opened(browser: webdriver.Chrome, tmp_path: Path) -> Iterator[Open]:
    """Open the page of a view from a file. Any word on the console fails the test."""

    def visit(view: LineageView) -> Page:
        path = tmp_path / "page.html"
        path.write_text(page.render(view), encoding="utf-8")
        browser.get(path.as_uri())
        return Page(browser)

    browser.get_log("performance")  # type: ignore[no-untyped-call]
    yield visit
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
    assert Page(browser).requests() == []
    assert Page(browser).run("return performance.getEntriesByType('resource').length") == 0


def test_a_clicked_column_lights_its_path_both_ways(opened: Open) -> None:
    seen = opened(shop())
    seen.column("shop.marts.daily_sales", "sales").click()
    assert seen.lit() == {
        "shop.raw.orders.amount",
        "shop.staging.orders.amount",
        "shop.marts.daily_sales.sales",
        "shop.kpi.revenue.revenue",
        "shop.kpi.revenue.share",
    }
    assert seen.flows() == ["aggregated", "aggregated", "computed", "copied"]
    dim = seen.run(
        "return [...document.querySelectorAll('.node:not(.on) .head')].map(e => e.title)"
    )
    assert set(dim) == {"shop.raw.customers", "shop.marts.forecast"}
    facts = " ".join(seen.texts("#facts"))
    assert "shop.staging.orders.amount aggregated" in facts
    assert "shop.staging.orders.day filter: group, where" in facts
    assert seen.said() == f"{DAILY}.sales: 2 columns upstream, 2 downstream"
    seen.column("shop.marts.daily_sales", "sales").click()
    assert (seen.lit(), seen.flows(), seen.said()) == (set(), [], "")


def test_a_column_that_only_decides_about_rows_ends_its_path_there(opened: Open) -> None:
    seen = opened(shop())
    seen.column("shop.raw.orders", "status").click()
    assert seen.lit() == {"shop.raw.orders.status"}
    assert seen.flows() == ["filter"]


def test_a_clicked_table_lights_what_it_is_made_of_and_what_is_made_of_it(opened: Open) -> None:
    seen = opened(shop())
    seen.one('.head[title="shop.staging.orders"]').click()
    assert seen.said() == "shop.staging.orders: 2 tables upstream, 3 downstream"
    assert len(seen.texts(".edge.on")) == 6
    facts = " ".join(seen.texts("#facts"))
    assert "주문 원장\n하나의 행이 하나의 주문" in facts
    assert "datasets/dataset.shop.staging.orders.yaml:1:1" in facts


def test_a_search_finds_tables_and_columns_and_goes_there(opened: Open) -> None:
    seen = opened(large())
    seen.type("/", "model_0007")
    assert seen.texts("#found li")[0] == "wh.layer_000.model_0007External"
    box = seen.one("#search")
    box.clear()
    box.send_keys("model_0007.c4")
    assert seen.texts("#found li") == ["wh.layer_000.model_0007.c4column"]
    box.send_keys(Keys.ENTER)
    assert "wh.layer_000.model_0007.c4" in seen.lit()
    chosen = seen.one(".col.chosen")
    frame, spot = seen.one("#view").rect, chosen.rect
    assert frame["x"] <= spot["x"] <= frame["x"] + frame["width"]
    assert frame["y"] <= spot["y"] <= frame["y"] + frame["height"]
    box.clear()
    box.send_keys("no such thing")
    assert seen.texts("#found li") == ["Nothing has that name."]


def test_the_wheel_zooms_about_the_pointer_and_a_drag_pans(opened: Open) -> None:
    seen = opened(shop())
    x, y, scale = seen.transform()
    view = seen.one("#view")
    ActionChains(seen.driver).scroll_from_origin(
        webdriver.common.actions.wheel_input.ScrollOrigin.from_element(view, 50, 50), 0, -240
    ).perform()
    zoomed = seen.transform()
    assert zoomed[2] > scale * 1.3
    centre = (view.rect["width"] / 2 + 50, view.rect["height"] / 2 + 50)
    for before, after, at in zip((x, y), zoomed, centre, strict=False):
        assert (at - before) / scale == pytest.approx((at - after) / zoomed[2], abs=2)
    ActionChains(seen.driver).move_to_element_with_offset(
        view, 0, 260
    ).click_and_hold().move_by_offset(40, -30).release().perform()
    panned = seen.transform()
    assert panned[0] - zoomed[0] == pytest.approx(40, abs=1)
    assert panned[1] - zoomed[1] == pytest.approx(-30, abs=1)
    seen.one("#fit").click()
    assert seen.transform() == pytest.approx((x, y, scale))
    seen.one("#in").click()
    assert seen.transform()[2] > scale


def test_everything_can_be_done_with_keys(opened: Open) -> None:
    seen = opened(shop())
    seen.run("document.getElementById('view').focus()")
    x, y, scale = seen.transform()
    seen.type(Keys.ARROW_RIGHT)
    assert seen.transform()[0] == x - 60
    seen.type("+")
    assert seen.transform()[2] > scale
    seen.type("0")
    assert seen.transform() == pytest.approx((x, y, scale))
    seen.type(Keys.TAB)
    assert seen.focus() == "shop.marts.daily_sales, Dataset"
    seen.type(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert seen.focus() == "sales, aggregated"
    seen.type(Keys.ENTER)
    assert "shop.kpi.revenue.share" in seen.lit()
    seen.type(Keys.ARROW_LEFT)
    assert seen.focus() == "amount, copied"
    seen.type(Keys.ARROW_LEFT)
    assert seen.focus() == "amount, external"
    seen.type(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert seen.focus() == "sales, aggregated"
    seen.type(Keys.ESCAPE)
    assert seen.lit() == set()


def test_columns_fold_and_a_folded_table_still_shows_the_lit_ones(opened: Open) -> None:
    seen = opened(shop())
    seen.one("#all").click()
    assert seen.texts(".col") == []
    seen.one('[aria-label="Show the columns of shop.marts.daily_sales"]').click()
    assert len(seen.texts(".col")) == 5
    seen.column("shop.marts.daily_sales", "orders").click()
    assert seen.lit() == {
        "shop.raw.orders.id",
        "shop.staging.orders.order_id",
        "shop.marts.daily_sales.orders",
    }


def test_what_is_external_or_unknown_says_so(opened: Open) -> None:
    seen = opened(shop())
    assert seen.texts(".node.external .kind") == ["External", "External"]
    assert seen.texts(".node.unknown .short") == ["forecast"]
    assert seen.texts("#notes summary") == [
        "datasets/forecast.sql:3:14: [DLI-202] the SQL does not parse: expecting )"
    ]
    assert seen.texts("#counts") == ["3 datasets · 1 metric · 2 external · 1 unknown"]


def test_a_cycle_is_drawn_and_named(opened: Open) -> None:
    seen = opened(circle())
    assert seen.texts("#notes summary") == ["cycle: a.one → a.two → a.three → a.one"]
    assert len(seen.texts(".edge.cycle")) == 1
    seen.column("a.two", "x").click()
    assert seen.lit() == {"a.one.x", "a.two.x", "a.three.x"}


def test_a_page_of_one_column_opens_with_its_path_lit(opened: Open) -> None:
    seen = opened(shop(column="sales"))
    assert f"{DAILY}.sales" in seen.lit()
    assert seen.flows() == ["aggregated", "aggregated", "computed", "copied"]


def test_no_name_is_more_than_text(opened: Open) -> None:
    seen = opened(hostile())
    assert seen.run("return window.broken ?? null") is None
    assert len(seen.texts(".node")) == len(HOSTILE)
    assert (
        seen.run("return document.images.length + document.querySelectorAll('script').length") == 2
    )
    seen.run("document.querySelector('.col').click()")
    seen.one("#search").send_keys("script")
    assert len(seen.lit()) == len(HOSTILE)
    assert seen.run("return window.broken ?? null") is None
    title = "Lineage of </script><script>window.broken = 1</script>"
    assert seen.run("return document.title") == title


def test_the_policy_lets_no_other_script_style_or_request_in(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    path.write_text(page.render(shop()), encoding="utf-8")
    browser.get(path.as_uri())
    seen = Page(browser)
    seen.run(
        "const s = document.createElement('script'); s.textContent = 'window.broken = 1';"
        "document.body.append(s);"
        "const i = new Image(); i.src = 'http://127.0.0.1:9/x'; document.body.append(i);"
        "document.body.insertAdjacentHTML('beforeend', '<b onclick=\"window.broken = 1\">x</b>');"
        "document.body.lastElementChild.click()"
    )
    assert seen.run("return window.broken ?? null") is None
    refused = [e["message"] for e in browser.get_log("browser")]  # type: ignore[no-untyped-call]
    assert len(refused) == 3
    assert all("Content Security Policy" in message for message in refused)


def test_a_thousand_tables_open_and_light_at_once(opened: Open) -> None:
    seen = opened(large())
    assert len(seen.texts(".node")) == 1000
    took = seen.run(
        "const from = performance.now(); document.querySelector('.col').click();"
        "document.body.getBoundingClientRect(); return performance.now() - from"
    )
    assert took < 3000
    assert len(seen.lit()) > 100


def test_no_boxes_overlap(opened: Open) -> None:
    seen = opened(large(400))
    overlaps = seen.run(
        "const b = [...document.querySelectorAll('.node')].map((e) => e.getBoundingClientRect());"
        "return b.filter((r, i) => b.some((o, j) => i < j && r.left < o.right && o.left < r.right"
        " && r.top < o.bottom && o.top < r.bottom)).length"
    )
    assert overlaps == 0


def test_light_and_dark_follow_the_system_and_can_be_switched(opened: Open) -> None:
    seen = opened(shop())

    def paper() -> str:
        colour: str = seen.run("return getComputedStyle(document.body).backgroundColor")
        return colour

    light = paper()
    seen.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": "dark"}]},
    )
    dark = paper()
    assert light != dark
    seen.one("#theme").click()
    assert paper() == light
    seen.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    seen.one("#theme").click()
    assert paper() == dark


def test_it_prints_on_one_sheet(opened: Open) -> None:
    seen = opened(shop())
    before = seen.transform()
    printed = b64decode(seen.driver.print_page(PrintOptions()))
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") == 1 or b"/Count 1" in printed
    assert seen.transform() == pytest.approx(before)
