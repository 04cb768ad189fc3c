"""A preview says what a copy would do, and does nothing."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from scripts.lib.errors import OutputError
from scripts.lib.output.kinds import Mode
from scripts.lib.output.plan_summary import plan_summary, sentences
from scripts.lib.output.preview import Preview, name_limit, preview
from scripts.lib.output.targets import names_of, targets_of
from tests.copying import Photos, statuses, tree, wanted


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(tmp_path)


def seen(photos: Photos, paths: list[Path], mode: Mode = "copy", fallback: bool = False) -> Preview:
    order = [wanted(i, path) for i, path in enumerate(paths)]
    before = tree(photos.output.parent)
    found = preview(photos.output, targets_of(order, names_of(order, photos.naming)), mode, fallback)
    assert tree(photos.output.parent) == before
    return found


def actions(found: Preview) -> list[str]:
    return [found.action(target) for target in found.targets]


@pytest.mark.parametrize("mode", ["copy", "hardlink", "symlink", "move"])
def test_it_says_what_the_copy_then_does(photos: Photos, mode: Mode) -> None:
    paths = photos.many(5)
    first = seen(photos, paths[:4], mode)
    assert actions(first) == [mode] * 4
    assert not photos.output.exists()
    photos.copy(paths[:4], mode=mode)
    if mode == "move":
        return
    second = seen(photos, [paths[0], paths[4], *paths[2:0:-1]], mode)
    done = statuses(photos.copy([paths[0], paths[4], *paths[2:0:-1]], mode=mode))
    verbs = {"kept": "keep", "renamed": "rename", "copied": "copy", "linked": mode}
    assert actions(second) == [verbs[status] for status in done]
    assert second.former(second.targets[3]) == b"0001_1.jpg"
    assert [leaving.path for leaving in second.plan.leaving] == [b"0003_3.jpg"]


def test_it_counts_what_it_looks_at(photos: Photos) -> None:
    paths, totals, done = photos.many(5), list[int](), list[int]()

    def phases(total: int, unit: str) -> AbstractContextManager[Callable[[int], object]]:
        totals.append(total)
        return nullcontext(done.append)

    photos.copy(paths)
    order = [wanted(i, path) for i, path in enumerate(reversed(paths))]
    preview(photos.output, targets_of(order, names_of(order, photos.naming)), "copy", False, 1, phases)
    assert totals == [sum(done)] == [5]


def test_only_copies_take_room(photos: Photos) -> None:
    paths = photos.many(3)
    size = sum(path.stat().st_size for path in paths)
    needed = {mode: seen(photos, paths, mode).needed for mode in ("copy", "hardlink", "symlink", "move")}
    assert needed == {"copy": size, "hardlink": 0, "symlink": 0, "move": 0}
    assert seen(photos, paths).free > size


def test_what_stands_in_the_way_is_told(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = photos.many(2)
    photos.output.mkdir()
    (photos.output / "0001_1.jpg").write_text("foreign")
    with pytest.raises(OutputError, match=r"0001_1\.jpg"):
        seen(photos, paths)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(OutputError, match="can't be written to"):
        seen(photos, paths)


def test_the_figures_and_what_is_said_of_them(photos: Photos) -> None:
    paths = [photos.make(name, name) for name in ("a/x.jpg", "b/X.jpg", "c/" + "y" * 240 + ".jpg")]
    photos.naming = photos.naming.__class__("{stem}{ext}", limit=100)
    photos.copy([photos.make("z.jpg", "z")])
    (photos.output / "foreign.txt").write_text("foreign")
    order = [wanted(i, path) for i, path in enumerate(paths)]
    names = names_of(order, photos.naming)
    facts = plan_summary(seen(photos, paths), names)
    assert (facts["files"], facts["numbered"], facts["cut"]) == (3, 1, 1)
    assert (facts["actions"], facts["leaving"], facts["foreign"]) == ({"copy": 3}, 1, 1)
    said = " ".join(sentences(facts))
    for part in (
        "3 images",
        "3 to be copied",
        "1 names got a number, 1 were cut",
        "1 files of an earlier plan",
    ):
        assert part in said


def test_the_limit_of_names_is_that_of_where_the_output_will_be(tmp_path: Path) -> None:
    assert name_limit(tmp_path / "not" / "yet") == os.pathconf(tmp_path, "PC_NAME_MAX")
