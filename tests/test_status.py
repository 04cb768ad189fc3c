"""The last run in a few lines, and in a number for scripts."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from scripts import status
from scripts.lib.run import run_file
from tests.conftest import Workflow

STARTED = "2026-05-01T10:00:00.000+02:00"


def write_run(results: Path, name: str, **told: object) -> None:
    """Write what is told of a run by this very process."""
    run = {
        "format": run_file.FORMAT,
        "run": name,
        "status": "running",
        "reason": None,
        "started": STARTED,
        "ended": None,
        "seconds": None,
        "name": name,
        "model": "descriptor",
        "jobs": {"done": 3, "total": 9},
        "stages": [],
        **run_file.this_process(),
    }
    (results / name).mkdir(parents=True, exist_ok=True)
    (results / name / "run.json").write_text(json.dumps(run | told))


def said(results: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, list[str]]:
    code = status.main(["--results", str(results), *more])
    return code, capsys.readouterr().out.splitlines()


def test_a_run_at_work_says_how_far_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "embed.log").write_text("begun\nembed 40 %\x1b[31m\n")
    stages = [
        {"stage": "scan", "status": "succeeded", "log": "x"},
        {"stage": "embed", "status": "running", "log": str(tmp_path / "embed.log")},
        {"stage": "weights", "status": "running", "log": "nowhere.log"},
    ]
    write_run(tmp_path, "photos", stages=stages)
    code, lines = said(tmp_path, capsys)
    assert code == 2
    assert lines[0].startswith("photos by descriptor: at work for ")
    assert lines[0].endswith("; 3 of 9 jobs done")
    assert lines[1:] == [r"  embed: embed 40 %\x1b[31m", "  weights: waits, or has just begun"]
    write_run(tmp_path, "photos", host="elsewhere")
    code, lines = said(tmp_path, capsys)
    assert code == 2
    assert "at work on elsewhere, as far as can be known from here" in lines[0]


def test_a_run_that_was_killed_is_none_at_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(tmp_path, "photos", process_start=1)
    code, lines = said(tmp_path, capsys)
    assert (code, lines[1:]) == (1, [f"  {run_file.GONE}"])
    assert lines[0].startswith("photos by descriptor: interrupted, begun ")


def test_a_failure_is_told_with_its_reasons(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = {"status": "failed", "reason": "knn failed: a\nmst failed: b", "ended": STARTED, "seconds": 65.0}
    write_run(tmp_path, "photos", **told, model=None)
    code, lines = said(tmp_path, capsys)
    assert (code, lines[1:]) == (1, ["  knn failed: a", "  mst failed: b"])
    assert lines[0].startswith("photos: failed, after 1 min 5 s, ended ")


def test_of_several_collections_the_last_run_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path, "early", started="2026-05-01T09:30:00.000+01:00")
    write_run(tmp_path, "late", started="2026-05-01T09:00:00.000+00:00")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{")
    assert said(tmp_path, capsys)[1][0].startswith("late ")
    assert said(tmp_path, capsys, "--name", "early")[1][0].startswith("early ")
    assert json.loads(said(tmp_path, capsys, "--json")[1][0])["name"] == "late"
    assert status.main(["--results", str(tmp_path), "--name", "broken"]) == 1
    assert "Nothing is told of a run of broken" in capsys.readouterr().err


def test_a_sort_is_told(template: Workflow, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = said(template.folder / "results", capsys)
    assert code == 0
    assert lines[0].startswith("photos by descriptor: succeeded, after ")
    assert lines[1] == "  20 images in order, 0 left out"
    assert lines[2].startswith("  took longest: ")
    assert lines[3:] == [
        "  images: sorted_images",
        "  table: results/photos/descriptor/order.csv",
        "  quality: results/photos/descriptor/quality.png",
    ]


def test_durations_have_the_units_that_count() -> None:
    from scripts.lib.words import duration_words

    hours = timedelta(hours=1).total_seconds()
    found = [duration_words(seconds) for seconds in (-1, 0.6, 61, 2.5 * hours, 50 * hours)]
    assert found == ["0 s", "1 s", "1 min 1 s", "2 h 30 min", "2 days 2 h"]
