"""The last lines of a run: what was sorted, how well, what was left out, where it is, what is next."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.lib.run import summary
from scripts.lib.run.config import complete
from tests.conftest import COLLECTION_SIZE, ROOT, SCHEMA, Workflow


def a_run(folder: Path, *targets: str, **config: object) -> summary.Run:
    settings = complete({"model": "descriptor", **config}, SCHEMA)
    return summary.Run(settings, folder, folder / "descriptor", frozenset(targets), "make {}".format)


def write(path: Path, content: object, **facts: object) -> None:
    """Write an artifact with a record."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    record = path.parent / "records" / f"{path.name}.json"
    record.parent.mkdir(exist_ok=True)
    rest = {"bytes": 0, "blake3": "", "stage": "", "version": 1, "settings": {}, "inputs": {}}
    record.write_text(json.dumps({"artifact": path.name, **rest, "facts": facts}))


@pytest.fixture
def sorted_folder(tmp_path: Path) -> Path:
    model = tmp_path / "descriptor"
    quality = {"items": 7, "ratio": 0.5, "gap": 0.02, "bound_kind": "proven", "bound_confidence": 1.0}
    write(model / "order.parquet", "", files=1200, rejected=3, reasons="3 x image undecodable")
    write(model / "quality.json", quality, n=1100)
    for name in ("order.csv", "quality.png", "report.html", "rejected.csv"):
        (model / name).touch()
    (tmp_path / "logs").mkdir()
    return tmp_path


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_a_sort_is_told_in_ten_lines(sorted_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary.tell_end(a_run(sorted_folder, "all", images=["a\nb", "c"], output="out"))
    said, model = lines(capsys), sorted_folder / "descriptor"
    assert said == [
        r"seriatim: sorted      1,200 images, 1,100 of them different, from a\nb, c",
        "seriatim: how well    at most 2.0% longer than the shortest path there can be (proven); "
        "steps are 50% of a random order's",
        f"seriatim: left out    3 x image undecodable; each with its reason in {model / 'rejected.csv'}",
        "seriatim: images      out",
        f"seriatim: table       {model / 'order.csv'}",
        f"seriatim: report      {model / 'report.html'}",
        f"seriatim: quality     {model / 'quality.png'}",
        "seriatim: next        make dashboard_data makes what python -m scripts.dashboard shows",
        "seriatim:             make undo puts everything back",
    ]
    log = (sorted_folder / "logs" / "summary.log").read_text().splitlines()
    assert [f"seriatim: {line}" for line in log[1:]] == said


def test_what_is_next_depends_on_what_there_is(
    sorted_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (sorted_folder / "descriptor" / "clusters.jpg").touch()
    summary.tell_end(a_run(sorted_folder, "all", copy_mode="none", report=False))
    said = "\n".join(lines(capsys))
    assert "make duplicates" in said
    assert "make dashboard_data" in said
    for absent in ("make cluster", "make undo", "report.html", "images   "):
        assert absent not in said


def test_of_a_target_only_its_results_are_told(
    sorted_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (sorted_folder / "descriptor" / "clusters.jpg").touch()
    summary.tell_end(a_run(sorted_folder, "cluster"))
    summary.tell_end(a_run(sorted_folder, "mst"))
    assert lines(capsys) == [f"seriatim: clusters    {sorted_folder / 'descriptor' / 'clusters.jpg'}"]


def test_where_nothing_was_to_be_done_one_line_says_where_it_is(
    sorted_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary.tell_nothing_to_do(a_run(sorted_folder, "all", output="out"))
    report = sorted_folder / "descriptor" / "report.html"
    assert lines(capsys) == [f"seriatim: everything is up to date: the images are in out, {report}"]


def test_no_state_of_the_disk_fails_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("order.parquet", "quality.json"):
        summary.tell_end(a_run(tmp_path, "all", "cluster"))
        write(tmp_path / "descriptor" / name, {})
    summary.tell_end(a_run(tmp_path, "all", "cluster"))
    summary.tell_nothing_to_do(a_run(tmp_path / "nowhere", "all"))
    assert lines(capsys)[:-1] == []


@pytest.mark.parametrize(
    ("quality", "said"),
    [
        ({"items": 1}, "it takes two different images to say"),
        ({"items": 2, "ratio": 1.0, "gap": None}, "steps are 100% of a random order's"),
        (
            {"items": 2, "ratio": 1.0, "gap": 0.0, "bound_kind": "proven"},
            "no path through these images is shorter (proven); steps are 100% of a random order's",
        ),
        (
            {"items": 9, "ratio": 0.1, "gap": 0.5, "bound_kind": "statistical", "bound_confidence": 0.99},
            "at most 50% longer than the shortest path there can be (with a confidence of 99%); "
            "steps are 10% of a random order's",
        ),
    ],
)
def test_how_well(quality: dict[str, object], said: str) -> None:
    assert summary.how_well(quality) == said


def test_it_costs_the_main_process_no_library() -> None:
    heavy = "numpy|pyarrow|PIL|torch|jinja2"
    program = (
        f"import scripts.lib.run.summary, sys; sys.exit(any(m in sys.modules for m in '{heavy}'.split('|')))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0


def test_a_sort_says_at_its_end_where_everything_is(template: Workflow) -> None:
    told = (template.results / "logs" / "summary.log").read_text()
    assert f"sorted      {COLLECTION_SIZE} images from input_images" in told
    assert "images      sorted_images" in told
    assert "snakemake --cores 2 dashboard_data ... makes what python -m scripts.dashboard shows" in told
