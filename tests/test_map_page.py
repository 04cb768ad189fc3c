"""The map in a browser: hover, click, filters, lasso, legend, exports, and a hundred thousand points."""

import csv
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from scripts.lib.dashboard.decoder import fitted
from scripts.lib.dashboard.map.detail_level import DRAWN_AT_MOST
from scripts.lib.dashboard.map.gallery import PAGE
from scripts.lib.dashboard.pictures import SMALL_SIDE, file_name
from scripts.lib.view.snapshot import Snapshot, load_snapshot
from tests.browser import Dashboard, axe, dashboard, screenshot
from tests.small_results import CATEGORIES, HOSTILE, Small, write_results

pytestmark = pytest.mark.xdist_group("test_map_page")

SMALL = Small(90, HOSTILE, copies=2, groups=5)
GRAPH = "document.querySelector('#map-graph .js-plotly-plot')"
# Where places of the map are on the screen, and the way back.
PIXELS = f"""places => {{
    const gd = {GRAPH}, {{ xaxis, yaxis }} = gd._fullLayout, {{ left, top }} = gd.getBoundingClientRect();
    return places.map(([x, y]) => [left + xaxis._offset + xaxis.d2p(x), top + yaxis._offset + yaxis.d2p(y)]);
}}"""
DRAWN = f"() => {{ const all = ({GRAPH} || {{}})._fullData || []; return all[1] ? all[1].x.length : 0; }}"


class Shown:
    """A dashboard, and what it shows."""

    def __init__(self, running: Dashboard, snapshot: Snapshot) -> None:
        self.address, self.snapshot = running.address, snapshot

    def open(self, page: Page) -> None:
        page.goto(self.address)
        page.wait_for_function(f"({DRAWN})() > 0")
        expect(page.locator("#map-tiles button").first).to_be_visible()


def running_with(folder: Path, small: Small) -> Iterator[Shown]:
    snapshot = load_snapshot(write_results(folder, small))
    assert snapshot is not None
    with dashboard(folder) as running:
        yield Shown(running, snapshot)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    yield from running_with(tmp_path_factory.mktemp("shown"), SMALL)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    yield from running_with(tmp_path_factory.mktemp("bare"), Small(12, has=["labels"], groups=2))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    has = {"projection", "clusters"}
    small = Small(DRAWN_AT_MOST + 500, has=has, groups=40, on_disk=False, rejected=0)
    yield from running_with(tmp_path_factory.mktemp("many"), small)


def loneliest(snapshot: Snapshot) -> int:
    """Return the file that is farthest from all others on the map, of those that are not among the tiles."""
    assert snapshot.plane is not None
    apart = np.linalg.norm(snapshot.plane[:, None] - snapshot.plane, axis=2)
    np.fill_diagonal(apart, np.inf)
    return PAGE + int(apart.min(axis=1)[PAGE:].argmax())


def pixels(page: Page, places: Any) -> list[list[float]]:
    found: list[list[float]] = page.evaluate(PIXELS, np.asarray(places, float).tolist())
    return found


def hover(page: Page, shown: Shown, position: int) -> None:
    assert shown.snapshot.plane is not None
    ((x, y),) = pixels(page, shown.snapshot.plane[[position]])
    page.mouse.move(x + 1, y + 40)
    page.mouse.move(x, y, steps=4)


def count(page: Page, text: str) -> None:
    expect(page.locator("#map-count")).to_have_text(text)


def tiles(page: Page) -> list[int]:
    return [
        int(each)
        for each in page.eval_on_selector_all(
            "#map-tiles [data-position]", "found => found.map(each => each.dataset.position)"
        )
    ]


def test_hover_and_click_show_the_right_image(page: Page, shown: Shown) -> None:
    shown.open(page)
    position = loneliest(shown.snapshot)
    pictures: dict[str, bytes] = {}

    def keep(route: Route) -> None:
        answer = route.fetch()
        pictures[route.request.url.rpartition("/")[2]] = answer.body()
        route.fulfill(response=answer)

    page.route("**/thumbnail/**", keep)
    hover(page, shown, position)
    name = file_name(shown.snapshot, position)
    expect(page.locator("#map-tooltip strong")).to_have_text(name)
    expect(page.locator("#map-tooltip span")).to_contain_text(f"place {position}")
    with Image.open(shown.snapshot.file(position)) as original:
        assert pictures[str(position)] == fitted(SMALL_SIDE, original.convert("RGB")).tobytes()
    page.wait_for_function("document.querySelector('#map-tooltip img')?.naturalWidth === 96")
    screenshot(page, "map-hover")
    page.mouse.down()
    page.mouse.up()
    expect(page.locator("#details h2")).to_have_text(name)
    expect(page.locator("#details-image")).to_have_attribute(
        "src", f"/image/{shown.snapshot.generation}/{position}"
    )
    page.keyboard.press("Escape")
    expect(page.locator("#map-tooltip")).to_be_hidden()


def test_the_tooltip_stays_on_the_screen(page: Page, shown: Shown) -> None:
    shown.open(page)
    assert shown.snapshot.plane is not None
    for position in (int(shown.snapshot.plane[:, 0].argmax()), int(shown.snapshot.plane[:, 1].argmin())):
        hover(page, shown, position)
        tooltip = page.locator("#map-tooltip")
        expect(tooltip).to_be_visible()
        box = tooltip.bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= 1280 - box["width"]
        assert 0 <= box["y"] <= 850 - box["height"]


def test_hostile_names_stay_text(page: Page, shown: Shown) -> None:
    shown.open(page)
    title, paths = page.title(), shown.snapshot.order["path"].to_pylist()
    hostile = [each for each, path in enumerate(paths) if "photo" not in path]
    assert len(hostile) >= len(HOSTILE)
    page.click("[data-choice=map-colour] >> text=Folder")
    for position in hostile:
        hover(page, shown, position)
        expect(page.locator("#map-tooltip strong")).not_to_be_empty()
    page.fill("#map-path", "<script>")
    count(page, f"1 of {len(paths)} images pass.")
    assert tiles(page) == [next(each for each in hostile if "<script>" in paths[each])]
    assert page.locator("main script, main img[onerror], #map-tooltip script").count() == 0
    assert page.title() == title
    page.click("summary >> text=Clusters")
    page.fill("#map-cluster-search", "STER 3")
    expect(page.locator("[data-choice=map-clusters]:not([hidden])")).to_have_count(1)


def test_filters_combine_and_are_cleared(page: Page, shown: Shown) -> None:
    shown.open(page)
    snapshot = shown.snapshot
    assert snapshot.clusters is not None
    assert snapshot.probabilities is not None
    total, passes = len(snapshot), np.isin(snapshot.clusters.codes, (1, 3))
    page.click("summary >> text=Clusters")
    for code in (1, 3):
        page.click(f"[data-choice=map-clusters][data-value='{code}']")
    count(page, f"{passes.sum()} of {total} images pass.")
    page.select_option("select[data-choice=map-category]", label=CATEGORIES[1])
    page.locator("#map-probability").fill("0.3")
    passes &= snapshot.probabilities[snapshot.items, 1] >= np.float16(0.3)
    count(page, f"{passes.sum()} of {total} images pass.")
    expect(page.locator("#map-least")).to_have_text("30%")
    page.fill("#map-path", "FOLDER 1")
    passes &= np.array(["folder 1" in path for path in snapshot.order["path"].to_pylist()])
    count(page, f"{passes.sum()} of {total} images pass.")
    page.wait_for_function(f"wanted => ({DRAWN})() === wanted", arg=int(passes.sum()))
    assert tiles(page) == np.flatnonzero(passes).tolist()
    screenshot(page, "map-filters")
    page.click("#map-clear")
    count(page, f"{total} of {total} images pass.")
    expect(page.locator("#map-path")).to_have_value("")
    expect(page.locator("[data-choice=map-clusters][aria-pressed=true]")).to_have_count(0)


@pytest.mark.parametrize("tool", ["Lasso", "Box"])
def test_what_is_drawn_around_is_selected(page: Page, shown: Shown, tool: str) -> None:
    shown.open(page)
    plane = shown.snapshot.plane
    assert plane is not None
    page.click(f"[data-choice=map-drag] >> text={tool}")
    middle, spread = np.median(plane, axis=0), np.ptp(plane, axis=0) / 3
    corners = middle + spread * np.array([[-1, -0.7], [-0.8, 0.9], [0.3, 0.2], [1, 1], [0.9, -0.8]])
    drawn = np.round(pixels(page, corners))
    drawn = drawn if tool == "Lasso" else drawn[[1, 4]]
    page.mouse.move(*drawn[0])
    page.mouse.down()
    for corner in drawn[1:]:
        page.mouse.move(*corner, steps=3)
    page.mouse.up()
    expect(page.locator("#map-chosen")).to_contain_text("selected")
    points = np.array(pixels(page, plane))
    if tool == "Lasso":
        inside = np.array([rays(*point, drawn.tolist()) for point in points])
    else:
        inside = ((points > drawn.min(axis=0)) & (points < drawn.max(axis=0))).all(axis=1)
    assert 5 < inside.sum() < len(plane) - 5
    expect(page.locator("#map-chosen")).to_have_text(f"{inside.sum()} images selected")
    expect(page.locator("#map-tiles [data-position]")).to_have_count(min(PAGE, int(inside.sum())))
    assert tiles(page) == np.flatnonzero(inside)[:PAGE].tolist()
    screenshot(page, f"map-{tool.lower()}")
    page.click("#map-unselect")
    expect(page.locator("#map-chosen")).to_contain_text("nothing selected")


def rays(x: float, y: float, outline: list[list[float]]) -> bool:
    """Tell whether a point is inside, by counting how often a ray from it meets the outline."""
    within = False
    for (x1, y1), (x2, y2) in zip(outline, outline[1:] + outline[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            within = not within
    return within


def test_a_group_is_selected_and_taken_away_as_a_table_and_as_a_list(page: Page, shown: Shown) -> None:
    shown.open(page)
    snapshot = shown.snapshot
    assert snapshot.clusters is not None
    page.click("#map-legend [data-code='2']")
    chosen = np.flatnonzero(snapshot.clusters.codes == 2)
    expect(page.locator("#map-chosen")).to_have_text(f"{len(chosen)} images selected")
    expect(page.locator("#map-legend [data-code='2']")).to_have_attribute("aria-pressed", "true")
    with page.expect_download() as download:
        page.click("#map-exports >> text=Table")
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(), newline="")))
    assert [int(row["position"]) for row in rows] == chosen.tolist()
    assert [row["path"] for row in rows] == [snapshot.path(each) for each in chosen]
    with page.expect_download() as download:
        page.click("#map-exports >> text=List")
    assert len(Path(download.value.path()).read_bytes().splitlines()) == len(chosen)


def test_exports_refuse_nonsense(page: Page, shown: Shown) -> None:
    base = f"{shown.address}/export/{shown.snapshot.generation}"
    for path, status in (
        (f"{base}/table.csv?question=%5B1%5D", 400),
        (f"{base}/table.csv?question=nonsense", 400),
        (f"{base}/other.exe", 404),
        (f"{shown.address}/export/nothing/table.csv", 404),
        (f"{base}/paths.txt", 200),
    ):
        assert page.request.get(path).status == status, path


def test_pages_of_pictures_are_turned(page: Page, shown: Shown) -> None:
    shown.open(page)
    total = len(shown.snapshot)
    expect(page.locator("#map-pages")).to_have_text(f"1 to 60 of {total}")
    page.focus("#map-next")
    page.keyboard.press("Enter")
    expect(page.locator("#map-pages")).to_have_text(f"61 to {total} of {total}")
    expect(page.locator("#map-next")).to_be_disabled()
    page.fill("#map-path", "folder 1")
    expect(page.locator("#map-pages")).to_contain_text("1 to")


def test_a_keyboard_moves_the_map(page: Page, shown: Shown) -> None:
    shown.open(page)
    width = f"() => {{ const [a, b] = {GRAPH}._fullLayout.xaxis.range; return b - a; }}"
    whole = page.evaluate(width)
    page.focus("#map-place")
    page.keyboard.press("+")
    page.wait_for_function(f"before => ({width})() < before * 0.7", arg=whole)
    page.keyboard.press("ArrowRight")
    page.click("[data-map-tool=view]")
    expect(page.locator("#map-chosen")).to_contain_text("selected")
    page.focus("#map-place")
    page.keyboard.press("0")
    page.wait_for_function(f"before => Math.abs(({width})() - before) < 1e-6", arg=whole)


@pytest.mark.parametrize(("scheme", "wide"), [("light", 1280), ("dark", 1280), ("dark", 375)])
def test_nobody_is_shut_out(browser: Browser, shown: Shown, scheme: Any, wide: int) -> None:
    with browser.new_context(viewport={"width": wide, "height": 850}, color_scheme=scheme) as context:
        page = context.new_page()
        shown.open(page)
        page.click("summary >> text=Clusters")
        page.click("#map-legend [data-code='1']")
        expect(page.locator("#map-chosen")).to_contain_text("selected")
        screenshot(page, f"map-{scheme}-{wide}")
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= wide


def test_space_is_shown_and_left_again(page: Page, shown: Shown) -> None:
    shown.open(page)
    page.click("[data-choice=map-dimensions] >> text=3D")
    page.wait_for_function(f"{GRAPH}._fullData[1].type === 'scatter3d'")
    expect(page.locator("[data-map-tool=view]")).to_be_hidden()
    screenshot(page, "map-space")
    page.click("[data-choice=map-dimensions] >> text=2D")
    page.wait_for_function(f"{GRAPH}._fullData[1].type === 'scattergl'")


def test_without_a_map_there_are_filters_and_pictures(page: Page, bare: Shown) -> None:
    page.goto(bare.address)
    expect(page.locator("#map-page .missing").last).to_be_visible()
    expect(page.locator(".map > .missing")).to_contain_text("project")
    expect(page.locator("[data-choice=map-colour] >> nth=0")).to_be_disabled()
    page.fill("#map-path", "photo 0003")
    count(page, f"1 of {len(bare.snapshot)} images pass.")
    assert len(tiles(page)) == 1
    axe(page)


def test_a_hundred_thousand_points_load(page: Page, many: Shown) -> None:
    page.set_default_timeout(120_000)
    began = time.monotonic()
    page.goto(many.address)
    page.wait_for_function(f"wanted => ({DRAWN})() === wanted", arg=DRAWN_AT_MOST)
    print(f"{DRAWN_AT_MOST:,} points were drawn after {time.monotonic() - began:.1f} s")
    told = f"{DRAWN_AT_MOST:,} of {len(many.snapshot):,} images are drawn, drawn by lot; zoom in to see all."
    expect(page.locator("#map-drawn")).to_have_text(told, timeout=120_000)
    page.click("[data-map-tool=in]")
    page.click("[data-map-tool=in]")
    expect(page.locator("#map-drawn")).to_contain_text("in this part are drawn", timeout=120_000)
    screenshot(page, "map-many")
