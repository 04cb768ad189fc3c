"""The page on which a collection is searched, in a real browser, on a real sort."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest

from scripts.lib.dashboard.pages.search import UPLOAD_BYTES
from tests.browser import Dashboard, axe, dashboard, screenshot
from tests.conftest import COLLECTION_SIZE, Workflow

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.xdist_group("search_page")

HITS = "#search-hits [data-position]"


@pytest.fixture(scope="module")
def served(template: Workflow) -> Iterator[Dashboard]:
    with dashboard(template.folder) as running:
        yield running


def positions(page: "Page", count: int) -> list[int]:
    """Return the places of the images that are shown, once there are as many as expected."""
    page.wait_for_function(f"document.querySelectorAll('{HITS}').length === {count}")
    return [int(each.get_attribute("data-position") or "") for each in page.query_selector_all(HITS)]


def nearest(workflow: Workflow, position: int) -> list[int]:
    """Return the other places by the distance of their vectors, by brute force."""
    items = pq.read_table(workflow.model / "order.parquet")["item"].to_numpy()
    vectors = np.load(workflow.model / "vectors.npy").astype(np.float64)[items]
    distances = np.linalg.norm(vectors - vectors[position], axis=1)
    return [int(each) for each in np.argsort(distances, kind="stable") if each != position]


def test_an_address_asks_for_what_resembles_an_image(
    page: "Page", served: Dashboard, template: Workflow
) -> None:
    page.goto(f"{served.address}/search?like=7")
    assert positions(page, COLLECTION_SIZE) == [7, *nearest(template, 7)]
    assert "19 images, the most similar first" in page.inner_text("#search-said")
    page.click(f'{HITS}[data-position="{nearest(template, 7)[0]}"]')
    page.click("text=More like this")
    page.wait_for_url(f"**/search?like={nearest(template, 7)[0]}")
    page.wait_for_function(
        f"document.querySelector('{HITS}')?.dataset.position === '{nearest(template, 7)[0]}'"
    )
    axe(page)
    screenshot(page, "search")


def test_a_file_that_is_in_the_collection_is_found_first(
    page: "Page", served: Dashboard, template: Workflow
) -> None:
    order = pq.read_table(template.model / "order.parquet")
    page.goto(f"{served.address}/search")
    page.set_input_files("#search-upload input", template.folder / order["path"][4].as_py())
    assert positions(page, COLLECTION_SIZE)[0] == 4
    assert page.inner_text(f"{HITS} .caption") == "1.000"
    page.click("#search-clear")
    positions(page, 0)


def test_a_file_that_is_no_image_is_told_and_its_name_is_text(
    page: "Page", served: Dashboard, tmp_path: Path
) -> None:
    file = tmp_path / "<img src=x onerror=document.title='owned'>.jpg"
    file.write_bytes(b"no image")
    page.goto(f"{served.address}/search")
    page.set_input_files("#search-upload input", file)
    page.wait_for_function("document.querySelector('#search-said')?.innerText.includes('searched for')")
    assert file.name in page.inner_text("#search-file")
    assert page.query_selector("#search-file img") is None
    assert page.title() != "owned"
    large = tmp_path / "large.jpg"
    large.write_bytes(bytes(UPLOAD_BYTES + 1))
    page.set_input_files("#search-upload input", large)
    page.wait_for_function("document.querySelector('#search-said')?.innerText.includes('larger than 30 MB')")


def test_what_a_model_does_not_know_is_told(page: "Page", served: Dashboard) -> None:
    page.goto(f"{served.address}/search")
    page.wait_for_function("document.querySelector('#search-text')?.disabled")
    assert "knows no words" in page.inner_text("#search-no-words")
    page.click("#search-go")
    page.wait_for_function("document.querySelector('#search-said')?.innerText.includes('choose an image')")


def test_a_place_that_does_not_exist_is_told(page: "Page", served: Dashboard) -> None:
    page.goto(f"{served.address}/search?like=400")
    page.wait_for_function("document.querySelector('#search-said')?.innerText.includes('no place 400')")
