"""Files appear whole or not at all."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.lib.artifacts.atomic import replacing, temporary_path, write_json, write_text
from tests.conftest import ROOT


def test_replaces_a_file_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.txt"
    write_text(path, "first")
    write_text(path, "second")
    assert path.read_text() == "second"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no"), replacing(tmp_path / "a") as temporary:
        temporary.write_text("half")
        raise ValueError("no")
    assert list(tmp_path.iterdir()) == []


def test_a_kill_leaves_a_hidden_file_that_the_next_writer_replaces(tmp_path: Path) -> None:
    program = (
        "import os, sys, pathlib\n"
        "from scripts.lib.artifacts.atomic import replacing\n"
        "with replacing(pathlib.Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    path = tmp_path / "a.txt"
    subprocess.run([sys.executable, "-c", program, str(path)], cwd=ROOT, check=False)
    assert os.listdir(tmp_path) == [temporary_path(path).name]
    write_text(path, "whole")
    assert os.listdir(tmp_path) == ["a.txt"]


def test_json_keeps_names_that_are_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.jpg")
    write_json(tmp_path / "a.json", {"path": name})
    raw = (tmp_path / "a.json").read_text(encoding="utf-8", errors="surrogateescape")
    assert json.loads(raw)["path"] == name
