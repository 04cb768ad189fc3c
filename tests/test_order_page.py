"""The order as a film, in a browser; and the curve of its distances."""

from collections.abc import Iterator
from urllib.request import urlopen

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from scripts.lib.view.curve import curve
from scripts.lib.view.results import Results
from scripts.lib.view.snapshot import Snapshot, load_snapshot
from tests.browser import Dashboard, axe, dashboard, screenshot
from tests.small_results import HOSTILE, Small, write_results

pytestmark = pytest.mark.xdist_group("test_order_page")
COUNT = 60


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return write_results(tmp_path_factory.mktemp("order"), Small(COUNT, HOSTILE))


@pytest.fixture(scope="module")
def shown(results: Results) -> Iterator[Dashboard]:
    with dashboard(results.base) as running:
        yield running


@pytest.fixture
def snapshot(results: Results) -> Snapshot:
    found = load_snapshot(results)
    assert found is not None
    return found


def open_at(page: Page, shown: Dashboard, place: int) -> None:
    page.goto(f"{shown.address}/order?at={place}")
    is_at(page, place)


def is_at(page: Page, place: int) -> None:
    expect(page.locator("#film-place")).to_have_text(f"{place} / {COUNT - 1}")
    expect(page.locator(".film-here")).to_have_attribute("aria-label", f"Place {place}")


def test_it_shows_the_image_at_a_place_and_those_around_it(
    page: Page, shown: Dashboard, snapshot: Snapshot
) -> None:
    open_at(page, shown, 20)
    expect(page.locator("#film-image")).to_have_attribute(
        "src", f"{shown.address}/image/{snapshot.generation}/20"
    )
    shape = page.evaluate(
        "() => { const i = document.getElementById('film-image'); return [i.naturalWidth, i.naturalHeight]; }"
    )
    assert shape == [96, 64]
    cells = page.locator(".film-cell img").evaluate_all(
        "cells => cells.map(cell => cell.getAttribute('src'))"
    )
    places = sorted(int(cell.rsplit("/", 1)[1]) for cell in cells)
    assert places == list(range(places[0], places[-1] + 1))
    assert 15 <= len(places) <= 25
    assert places[0] + places[-1] == 40
    expect(page.locator(".film-distance")).to_contain_text(f"{snapshot.distances[20]:#.3g}"[:3])
    screenshot(page, "order")


def test_keys_and_buttons_move_it(page: Page, shown: Dashboard) -> None:
    open_at(page, shown, 20)
    steps = {"ArrowRight": 21, "ArrowLeft": 20, "PageDown": 30, "PageUp": 20, "End": 59, "Home": 0}
    for key, place in steps.items():
        page.keyboard.press(key)
        is_at(page, place)
    for label, place in {"Forth": 1, "Last": 59, "Back": 58, "First": 0}.items():
        page.get_by_role("button", name=label, exact=False).first.click()
        is_at(page, place)
    page.fill("#film-number", "33")
    page.keyboard.press("Enter")
    is_at(page, 33)
    page.focus("#film-slider")
    page.keyboard.press("PageDown")
    is_at(page, 43)
    page.click("[aria-label='Place 45']")
    is_at(page, 45)
    expect(page).to_have_url(f"{shown.address}/order?at=45")
    page.reload()
    is_at(page, 45)


def test_it_plays_stops_at_the_end_and_repeats(page: Page, shown: Dashboard) -> None:
    open_at(page, shown, 55)
    page.select_option("#film-speed", "20")
    page.keyboard.press(" ")
    expect(page.locator("#film-play")).to_have_attribute("aria-label", "Pause (space)")
    is_at(page, 59)
    expect(page.locator("#film-play")).to_have_attribute("aria-label", "Play (space)")
    page.get_by_role("button", name="Backwards").click()
    page.get_by_role("button", name="Repeat").click()
    page.keyboard.press("Home")
    page.click("#film-play")
    page.wait_for_function("Number(document.getElementById('film-slider').value) > 30")
    page.click("#film-play")
    expect(page.locator("#film-play")).to_have_attribute("aria-label", "Play (space)")


def test_a_click_on_the_curve_leads_to_where_the_collection_breaks(
    page: Page, shown: Dashboard, snapshot: Snapshot
) -> None:
    open_at(page, shown, 0)
    widest = int(np.nanargmax(snapshot.distances))
    box = page.locator(".film-curve").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * widest / (COUNT - 1), box["y"] + box["height"] - 3)
    is_at(page, widest)


def test_playing_from_a_picked_image(page: Page, shown: Dashboard) -> None:
    open_at(page, shown, 10)
    page.click(".film-large")
    expect(page.locator("#details")).to_be_visible()
    page.click("#details a[data-play]")
    page.wait_for_function("Number(document.getElementById('film-slider').value) > 11")
    page.keyboard.press("ArrowLeft")
    page.click("#film-play")
    page.click("#details a[data-play]")  # the address is the same as before
    expect(page.locator("#film-play")).to_have_attribute("aria-label", "Pause (space)")
    page.wait_for_function("Number(document.getElementById('film-slider').value) > 11")


def test_it_is_for_everybody(page: Page, shown: Dashboard) -> None:
    for theme, width in (("light", 1280), ("dark", 375)):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 740})
        open_at(page, shown, 30)
        axe(page)
        screenshot(page, f"order-{theme}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_names_stay_text(page: Page, shown: Dashboard, snapshot: Snapshot) -> None:
    hostile = [place for place in range(COUNT) if "photo " not in snapshot.path(place)]
    assert len(hostile) == len(HOSTILE)
    open_at(page, shown, 0)
    for place in hostile:
        page.fill("#film-number", str(place))
        page.keyboard.press("Enter")
        is_at(page, place)
        expect(page.locator("#film-name")).not_to_be_empty()
    assert page.title() == "photos · Seriatim"
    assert page.locator("#film img[onerror]").count() == 0


def test_names_are_told_by_generation_and_place(shown: Dashboard, snapshot: Snapshot) -> None:
    with urlopen(f"{shown.address}/order/names/{snapshot.generation}/50") as answer:
        assert answer.headers["content-type"] == "application/json"
        assert answer.read().count(b"photo") >= 5


@pytest.mark.parametrize("most", [1, 7, 100, 1000])
def test_the_curve_keeps_the_largest_distances(most: int) -> None:
    distances = np.random.default_rng(0).random(100).astype(np.float32)
    found = curve(np.append(distances, np.float32(np.nan)), most)
    assert len(found.heights) == len(found.places) == min(most, 101)
    assert found.heights.max() == distances.max()
    assert int(np.argmax(distances)) in found.places
    assert (np.append(distances, np.float32(0))[found.places] == found.heights).all()
    assert (np.diff(found.places) > 0).all()


def test_the_curve_of_none_or_one() -> None:
    assert len(curve(np.zeros(0, np.float32), 10).heights) == 0
    assert curve(np.full(1, np.nan, np.float32), 10).heights.tolist() == [0.0]
