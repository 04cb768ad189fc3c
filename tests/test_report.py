"""The report: one page that needs nothing else, on which names are text, and which tells what there is."""

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from scripts.lib.artifacts.record import Record
from scripts.lib.files.content_ids import ID_TYPE
from scripts.lib.files.rejected import read_rejected
from scripts.lib.report import about
from scripts.lib.report.album import SIZES, Album, Limits, Shot
from scripts.lib.report.copies import copies_of
from scripts.lib.report.encode import as_picture, reduced
from scripts.lib.report.groups import NAMED, Group, Groups, categories_of, clusters_of
from scripts.lib.report.ordered import Ordered
from scripts.lib.report.report import MAP_BYTES, Absent, Page, Required, choose, environment, render
from scripts.lib.report.sequence import PAIRS, SHEET, profile_of, sheet_of, worst_pairs
from scripts.lib.report.timings import timings
from scripts.lib.run.config import complete
from scripts.lib.run.visible import visible
from scripts.lib.view.left_out import NAMED as NAMED_FILES
from scripts.lib.view.left_out import left_out
from scripts.lib.view.results import Results
from tests.conftest import COLLECTION_SIZE, SCHEMA, Workflow, picture, write_pictures
from tests.pages import PageReader, check_can_be_read_aloud, check_loads_nothing
from tests.small_results import Small, write_results

LIMITS = Limits(10**8, 60.0, 1)
NAMES = [
    "<script>alert(1)<⁄script>.jpg",
    "\"><img src=x onerror='alert(1)'>.jpg",
    "{{ 7 * 7 }}{% raw %}&amp;.jpg",
    "line\nbreak.jpg",
    "gpj.\u202egnp.exe.jpg",
    "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED}.jpg",
    "x" * 200 + ".jpg",
    "`$(touch owned)`.jpg",
]


def hostile_images(folder: Path) -> None:
    """Write images with bad names, and two bad files."""
    write_pictures(folder, 4)
    for seed, name in enumerate(NAMES, 10):
        picture(seed).save(folder / name, quality=90)
    (folder / "<b>bad.jpg").write_bytes(b"no image")
    (folder / "empty.jpg").write_bytes(b"")


def page_of(workflow: Workflow) -> PageReader:
    """Return the report of a run; it loads nothing, and can be read aloud."""
    page = PageReader((workflow.model / "report.html").read_text(encoding="utf-8"))
    check_loads_nothing(page)
    check_can_be_read_aloud(page)
    return page


def test_the_report_of_a_collection_as_it_grows(workflow: Workflow) -> None:
    workflow.config["report"] = True
    hostile_images(workflow.images)
    workflow.run()
    _check_hostile(workflow, page_of(workflow))

    # What is made later is shown by the next sort, and nothing else of it runs again.
    told = workflow.run("cluster").stderr
    assert f"{workflow.model.relative_to(workflow.folder)}/clusters.jpg" in told
    assert workflow.jobs() == {"report": 1}
    page = page_of(workflow)
    assert "make cluster" not in page.text
    assert "cluster 0" in page.text
    idle = workflow.run().stderr
    assert "Nothing to be done" in idle
    assert "seriatim: everything is up to date: the images are in sorted_images" in idle

    # Asked for by name it sees a new image, and makes nothing that it only shows.
    write_pictures(workflow.images, 1, first=50)
    jobs = workflow.jobs("report", report=False)
    assert jobs["scan"] == jobs["report"] == 1
    assert not {"clusters", "projection", "duplicate_groups"} & set(jobs)
    page = page_of(workflow)
    assert "image 50.jpg" in [each["alt"] for each in page.all("img")]
    assert page.text.count("belongs to another order") == 1


def _check_hostile(workflow: Workflow, page: PageReader) -> None:
    assert len(page.pictures()) >= 4 + len(NAMES)
    alts = [each["alt"] for each in page.all("img")]
    assert {visible(name) for name in NAMES} <= set(alts)  # as they are, on one line, and in no tag
    assert "\u202e" not in page.text + "".join(alts)
    assert "2 files that could not be taken" in page.text
    for expected in ("input_images/<b>bad.jpg", str(workflow.output), "embed", "two_opt", "copy"):
        assert expected in page.text
    for target in ("make cluster", "make project", "make duplicates"):
        assert target in page.text
    record = json.loads((workflow.model / "records" / "report.html.json").read_text())
    assert record["facts"] == {"images": 4 + len(NAMES), "without_picture": 0, "absent": 3}


# What follows has a sorted collection to look at, and changes nothing in it.


@pytest.fixture
def results(template: Workflow, monkeypatch: pytest.MonkeyPatch) -> Results:
    monkeypatch.chdir(template.folder)
    model = template.model.relative_to(template.folder)
    return Results(model, complete(template.config, SCHEMA))


def required(results: Results) -> Required:
    names = ("order.parquet", "quality.json", "rejected.csv", "../copied.parquet", "model.json")
    return Required(*(results.model / name for name in names))


def rendered(page: Page) -> PageReader:
    return PageReader(render(page, complete({}, SCHEMA), SCHEMA))


def test_every_image_of_a_small_collection_is_on_the_sheet(results: Results) -> None:
    page = choose(required(results), results)
    done: list[int] = []
    page.ordered.album.develop(LIMITS, done.append)
    assert sum(done) == len(page.ordered.album) == COLLECTION_SIZE
    read = rendered(page)
    order = pq.read_table(results.model / "order.parquet")["path"].to_pylist()
    shown = [each for each in read.all("img") if each.get("title", "").startswith(tuple("0123456789"))]
    assert [each["title"] for each in shown[: len(order)]] == [f"{i}: {path}" for i, path in enumerate(order)]
    for made, path in zip(read.pictures(), order, strict=False):
        wanted = reduced(Image.open(path).convert("RGB"), SIZES["large"])
        apart = np.abs(np.asarray(made, np.int16) - np.asarray(wanted, np.int16)).mean()
        assert apart < 4, path


def test_images_that_are_gone_are_named_in_their_places(results: Results) -> None:
    page = choose(required(results), results)  # nothing is developed, as if no image could be decoded
    read = rendered(page)
    check_can_be_read_aloud(read)
    assert not read.all("img")
    assert read.text.count("no picture: image") >= COLLECTION_SIZE
    assert f"of {COLLECTION_SIZE} images there is none" in read.text


def test_of_a_hostile_group_and_setting_only_text_is_left(results: Results) -> None:
    page = choose(required(results), results)
    bad = "</style></section><script>alert(1)</script>"
    page.clusters = Groups([Group(bad, 3, bad)], [Group(bad, 1, "")] * NAMED, NAMED + 9, bad)
    page.absent = [Absent("Map", bad, True)]
    plain = rendered(page)
    hostile_page = choose(required(results), Results(results.model, {**results.config, "output": bad}))
    hostile_page.clusters, hostile_page.absent = page.clusters, page.absent
    read = rendered(hostile_page)
    check_loads_nothing(read)
    assert not read.all("script")
    assert bad in read.text
    assert len(plain.all("section")) == len(read.all("section"))


def test_what_can_not_be_read_as_it_is_written_today_is_left_out(tmp_path: Path) -> None:
    made = write_results(tmp_path, Small(6))  # the records do not name the settings of their stages
    page = choose(required(made), made)
    assert [each.title for each in page.absent if each.is_outdated] == ["Clusters", "Map", "Categories"]
    assert page.duplicates is not None
    check_can_be_read_aloud(rendered(page))


def test_an_empty_order_has_a_report(results: Results, tmp_path: Path) -> None:
    sources = required(results)
    empty = tmp_path / "order.parquet"
    pq.write_table(pq.read_table(sources.order).slice(0, 0), empty)
    quality = json.loads(sources.quality.read_text())
    quality |= {"items": 0, "worst": [], "gap": None, "bound_kind": "none", "mean": 0.0, "random_mean": 0.0}
    (tmp_path / "quality.json").write_text(json.dumps(quality))
    page = choose(sources._replace(order=empty, quality=tmp_path / "quality.json"), results)
    page.ordered.album.develop(LIMITS, lambda images: None)
    read = rendered(page)
    check_can_be_read_aloud(read)
    assert "There is no image in the order" in read.text
    assert page.profile is None


def ordered_of(count: int, links: np.ndarray | None = None, copied: pa.Table | None = None) -> Ordered:
    paths = [f"a/{i}.jpg" for i in range(count)]
    table = pa.table(
        {
            "path": pa.array(paths),
            "path_bytes": pa.array([path.encode() for path in paths], pa.binary()),
            "content_id": pa.array([i.to_bytes(32, "big") for i in range(count)], ID_TYPE),
            "item": pa.array(range(count), pa.int32()),
            "distance_to_next": pa.array(np.ones(count) if links is None else links, pa.float32()),
        }
    )
    nothing = pa.table({"position": pa.array([], pa.int32()), "target": pa.array([], pa.binary())})
    return Ordered(table, copied or nothing, Path("out"), Album())


def test_of_many_images_some_are_shown_and_decoded_once() -> None:
    ordered = ordered_of(100_000)
    links = [{"position": i, "distance": 9.0} for i in range(20)]
    assert len(sheet_of(ordered).shots) == SHEET
    assert len(worst_pairs(ordered, {"worst": links, "mean": 2.0})) == PAIRS
    assert len(ordered.album) <= SHEET + 2 * PAIRS
    profile = profile_of(ordered, 2.0)
    assert profile is not None
    assert len(profile.bars) <= 360
    assert profile.has_medians


def test_profile_shows_the_longest_link_of_each_stretch() -> None:
    links = np.arange(1, 2001) % 97
    profile = profile_of(ordered_of(2000, links), 50.0)
    assert profile is not None
    longest = [links[i : i + profile.each].max() / 96 * 100 for i in range(0, 2000, profile.each)]
    np.testing.assert_allclose([bar[2] for bar in profile.bars], longest, atol=0.01)
    assert profile.chance == pytest.approx(50 / 96 * 100, abs=0.01)


def record_of(settings: dict[str, object], **facts: object) -> Record:
    return Record("", 0, "", "", 1, settings, {}, facts)


def test_categories_show_the_images_that_fit_best() -> None:
    chances = [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.5, 0.5]]
    names = ["dusk", "sea", "dusk", "unsure"]
    table = pa.table(
        {
            "category": pa.array(names),
            "probability": pa.array([max(each) for each in chances], pa.float32()),
            "categories": pa.array([[name] if name != "unsure" else [] for name in names]),
            "probabilities": pa.array(chances, pa.list_(pa.float32())),
        }
    )
    settings = {"categories": ["dusk", "sea"], "prompts": ["{}"], "several": False}
    ordered = ordered_of(4)
    found = categories_of(ordered, table, record_of(settings, model="clip:some"))
    assert [(each.name, each.files) for each in found.shown] == [("dusk", 2), ("sea", 1), ("unsure", 1)]
    assert [[shot.place for shot in each.shots] for each in found.shown] == [[0, 2], [1], [3]]
    assert found.note == "compared by clip:some"


def test_the_largest_clusters_have_a_strip_along_the_path() -> None:
    numbers = np.repeat(np.arange(30), np.arange(1, 31)).astype(np.int32)
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    rows = [
        {"cluster": c, "name": f"no {c}", "files": c + 1, "tightness": 0.5, "medoid_position": int(starts[c])}
        for c in range(30)
    ]
    ordered = ordered_of(len(numbers))
    found = clusters_of(ordered, numbers, pa.Table.from_pylist(rows), record_of({"method": "kmeans"}))
    assert [each.name for each in found.shown] == [f"no {c}" for c in range(10, 30)]
    assert [each.name for each in found.others] == [f"no {c}" for c in range(9, -1, -1)]
    for each, cluster in zip(found.shown, range(10, 30), strict=True):
        places = [shot.place or 0 for shot in each.shots]
        assert places[0] == starts[cluster]
        assert set(numbers[places]) == {cluster}
        assert places == sorted(places)
        assert len(places) == 8


def test_groups_of_duplicates_are_shown_by_the_room_they_take() -> None:
    rows = [
        {"group": g, "kind": None if i == 0 else "exact", "path": f"{g}/{i}", "path_bytes": b"", "size": size}
        | {"content_id": bytes([g]) * 32, "keep": i == 0, "width": 4, "height": None}
        for g, size in ((0, 10), (1, 5000), (2, 700))
        for i in range(6 if g == 2 else 2)
    ]
    found = copies_of(pa.Table.from_pylist(rows), Album())
    assert [group.files[0].shot.path for group in found.shown] == ["1/0", "2/0", "0/0"]
    assert [group.more for group in found.shown] == [0, 2, 0]
    assert [each.keep for each in found.shown[1].files] == [True, False, False, False]


def test_a_moved_original_is_found_in_the_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    picture(1).save(tmp_path / "out" / "0001_moved.jpg")
    copied = pa.table(
        {"position": pa.array([1], pa.int32()), "target": pa.array([b"0001_moved.jpg"], pa.binary())}
    )
    ordered = ordered_of(2, copied=copied)
    gone, moved = ordered.shots([0, 1], "tile")
    ordered.album.develop(LIMITS, lambda images: None)
    assert ordered.album.picture(gone) is None
    assert ordered.album.picture(moved) is not None
    assert ordered.album.missing == 1


def test_no_image_is_larger_than_its_share() -> None:
    for size in SIZES.values():
        shape = (size.side, size.side, 3)
        noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))
        made = as_picture(reduced(noise, size), size.most)
        assert (made.width, made.height) == (size.side, size.side)
        assert len(made.uri) * 3 / 4 < 1.5 * size.most  # noise is the worst there can be
    # Tiles of the sheet, of clusters and of categories; the worst links and duplicates; and the map.
    tiles, views = SHEET + 20 * 8 + 20 * 6, 2 * PAIRS + 8 * 4
    everything = tiles * SIZES["tile"].most + views * SIZES["view"].most + MAP_BYTES
    assert everything * 4 / 3 < 4.9e6


def test_elongated_images_are_whole_or_cut_to_squares() -> None:
    long = Image.new("RGB", (3000, 10), "red")
    assert reduced(long, SIZES["tile"]).size == (112, 112)
    assert reduced(long, SIZES["view"]).size == (300, 1)


def test_reasons_are_counted_and_the_first_files_named(tmp_path: Path) -> None:
    lines = ['"path","kind","status","error"']
    lines += [f'"a ""{i}"",\n.jpg","image","undecodable","broken"' for i in range(60)]
    lines += ['"b.mp4","video","unreadable",""']
    (tmp_path / "rejected.csv").write_text("\n".join(lines) + "\n")
    found = left_out(read_rejected(tmp_path / "rejected.csv"))
    assert found.total == 61
    assert [(each.files, each.kind, each.status) for each in found.reasons] == [
        (60, "image", "undecodable"),
        (1, "video", "unreadable"),
    ]
    assert len(found.files) == NAMED_FILES
    assert found.files[3] == ('a "3",\n.jpg', "broken")


def test_times_of_partitions_are_summed(tmp_path: Path) -> None:
    model = tmp_path / "model"
    (model / "benchmarks" / "embed").mkdir(parents=True)
    for number, seconds in enumerate((1.5, 2.5)):
        rows = f"s\tmax_rss\n{seconds}\t{100 * seconds}\n"
        (model / "benchmarks" / "embed" / f"{number}.tsv").write_text(rows)
        record = model / "embed" / "records" / f"{number}.parquet.json"
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps({"facts": {"embedded_now": 10}}))
    (model / "benchmarks" / "knn.tsv").write_text("s\tmax_rss\n0.01\t-\n")
    (model / "benchmarks" / "mst.tsv").write_text("")
    embed, knn = timings(tmp_path, model, {"items": 7})
    assert (embed.stage, embed.seconds, embed.memory, embed.rate) == ("embed", 4.0, 250.0, 5.0)
    assert (knn.stage, knn.memory, knn.units) == ("knn", None, 7)
    assert isinstance(knn.ended, datetime)


def test_settings_that_differ_are_told_from_the_others() -> None:
    usual = complete({}, SCHEMA)
    found = {each.key: each for each in about.settings(complete({"knn_k": 9}, SCHEMA), usual, SCHEMA)}
    assert [key for key, each in found.items() if each.differs] == ["knn_k"]
    assert (found["knn_k"].value, found["knn_k"].usual) == ("9", "24")
    assert set(found) == set(SCHEMA["properties"])


def test_versions_are_those_of_what_is_installed() -> None:
    found = dict(about.versions())
    assert found["numpy"] == np.__version__
    assert "Seriatim" in found


def test_what_is_filled_in_is_escaped_and_seen() -> None:
    template = environment().from_string("{{ name }}|{{ name|breakable }}")
    said = template.render(name="<a>\u202e'b_c.jpg")
    assert "<a>" not in said
    assert "\u202e" not in said
    assert said.replace("<wbr>", "").split("|")[0] == said.replace("<wbr>", "").split("|")[1]


def test_a_name_without_a_folder_is_its_own() -> None:
    assert Shot(b"", "tile", "row 7").name == "row 7"
    assert Shot(b"", "tile", "a/b.jpg").name == "b.jpg"
