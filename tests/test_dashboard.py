"""The dashboard in a browser: pages, details, a newer state, damage, and who can use it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from scripts.dashboard import PAGES, command_for
from scripts.lib.view.results import Results
from scripts.lib.view.snapshot import Snapshot, load_snapshot
from tests.browser import Dashboard, axe, dashboard, screenshot
from tests.small_results import HOSTILE, Small, write_results

pytestmark = pytest.mark.xdist_group("test_dashboard")
SMALL = Small(copies=2, names=HOSTILE, rejected=47)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return write_results(tmp_path_factory.mktemp("dashboard"), SMALL)


@pytest.fixture(scope="module")
def shown(results: Results) -> Iterator[Dashboard]:
    with dashboard(results.base) as running:
        yield running


@pytest.fixture
def snapshot(results: Results) -> Snapshot:
    found = load_snapshot(results)
    assert found is not None
    return found


def go_to(page: Page, name: str) -> None:
    """Follow a link of the navigation, and see that this page is shown and no other."""
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
    shows(page, name)


def shows(page: Page, name: str) -> None:
    expect(page.locator("nav a[aria-current]")).to_have_text(name)
    shown = page.locator("#pages > section:visible")
    expect(shown).to_have_count(1)
    expect(shown).to_have_attribute("aria-label", name)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_pages_are_walked_by_links_and_by_the_way_back(page: Page, shown: Dashboard) -> None:
    page.goto(shown.address)
    expect(page).to_have_title("photos · Seriatim")
    links = page.get_by_role("navigation", name="Pages").get_by_role("link")
    expect(links).to_have_text([each.NAME for each in PAGES])
    for each in PAGES:
        go_to(page, each.NAME)
    page.go_back()
    shows(page, PAGES[-2].NAME)
    page.goto(f"{shown.address}/nowhere")
    shows(page, PAGES[0].NAME)


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 375)])
def test_every_page_is_for_everybody(page: Page, shown: Dashboard, theme: str, width: int) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(shown.address)
    for each in PAGES:
        go_to(page, each.NAME)
        page.wait_for_load_state("networkidle")
        screenshot(page, f"{each.NAME.lower()}-{theme}-{width}", full=True)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, each.NAME


def test_details_are_walked_by_keys_and_give_the_focus_back(
    page: Page, shown: Dashboard, snapshot: Snapshot
) -> None:
    page.goto(f"{shown.address}/order?at=20")
    page.click(".film-large")
    details = page.locator("#details")
    expect(details).to_be_focused()
    expect(details).to_have_accessible_name(page.inner_text("#details-title"))
    for key, place in (("ArrowRight", 21), ("ArrowRight", 22), ("ArrowLeft", 21)):
        page.keyboard.press(key)
        expect(page.locator("#details-place")).to_have_text(f"{place} / {len(snapshot) - 1}")
        expect(page.locator("#details-image")).to_have_attribute(
            "src", f"/image/{snapshot.generation}/{place}"
        )
    expect(page.locator("#film-place")).to_contain_text("20 /")  # the film stays where it is
    axe(page)
    screenshot(page, "details")
    page.click("#details .tile >> nth=0")
    expect(details).to_be_visible()
    page.keyboard.press("Escape")
    expect(details).to_be_hidden()
    expect(page.locator(".film-large")).to_be_focused()


def test_details_are_a_sheet_on_a_phone(page: Page, shown: Dashboard) -> None:
    page.set_viewport_size({"width": 375, "height": 740})
    page.emulate_media(color_scheme="dark")
    page.goto(f"{shown.address}/order?at=20")
    page.click(".film-large")
    expect(page.locator("#details-image")).to_be_visible()
    box = page.locator("#details").bounding_box()
    assert box is not None
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 375, 740)
    assert page.evaluate("document.getElementById('pages').inert")
    axe(page)
    screenshot(page, "details-phone")
    page.click("#details a[data-play]")
    expect(page.locator("#details")).to_be_hidden()
    expect(page.locator("#film-play")).to_have_attribute("aria-label", "Pause (space)")


def test_details_tell_of_files_of_the_same_bytes_and_of_duplicates(
    page: Page, shown: Dashboard, snapshot: Snapshot
) -> None:
    place = next(each for each in range(len(snapshot)) if snapshot.same_content(each))
    other = snapshot.same_content(place)[0]
    page.goto(f"{shown.address}/order?at={place}")
    page.click(".film-large")
    same = page.locator("#details .files button")
    expect(same).to_have_count(1)
    expect(page.locator("#details")).to_contain_text("Duplicates")
    expect(page.locator("#details dl")).to_contain_text("96 × 64")
    same.click()
    expect(page.locator("#details-place")).to_have_text(f"{other} / {len(snapshot) - 1}")


def test_names_stay_text_in_the_details(page: Page, shown: Dashboard, snapshot: Snapshot) -> None:
    page.goto(f"{shown.address}/order")
    for place in (each for each in range(len(snapshot)) if "photo " not in snapshot.path(each)):
        page.fill("#film-number", str(place))
        page.keyboard.press("Enter")
        page.locator(f".film-large[data-position='{place}']").click()
        expect(page.locator("#details-place")).to_have_text(f"{place} / {len(snapshot) - 1}")
        assert "\u202e" not in page.inner_text("#details")
        page.keyboard.press("Escape")
    assert page.title() == "photos · Seriatim"
    assert page.locator("#details script, #details [onerror]").count() == 0


def test_files_that_were_left_out_are_turned_page_by_page(page: Page, shown: Dashboard) -> None:
    page.goto(f"{shown.address}/overview")
    left_out = page.locator("#left-out-range")
    expect(left_out).to_have_text("1 to 20 of 47")
    expect(page.locator("#left-out-rows")).to_contain_text("<b>broken</b>")
    page.click("#left-out-later")
    expect(left_out).to_have_text("21 to 40 of 47")
    page.click("#left-out-later")
    expect(left_out).to_have_text("41 to 47 of 47")
    expect(page.locator("#left-out-rows li")).to_have_count(7)
    page.click("#left-out-earlier")
    expect(left_out).to_have_text("21 to 40 of 47")
    page.click(".pairs .tile >> nth=0")
    expect(page.locator("#details-image")).to_be_visible()


def test_a_newer_state_is_told_and_shown_and_nothing_is_touched(page: Page, tmp_path: Path) -> None:
    write_results(tmp_path, Small(12))
    with dashboard(tmp_path) as running:
        page.goto(f"{running.address}/order?at=3")
        expect(page.locator("#film-place")).to_have_text("3 / 11")
        page.click(".film-large")
        expect(page.locator("#details-image")).to_be_visible()
        before = tree(tmp_path / "results")
        newer = write_results(tmp_path, Small(15, seed=1, has={"clusters"}))
        (newer.model / "projection.parquet").write_bytes(b"PAR1")  # as if it had been cut short
        expect(page.locator("#newer")).to_be_visible()
        axe(page)
        page.keyboard.press("ArrowRight")  # the former state is still there
        expect(page.locator("#details-place")).to_have_text("4 / 11")
        changed = tree(tmp_path / "results")
        assert changed != before
        page.click("#newer-show")
        expect(page.locator("#film-place")).to_have_text("3 / 14")
        page.goto(f"{running.address}/overview")
        expect(page.locator(".overview")).to_contain_text("not made yet")
        assert tree(tmp_path / "results") == changed
        assert "Traceback" not in running.output
        page.goto("about:blank")


def test_there_is_a_word_where_there_is_nothing_yet(page: Page, tmp_path: Path) -> None:
    results = write_results(tmp_path, Small(5, has=()))
    (results.model / "order.parquet").unlink()
    with dashboard(tmp_path) as running:
        page.goto(running.address)
        expect(page.get_by_role("heading")).to_have_text("Nothing to see yet")
        settings = (results.model / "config.yaml").relative_to(tmp_path)
        expect(page.locator("main")).to_contain_text(f"snakemake --cores all --configfile {settings}")
        axe(page)
        write_results(tmp_path, Small(5, has=()))
        time.sleep(2.1)  # between two looks at the disk
        page.reload()
        expect(page.locator("nav")).to_be_visible()
        for each in PAGES:
            go_to(page, each.NAME)
        page.goto("about:blank")  # which asks a server that ends for nothing


def test_a_command_is_about_the_collection_that_is_shown() -> None:
    command = command_for(Path("results/one of many/descriptor/config.yaml"))
    assert command("all").endswith("--cores all --configfile 'results/one of many/descriptor/config.yaml'")
    assert "snakemake --cores all duplicates --configfile" in command("duplicates")
