"""The dashboard in a browser: pages, navigation, details, a newer state, and who can use it."""

from collections.abc import Iterator

import pytest
from browser import Dashboard, axe, dashboard, screenshot
from playwright.sync_api import Page
from small_results import HOSTILE, Small, write_results

pytestmark = pytest.mark.xdist_group("test_dashboard")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    folder = tmp_path_factory.mktemp("dashboard")
    write_results(folder, Small(copies=2, names=HOSTILE))
    with dashboard(folder) as running:
        yield running


def test_first_page_loads(page: Page, shown: Dashboard) -> None:
    page.goto(shown.address)
    page.wait_for_selector("#shell")
    assert page.title() == "photos · Seriatim"
    screenshot(page, "dashboard-first")
    axe(page)
