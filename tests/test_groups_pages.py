"""Clusters and duplicates in a browser: what is named and decided is kept, and obeyed by the next run."""

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from scripts.lib.artifacts.record import Provenance, recording
from tests.browser import Dashboard, axe, dashboard, screenshot
from tests.conftest import Workflow, picture, write_pictures
from tests.small_results import HOSTILE, Small, write_results

pytestmark = pytest.mark.xdist_group("test_groups_pages")
NAMES, DECISIONS = "cluster_names.csv", "duplicate_decisions.csv"
FIELDS = "[data-cluster-name] input"


class Shown:
    """Results and the dashboard that shows them."""

    def __init__(self, folder: Path, running: Dashboard) -> None:
        self.address, self.collection = running.address, folder / "results" / "photos"
        self.model = self.collection / "descriptor"

    def rows(self, file: Path) -> list[dict[str, str]]:
        with file.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    folder = tmp_path_factory.mktemp("groups")
    write_results(folder, Small(count=60, copies=5, names=HOSTILE, groups=6))
    with dashboard(folder) as served:
        yield Shown(folder, served)


@pytest.fixture
def shown(running: Shown) -> Shown:
    """Return a dashboard on which nothing has been named or decided."""
    (running.model / NAMES).unlink(missing_ok=True)
    (running.collection / DECISIONS).unlink(missing_ok=True)
    return running


def name_cluster(page: Page, place: int, name: str) -> None:
    page.locator(FIELDS).nth(place).fill(name)
    page.locator(FIELDS).nth(place).press("Enter")
    expect(page.locator("#clusters-said")).to_contain_text("Saved")


def test_names_are_kept_and_shown_at_once(page: Page, shown: Shown) -> None:
    page.goto(f"{shown.address}/clusters")
    expect(page.locator("table.clusters tbody tr")).to_have_count(6)
    axe(page)
    name_cluster(page, 1, "<b>Sunny</b> beach")
    expect(page.locator("#clusters-count")).to_have_text("1 of 6 named")
    expect(page.locator(FIELDS).nth(2)).to_be_focused()
    name_cluster(page, 2, "=cmd|x")
    expect(page.locator("#clusters-said")).to_contain_text("=cmd|x")
    given = [row["your_name"] for row in shown.rows(shown.model / NAMES)]
    assert sorted(filter(None, given)) == ["'=cmd|x", "<b>Sunny</b> beach"]
    page.reload()
    expect(page.locator(FIELDS).nth(1)).to_have_value("<b>Sunny</b> beach")
    page.locator("table.clusters tbody tr").nth(1).get_by_role("link").click()
    expect(page.locator("#cluster-title")).to_have_text("<b>Sunny</b> beach")
    page.locator("#cluster-view .tiles .tile").first.click()
    expect(page.locator("#details dl")).to_contain_text("<b>Sunny</b> beach")
    axe(page)
    screenshot(page, "cluster")


def test_the_table_is_sorted_searched_and_left_and_come_back_to(page: Page, shown: Shown) -> None:
    page.goto(f"{shown.address}/clusters")
    page.get_by_role("button", name="Files: sort by it").click()
    expect(page.locator("th.of-files").first).to_have_attribute("aria-sort", "descending")
    counts = [int(each) for each in page.locator("td.of-files").all_inner_texts()]
    assert counts == sorted(counts, reverse=True)
    page.get_by_label("Find").fill("MINE")
    expect(page.locator("table.clusters tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Show").click()
    expect(page.locator("#cluster-view .tiles .tile")).to_have_count(counts_of(shown)["<i>mine</i>"])
    page.go_back()
    expect(page.locator("table.clusters")).to_be_visible()
    page.get_by_role("link", name="Files that are in no cluster: 1").click()
    expect(page.locator("#cluster-view .tiles .tile")).to_have_count(1)
    page.goto(f"{shown.address}/clusters?cluster=77")
    expect(page.locator("#cluster-title")).to_have_text("No such cluster")


def counts_of(shown: Shown) -> dict[str, int]:
    table = pq.read_table(shown.model / "cluster_table.parquet")
    return dict(zip(table["name"].to_pylist(), table["files"].to_pylist(), strict=True))


def test_what_is_missing_is_said(page: Page, tmp_path: Path) -> None:
    write_results(tmp_path, Small(has=()))
    with dashboard(tmp_path) as running:
        for name in ("clusters", "duplicates"):
            page.goto(f"{running.address}/{name}")
            expect(page.locator(f"#page-{name} .missing")).to_contain_text("makes it")
            page.wait_for_timeout(500)
        page.goto("about:blank")


def test_centroids_are_shown_where_there_are_any(page: Page, tmp_path: Path) -> None:
    results = write_results(tmp_path, Small(groups=3))
    pictures = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    sources = [results.model / "cluster_table.parquet"]
    made = Provenance("centroids", 1, {}, sources)
    with recording(results.model / "centroids.npy", made) as file, file.open("wb") as stream:
        np.save(stream, pictures)
    with dashboard(tmp_path) as running:
        page.goto(f"{running.address}/clusters")
        expect(page.locator("img.centroid")).to_have_count(3)
        source = page.locator("img.centroid").nth(2).get_attribute("src")
        answer = page.request.get(f"{running.address}{source}")
        assert answer.headers["content-type"] == "image/png"
        assert page.request.get(f"{running.address}{source[:-1]}3").status == 404
        page.goto("about:blank")  # before the server is gone


def test_duplicates_are_decided_with_buttons_and_keys(page: Page, shown: Shown) -> None:
    page.goto(f"{shown.address}/duplicates")
    title, said = page.locator("#duplicates-title"), page.locator("#duplicates-said")
    expect(title).to_have_text("Group 0: 2 files, 1 kept")
    axe(page)
    screenshot(page, "duplicates")
    page.keyboard.press("a")
    expect(title).to_contain_text("Group 1")
    expect(page.locator("#duplicates-page")).to_contain_text("1 of 6 groups reviewed")
    page.get_by_role("button", name="Drop ").first.click()
    expect(said).to_contain_text("this is the only one: keep another one first")
    page.get_by_role("button", name="Keep only").nth(1).click()
    expect(title).to_contain_text("Group 2")
    page.get_by_role("button", name="Keep all").click()
    expect(title).to_contain_text("Group 3")
    expect(page.get_by_role("button", name="Keep all")).to_be_focused()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(title).to_have_text("Group 2: 2 files, 1 kept")
    expect(title).to_be_focused()
    page.get_by_role("button", name="Keep all").click()
    expect(title).to_contain_text("Group 3")
    page.keyboard.press("ArrowLeft")
    expect(title).to_have_text("Group 2: 2 files, 2 kept")
    page.keyboard.press("u")
    expect(title).to_have_text("Group 2: 2 files, 1 kept")
    table = pq.read_table(shown.model / "duplicates.parquet")["path"].to_pylist()
    assert [row["decision"] for row in shown.rows(shown.collection / DECISIONS)] == [
        "keep",
        "drop",
        "drop",
        "keep",
    ]
    assert [row["path"].lstrip("'") for row in shown.rows(shown.collection / DECISIONS)] == table[:4]
    page.get_by_role("button", name="Decided 2", exact=True).click()
    expect(page.locator(".group-list li")).to_have_count(2)


def test_decisions_that_can_not_be_read_are_not_overwritten(page: Page, shown: Shown) -> None:
    page.goto(f"{shown.address}/duplicates")
    expect(page.locator("#duplicates-title")).to_be_visible()
    (shown.collection / DECISIONS).write_text("path,decision\na.jpg,burn\n")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".trouble")).to_contain_text("line 2")
    (shown.collection / DECISIONS).write_text('path,decision\n"broken')
    page.get_by_role("button", name="Keep all").click()
    expect(page.locator("#duplicates-said")).to_contain_text("Not saved")
    expect(page.locator(".trouble")).to_contain_text("Mend it, or remove it")
    assert (shown.collection / DECISIONS).read_text() == 'path,decision\n"broken'


def test_hostile_names_stay_text(page: Page, shown: Shown) -> None:
    page.goto(f"{shown.address}/duplicates")
    told = ""
    for group in range(6):
        expect(page.locator("#duplicates-title")).to_contain_text(f"Group {group}")
        told += page.locator(".duplicate-files").inner_text()
        page.keyboard.press("ArrowRight")
    assert "<script>document.title='owned'" in told
    assert r"line\nbreak" in told
    assert page.title() == "photos · Seriatim"


def test_a_picture_that_is_in_no_order_is_shown(page: Page, shown: Shown) -> None:
    page.goto(f"{shown.address}/duplicates")
    source = page.locator(".duplicate-files img").first.get_attribute("src")
    generation = source.split("/")[2]
    answer = page.request.get(f"{shown.address}/duplicate/{generation}/0")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.body() == page.request.get(f"{shown.address}{source}").body()
    assert page.request.get(f"{shown.address}/duplicate/{generation}/999").status == 404


ASK = """
async ([output, input, value, states]) => {
    const part = (each) => { const [id, property] = each.split("."); return { id, property }; };
    const outputs = output.replace(/^\\.\\.|\\.\\.$/g, "").split("...").map(part);
    const body = {
        output, outputs: output.startsWith("..") ? outputs : outputs[0], changedPropIds: [input],
        inputs: [{ ...part(input), value }], state: states.map(([name, value]) => ({ ...part(name), value })),
    };
    const headers = { "Content-Type": "application/json" };
    const request = { method: "POST", headers, body: JSON.stringify(body) };
    return await (await fetch("/_dash-update-component", request)).text();
}
"""


def test_a_read_only_dashboard_shows_and_refuses(page: Page, tmp_path: Path) -> None:
    write_results(tmp_path, Small(copies=2))
    with dashboard(tmp_path, "--read-only") as running:
        page.goto(f"{running.address}/clusters")
        expect(page.locator("table.clusters")).to_be_visible()
        expect(page.locator(FIELDS)).to_have_count(0)
        page.goto(f"{running.address}/duplicates")
        expect(page.locator(".duplicate-files li")).to_have_count(2)
        expect(page.get_by_role("button", name="Keep all")).to_have_count(0)
        generation = page.locator(".duplicate-files img").first.get_attribute("src").split("/")[2]
        state = ["generation.data", generation]
        name = {"cluster": 1, "name": "beach", "at": 1}
        said = "..clusters-said.children...clusters-count.children...clusters-named.data.."
        told = page.evaluate(ASK, [said, "clusters-rename.data", name, [["url.search", ""], state]])
        assert "read-only" in told
        asked = {"act": "all", "group": 0, "at": 1}
        said = "..duplicates-said.children...duplicates-view.data.."
        assert "read-only" in page.evaluate(ASK, [said, "duplicates-act.data", asked, [state]])
        page.goto("about:blank")
    written = [each.name for each in (tmp_path / "results").rglob("*.csv")]
    assert {NAMES, DECISIONS}.isdisjoint(written)


def test_names_and_decisions_are_taken_by_the_next_run(page: Page, workflow: Workflow) -> None:
    paths = write_pictures(workflow.images, 12)
    shutil.copy(paths[0], workflow.images / "copy of 0.jpg")
    picture(1, (40, 30)).save(workflow.images / "small 1.jpg", quality=60)
    tables = [workflow.model / "cluster_table.parquet", workflow.model / "duplicates.parquet"]
    targets = [str(each.relative_to(workflow.folder)) for each in tables]
    config = {"clusters": 3, "duplicate_distance": 0.1}
    workflow.run(*targets, **config)
    with dashboard(workflow.folder) as running:
        page.goto(f"{running.address}/clusters")
        name_cluster(page, 0, "Strände, <hell>")
        page.get_by_role("link", name="Duplicates").click()
        page.get_by_role("button", name="Keep only").nth(1).click()
        expect(page.locator("#duplicates-said")).to_contain_text("one file is kept")
        page.goto("about:blank")
    assert pq.read_table(tables[1])["keep"].to_pylist()[:2] == [True, False]
    workflow.run(*targets, **config)
    assert pq.read_table(tables[0])["name"][0].as_py() == "Strände, <hell>"
    assert pq.read_table(tables[1])["keep"].to_pylist()[:2] == [False, True]
