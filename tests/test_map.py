"""What the map of the dashboard knows: colours, filters, areas, samples, exports, and what may be asked."""

import base64
import csv
import dataclasses
import io
import itertools
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from dash import html
from matplotlib.path import Path as Outline

from scripts.lib.dashboard.map import detail_level, gallery
from scripts.lib.dashboard.map.chosen import Chosen, Question
from scripts.lib.dashboard.map.colouring import CHOICES, colouring, first_choice, group_rows, is_there
from scripts.lib.dashboard.map.drawing import View, drawing
from scripts.lib.dashboard.map.export import csv_blocks, path_blocks
from scripts.lib.dashboard.map.figure import home, point_size, typed
from scripts.lib.dashboard.map.filters import folder_names
from scripts.lib.dashboard.map.legend import LARGEST, legend, listed
from scripts.lib.dashboard.map.palettes import (
    COLOURS,
    FADED,
    FIRST,
    PALETTES,
    STEPS,
    UNKNOWN,
    group_colours,
    scale_colours,
)
from scripts.lib.dashboard.map.selection import Selection, inside, inside_any
from scripts.lib.view.snapshot import Coded, Snapshot, load_snapshot
from tests.small_results import HOSTILE, Small, write_results

COUNT = 120
# How protanopes, deuteranopes and tritanopes see linear RGB (Machado, Oliveira and Fernandes 2009).
VISIONS = np.array(
    [
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
        [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
        [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
    ]
)
TO_CONES = np.array([[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]])
TO_LAB = np.array([[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]])


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    small = Small(COUNT, HOSTILE, copies=3, groups=6, on_disk=False)
    found = load_snapshot(write_results(tmp_path_factory.mktemp("map"), small))
    assert found is not None
    return found


def asked(**filters: object) -> Question:
    return Question.read({"filters": filters})


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    low, high = sorted(float(linear(each) @ [0.2126, 0.7152, 0.0722]) for each in (one, other))
    return (high + 0.05) / (low + 0.05)


def seen(colour: str) -> np.ndarray:
    """Return a colour in Oklab as each kind of eyes sees it: (4, 3)."""
    return np.cbrt((VISIONS @ linear(colour)).clip(0, 1) @ TO_CONES.T) @ TO_LAB.T


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_stand_out_from_the_paper_and_from_each_other(theme: str) -> None:
    palette = PALETTES[theme]
    assert all(contrast(each, palette.paper) > 2.5 for each in palette.groups)
    eyes = np.array([seen(each) for each in palette.groups]).swapaxes(0, 1)  # (4, c, 3)
    apart = np.linalg.norm(eyes[:, :, None] - eyes[:, None], axis=-1) + np.eye(COLOURS)
    assert apart[:, :8, :8].min() > 0.06
    assert apart[:, range(COLOURS), np.roll(range(COLOURS), -1)].min() > 0.06


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_tables_of_colours_fit_a_byte_and_the_scale_rises(theme: str) -> None:
    scale = scale_colours(theme)
    assert len(scale) == STEPS + FIRST == 256
    assert len(group_colours(theme)) == COLOURS + FIRST
    light = [seen(each)[0, 0] for each in scale[FIRST:]]
    assert all(b > a - 1e-3 for a, b in itertools.pairwise(light))


def test_neighbouring_groups_have_differing_colours() -> None:
    codes = np.arange(-1, 500, dtype=np.int32)
    rows = group_rows(codes)
    assert rows.dtype == np.uint8
    assert rows[0] == UNKNOWN
    assert (rows[1:] >= FIRST).all()
    for step in range(1, COLOURS):
        assert (rows[1:-step] != rows[1 + step :]).all()


def test_scales_go_from_one_end_to_the_other(snapshot: Snapshot) -> None:
    place, time = colouring(snapshot, "position"), colouring(snapshot, "time")
    assert place.groups is None
    assert (np.diff(place.rows.astype(int)) >= 0).all()
    assert (place.rows[0], place.ticks[0], place.ticks[-1]) == (FIRST, "0", f"{len(snapshot) - 1}")
    by_time = np.argsort(snapshot.times, kind="stable")
    assert (np.diff(time.rows[by_time].astype(int)) >= 0).all()
    assert len(np.unique(time.rows)) > len(snapshot) // 2
    assert time.ticks[0].startswith("2020-09-1")


def test_what_nothing_tells_can_not_be_chosen(snapshot: Snapshot, tmp_path: Path) -> None:
    bare = load_snapshot(write_results(tmp_path, Small(6, has=[], on_disk=False)))
    assert bare is not None
    assert [each.key for each in CHOICES if is_there(snapshot, each)] == [each.key for each in CHOICES]
    assert [each.key for each in CHOICES if is_there(bare, each)] == ["position", "folder", "time"]
    assert (first_choice(snapshot), first_choice(bare)) == ("cluster", "position")
    assert colouring(bare, "cluster").ticks == colouring(bare, "position").ticks


def test_groups_have_the_names_of_the_moment(snapshot: Snapshot) -> None:
    chosen = Chosen()
    assert snapshot.clusters is not None
    assert chosen.colouring(snapshot, "cluster").groups is snapshot.clusters
    names = [f"new {name}" for name in snapshot.clusters.names]
    renamed = dataclasses.replace(snapshot, clusters=Coded(snapshot.clusters.codes, names))
    assert chosen.colouring(renamed, "cluster").groups is renamed.clusters


def test_filters_let_pass_what_they_say(snapshot: Snapshot) -> None:
    chosen, paths = Chosen(), snapshot.order["path"].to_pylist()
    assert snapshot.clusters is not None
    assert snapshot.probabilities is not None
    assert snapshot.labels is not None
    labels, folders = snapshot.labels.to_pylist(), folder_names(snapshot)
    folder = folders.index(snapshot.path(0).rpartition("/")[0])
    expected = {
        "clusters": [code in (-1, 2, 3) for code in snapshot.clusters.codes],
        "category": [snapshot.probabilities[item, 1] >= np.float16(0.4) for item in snapshot.items],
        "path": ["<scri" in path.lower() or "photo 01" in path.lower() for path in paths],
        "folder": [path.startswith(f"{folders[folder]}/") for path in paths],
        "label": [label.startswith("2") for label in labels],
    }
    given = {"clusters": [-1, 2, 3], "category": 1, "folder": folder, "label": "2", "path": "PHOTO 01"}
    expected["path"] = ["photo 01" in path.lower() for path in paths]
    for name, value in given.items():
        question = asked(**{name: value, "probability": 0.4})
        assert chosen.passing(snapshot, question).tolist() == expected[name], name
        assert 0 < sum(expected[name]) < len(snapshot)
    both = chosen.passing(snapshot, asked(clusters=[-1, 2, 3], folder=folder))
    assert both.tolist() == [a and b for a, b in zip(expected["clusters"], expected["folder"], strict=True)]
    assert chosen.passing(snapshot, asked()).all()


def test_text_in_the_path_is_no_pattern(snapshot: Snapshot) -> None:
    assert Chosen().passing(snapshot, asked(path="<SCRIPT>")).sum() == 1
    assert not Chosen().passing(snapshot, asked(path=".*")).any()


def test_folders_are_told_with_those_above_them(snapshot: Snapshot) -> None:
    folders = folder_names(snapshot)
    assert folders == sorted(set(folders))
    images = snapshot.path(0).rpartition("/")[0].rpartition("/")[0]
    everything = Chosen().passing(snapshot, asked(folder=folders.index(images)))
    assert everything.all()
    assert min(map(len, folders)) == len(images)


@pytest.mark.parametrize(
    "given",
    [
        {"filters": {"clusters": ["1"]}},
        {"filters": {"clusters": 3}},
        {"filters": {"category": 1.5}},
        {"filters": {"category": 1, "probability": "nan"}},
        {"filters": {"path": ["x"]}},
        {"filters": {"label": "x" * 2_000}},
        {"selection": {"areas": [[[1, 2, 3]]]}},
        {"selection": {"areas": [[[1, "x"]]]}},
        {"selection": {"codes": [True]}},
        [1],
    ],
)
def test_nonsense_is_refused(given: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        Question.read(given)


def test_numbers_beyond_what_there_is_do_no_harm(snapshot: Snapshot) -> None:
    assert not Chosen().passing(snapshot, asked(clusters=[10**9, -7])).any()
    for name in ("category", "folder"):
        assert Chosen().passing(snapshot, asked(**{name: 10**9})).all()
        assert Chosen().passing(snapshot, asked(**{name: -7})).all()


def crosses(x: float, y: float, outline: list[tuple[float, float]]) -> bool:
    """Tell whether a point is inside, by counting how often a ray from it meets the outline."""
    within = False
    for (x1, y1), (x2, y2) in zip(outline, outline[1:] + outline[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            within = not within
    return within


@pytest.mark.parametrize("count", [500, 60_000])
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_outlines_hold_what_a_ray_says(count: int, scale: float) -> None:
    random = np.random.default_rng(int(scale))
    points = (random.normal(size=(count, 2)) * scale).astype(np.float32)
    sides = random.normal(size=(9, 2)) * scale  # crosses itself
    found = inside(points, sides)
    few = random.choice(count, 400, replace=False)
    outline = [tuple(side) for side in sides.tolist()]
    assert found[few].tolist() == [crosses(*points[each].tolist(), outline) for each in few]
    assert found.any()
    assert not found.all()


def test_the_grid_changes_nothing() -> None:
    random = np.random.default_rng(1)
    points = random.uniform(-1, 1, (200_000, 2)).astype(np.float32)
    turn = np.linspace(0, 2 * np.pi, 150, endpoint=False)
    star = np.column_stack([np.cos(turn), np.sin(turn)]) * (0.5 + 0.4 * np.sin(9 * turn))[:, None]
    assert np.array_equal(inside(points, star), Outline(star).contains_points(points))


def test_areas_add_up_and_lines_are_none() -> None:
    points = np.array([[0, 0], [5, 5], [9, 9]], np.float32)
    squares = tuple(
        tuple((x + a, x + b) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))) for x in (0.0, 9.0)
    )
    assert inside_any(points, squares).tolist() == [True, False, True]
    assert not inside(points, np.array([[0.0, 0.0], [9.0, 9.0]])).any()
    assert not inside(points[:0], np.array(squares[0])).any()
    assert not Selection()


def test_samples_are_nested_and_stay_when_a_part_is_looked_at() -> None:
    count, most = 5_000, 300
    plane = np.random.default_rng(2).normal(size=(count, 2)).astype(np.float32)
    ranked, everything = detail_level.ranking(count), np.ones(count, np.bool_)
    assert sorted(ranked.tolist()) == list(range(count))
    whole = detail_level.draw(everything, ranked, most)
    part = detail_level.within(everything, plane, (-0.3, 0.3, -0.3, 0.3))
    closer = detail_level.draw(part, ranked, most)
    again = {each for each in whole.positions.tolist() if part[each]}
    assert again <= {*closer.positions.tolist()}
    assert (len(whole.positions), whole.wanted, whole.is_sample) == (most, count, True)
    assert {*detail_level.draw(everything, ranked, 100).positions.tolist()} <= {*whole.positions.tolist()}
    expected = (np.abs(plane) <= 0.3 + detail_level.MARGIN * 0.6 + 1e-6).all(axis=1)
    assert np.array_equal(part, expected)
    assert detail_level.within(everything, plane, None) is everything


def test_readers_are_told_what_is_drawn() -> None:
    few, ranked = np.ones(10, np.bool_), detail_level.ranking(10)
    all_of_them, some = detail_level.draw(few, ranked), detail_level.draw(few, ranked, 4)
    say = detail_level.sentence
    assert say(all_of_them, 10, 10) == "All 10 images are drawn."
    assert say(all_of_them, 10, 20) == "All 10 images that pass are drawn."
    assert say(all_of_them, 15, 15) == "All 10 images in this part are drawn."
    assert say(some, 10, 10) == "4 of 10 images are drawn, drawn by lot; zoom in to see all."
    assert say(detail_level.draw(few, ranked[:1]), 1, 20) == "The one image that passes is drawn."


def decoded(spec: dict[str, str]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(spec["bdata"]), np.dtype(spec["dtype"]))


def test_a_figure_has_the_places_of_what_passes_as_bytes(snapshot: Snapshot) -> None:
    chosen, question = Chosen(), asked(clusters=[1, 2])
    assert snapshot.plane is not None
    assert snapshot.clusters is not None
    made = drawing(snapshot, snapshot.plane, chosen, question, View.read("cluster", "light", None))
    context, points = made.figure()["data"]
    places = decoded(points["customdata"])
    assert sorted(places) == np.flatnonzero(np.isin(snapshot.clusters.codes, (1, 2))).tolist()
    assert np.array_equal(decoded(points["x"]), snapshot.plane[places, 0])
    assert np.array_equal(decoded(points["y"]), snapshot.plane[places, 1])
    assert np.array_equal(decoded(points["meta"]["codes"]), snapshot.clusters.codes[places])
    assert len(decoded(context["x"])) + len(places) == len(snapshot)
    assert (context["hoverinfo"], points["hoverinfo"]) == ("skip", "none")
    assert made.sentence() == f"All {len(places)} images that pass are drawn."
    assert not any(isinstance(each, list) and len(each) > 50 for each in points.values())


def test_a_selection_is_seen_in_the_plane_and_in_space(snapshot: Snapshot) -> None:
    question = Question.read({"selection": {"by": "cluster", "codes": [3]}})
    assert snapshot.clusters is not None
    for places, kind in ((snapshot.plane, "scattergl"), (snapshot.space, "scatter3d")):
        assert places is not None
        made = drawing(snapshot, places, Chosen(), question, View.read("cluster", "dark", None))
        points = made.figure()["data"][1]
        shown, rows = decoded(points["customdata"]), decoded(points["marker"]["color"])
        assert points["type"] == kind
        assert np.array_equal(rows != FADED, snapshot.clusters.codes[shown] == 3)
        assert (np.diff((rows != FADED).astype(int)) >= 0).all()  # what is selected lies above


def test_the_window_begins_around_all_points(snapshot: Snapshot) -> None:
    assert snapshot.plane is not None
    left, right, bottom, top = home(snapshot.plane)
    assert left < snapshot.plane[:, 0].min() < snapshot.plane[:, 0].max() < right
    assert bottom < snapshot.plane[:, 1].min() < snapshot.plane[:, 1].max() < top
    assert home(snapshot.plane[:1]) != home(snapshot.plane[:0]) == (-1, 1, -1, 1)
    sizes = [point_size(10**power) for power in range(7)]
    assert sizes == sorted(sizes, reverse=True)
    assert typed(np.zeros(2, np.float32))["dtype"] == "f4"


def test_the_legend_lists_the_largest_and_the_selected() -> None:
    sizes = np.arange(100)
    assert listed(sizes, {3}) == [3, *range(100 - LARGEST, 100)]
    assert listed(np.zeros(4, int), set()) == []


def test_the_legend_counts_what_passes_and_says_names_as_text(snapshot: Snapshot) -> None:
    chosen, question = Chosen(), asked(path="photo")
    passes = chosen.passing(snapshot, question)
    made = legend(
        chosen.colouring(snapshot, "cluster"), "cluster", "light", passes, Selection("cluster", (2,))
    )
    assert isinstance(made, html.Div)
    told = json.dumps(made.to_plotly_json(), default=lambda each: each.to_plotly_json())
    assert "<i>mine</i>" in told
    assert told.count('"aria-pressed": "true"') == 1
    assert snapshot.clusters is not None
    for code in np.unique(snapshot.clusters.codes[passes]):
        assert f'"children": "{int((snapshot.clusters.codes[passes] == code).sum())}"' in told


def test_pages_of_pictures_go_through_all_of_them(snapshot: Snapshot) -> None:
    chosen, question = Chosen(), asked()
    pages = [gallery.gallery(snapshot, chosen, question, page) for page in range(3)]
    shown = [int(each.to_plotly_json()["props"]["data-position"]) for page in pages for each in page.tiles]
    assert shown == list(range(len(snapshot)))
    assert [(page.is_first, page.is_last) for page in pages] == [(True, False), (False, False), (False, True)]
    assert gallery.gallery(snapshot, chosen, question, 99).span == pages[2].span
    nothing = gallery.gallery(snapshot, chosen, asked(path="no such"), 0)
    assert (nothing.tiles, nothing.exports, nothing.span) == ([], [], "")
    assert gallery.heading(1, True) == "1 image selected"


def test_exports_ask_again_what_was_asked(snapshot: Snapshot) -> None:
    given = {
        "filters": {"clusters": [1], "category": 0, "probability": 0.25, "path": "a&b"},
        "selection": {"areas": [[[0.123456789, -1], [2, 3], [4, 5.5]]]},
    }
    question = Question.read(given)
    again = Question.read(json.loads(json.dumps(gallery.as_json(question))))
    assert again.filters == question.filters
    assert again.selection.areas[0] == ((0.123457, -1.0), (2.0, 3.0), (4.0, 5.5))
    assert Question.read(gallery.as_json(Question())) == Question()


def test_exports_have_every_path_and_no_formula(snapshot: Snapshot) -> None:
    positions = np.arange(len(snapshot))
    rows = list(csv.DictReader(io.StringIO(b"".join(csv_blocks(snapshot, positions)).decode(), newline="")))
    assert [row["path"] for row in rows] == snapshot.order["path"].to_pylist()
    assert [row["content_id"] for row in rows] == [snapshot.content_id(each).hex() for each in positions]
    assert snapshot.clusters is not None
    named = [snapshot.clusters.names[code] if code >= 0 else "" for code in snapshot.clusters.codes]
    assert [row["cluster"] for row in rows] == named
    assert list(rows[0]) == ["position", "path", "content_id", "cluster", "category"]
    lines = b"".join(path_blocks(snapshot, positions)).split(b"\n")[:-1]
    raw = snapshot.order["path_bytes"].to_pylist()
    assert lines == [path.replace(b"\n", rb"\n") for path in raw]
    assert any(b"\xe9" in line for line in lines)


def test_a_name_that_is_a_formula_is_none_in_a_table(snapshot: Snapshot) -> None:
    order = snapshot.order.set_column(0, "path", pa.array(["=1+1"] * len(snapshot)))
    risky = dataclasses.replace(snapshot, order=order)
    assert b'"\'=1+1"' in b"".join(csv_blocks(risky, np.arange(1)))
    assert b"".join(csv_blocks(risky, np.arange(0))).count(b"\n") == 1
