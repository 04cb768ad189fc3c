"""What was compiled from other sources is never run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.lib.ordering.compile_cache import (
    SOURCES,
    VARIABLE,
    sources_digest,
    use_cache_of_these_sources,
)
from tests.conftest import ROOT


def test_any_change_of_any_source_is_another_cache(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    states = [sources_digest(tmp_path)]
    (tmp_path / "a.py").write_text("2")
    states.append(sources_digest(tmp_path))
    (tmp_path / "b.py").write_text("")
    states.append(sources_digest(tmp_path))
    (tmp_path / "a.py").rename(tmp_path / "c.py")
    states.append(sources_digest(tmp_path))
    (tmp_path / "folder").mkdir()
    (tmp_path / "c.py").rename(tmp_path / "folder" / "c.py")
    states.append(sources_digest(tmp_path))
    assert len(set(states)) == 5


def test_the_users_choice_of_a_folder_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    use_cache_of_these_sources()
    first = os.environ[VARIABLE]
    assert Path(first) == tmp_path / f"seriatim-{sources_digest(SOURCES)}"
    use_cache_of_these_sources()  # as a child process does
    assert os.environ[VARIABLE] == first


def test_numba_keeps_its_files_there(tmp_path: Path) -> None:
    program = "from scripts.lib.ordering.search import tour; import numpy as np; tour.wrap(3, 2)"
    subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=os.environ | {VARIABLE: str(tmp_path)}, check=True
    )
    assert list((tmp_path / f"seriatim-{sources_digest(SOURCES)}").rglob("*.nbi"))
