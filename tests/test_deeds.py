"""Killed at any moment, nothing is lost, the next run ends as if undisturbed, and undoing gives all back."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

DRIVER = Path(__file__).with_name("kill_copying.py")
MEMORY = Path("/dev/shm")  # nearly everywhere a file system of its own, and a fast one


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """Return a folder in memory, if there is such a file system."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else tmp_path) as folder:
        yield Path(folder)


def moments(base: Path, output: Path, links: str, story: str) -> int:
    """Kill the last step of a story at every moment; return how many there were."""
    if not hasattr(os, "fork"):
        pytest.skip("no fork on this system")
    command = [sys.executable, str(DRIVER), str(base / "sources"), str(output), links, *story.split()]
    environment = os.environ | {"PYTHONPATH": str(DRIVER.parents[1])}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return int(result.stdout)


@pytest.mark.parametrize("mode", ["copy", "hardlink", "symlink", "move"])
@pytest.mark.parametrize("story", ["first:{}", "first:{} disturb second:{}", "first:{} second:{} undo"])
def test_killed_in_one_mode(memory: Path, story: str, mode: str) -> None:
    assert moments(memory, memory / "output", "links", story.format(*[mode] * 2)) > 15


@pytest.mark.parametrize("mode", ["copy", "move"])
def test_killed_while_two_folders_take_each_others_names(memory: Path, mode: str) -> None:
    story = f"filed:{mode} swapped:{mode}"
    assert moments(memory, memory / "output", "links", story) > 15


@pytest.mark.parametrize(
    "story",
    [
        "first:copy second:hardlink",
        "first:hardlink second:symlink",
        "first:symlink second:move",
        "first:copy second:move undo",
        "first:hardlink second:move",
        "first:move second:copy",
        "first:move undo second:copy",
    ],
)
def test_killed_where_the_mode_is_another_one(memory: Path, story: str) -> None:
    assert moments(memory, memory / "output", "links", story) > 15


@pytest.mark.parametrize(
    "story", ["first:copy disturb second:copy", "first:move disturb second:move", "first:move undo"]
)
def test_killed_on_a_file_system_without_hard_links(memory: Path, story: str) -> None:
    assert moments(memory, memory / "output", "no links", story) > 15


@pytest.mark.parametrize(
    "story",
    ["first:move", "first:move disturb second:move", "first:copy second:move", "first:move second:move undo"],
)
def test_killed_while_moving_to_another_file_system(tmp_path: Path, memory: Path, story: str) -> None:
    if memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other file system")
    assert moments(tmp_path, memory / "output", "links", story) > 15
