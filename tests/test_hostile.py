"""A collection made by somebody who wishes us ill: nothing is run, written elsewhere, or told falsely."""

import ast
import csv
import os
from pathlib import Path

import pytest

from tests.conftest import ROOT, Workflow, picture, write_pictures
from tests.copying import tree

SOURCES = sorted(path for folder in ("scripts", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
CODE_IN_DATA = {"pickle", "cloudpickle", "dill", "marshal", "shelve", "joblib"}


def calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]


def keywords(call: ast.Call) -> dict[str | None, object]:
    return {k.arg: k.value.value for k in call.keywords if isinstance(k.value, ast.Constant)}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_that_is_read_can_hold_code(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not CODE_IN_DATA & {name.split(".")[0] for name in names}
    for call in calls(path):
        name = ast.unparse(call.func)
        assert name not in ("eval", "exec", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"), name
        assert keywords(call).get("shell") is not True
        assert keywords(call).get("allow_pickle") is not True
        if name == "torch.load":
            assert keywords(call)["weights_only"] is True


NAMES = [
    b"=cmd|' !A0'.jpg",
    b"@SUM(1).jpg",
    b"+1.jpg",
    b"-2.jpg",
    b"line\nseriatim: copy: 0 images, all is lost.jpg",
    b"\x1b[2J\x1b[31mred.jpg",
    "gpj.\u202egnp.exe.jpg".encode(),
    b"\xff\xfe.jpg",
    b"a..jpg",
    b"b. .jpg",
    b"$(touch owned).jpg",
    b"`touch owned`;touch owned;.jpg",
    b"{wildcard}.jpg",
    b"a" * 251 + b".jpg",
]


def test_names_are_names_and_nothing_else(workflow: Workflow) -> None:
    write_pictures(workflow.images, 2)
    for seed, name in enumerate(NAMES, 10):
        with open(os.path.join(os.fsencode(workflow.images), name), "wb") as file:
            picture(seed).save(file, "JPEG")
        with open(os.path.join(os.fsencode(workflow.images), b"bad " + name[:200] + b".jpg"), "wb") as file:
            file.write(b"no image: \x1b[31m\n=1+1")
    before = tree(workflow.images)
    done = workflow.run()
    assert tree(workflow.images) == before
    assert len(workflow.copies()) == len(NAMES) + 2
    assert not list(workflow.folder.rglob("*owned")), "no shell has seen a name"
    told = [line for line in done.stderr.splitlines() if "seriatim: copy:" in line]
    assert told == ["seriatim: copy: 16 images in visual order are in sorted_images"]
    assert "\x1b[31m" not in done.stdout + done.stderr + workflow.logs()
    assert not any(line.startswith("seriatim:") for line in workflow.logs().splitlines())
    for table in ("order.csv", "rejected.csv", "plan.csv"):
        with (workflow.model / table).open(newline="") as stream:
            cells = [cell for row in csv.reader(stream) for cell in row]
        assert len(cells) > len(NAMES)
        assert not [cell for cell in cells if cell[:1] in tuple("=+@\t\r") or cell[:2] == "-2"]


def test_links_in_a_collection_lead_to_no_harm(workflow: Workflow, tmp_path: Path) -> None:
    paths = write_pictures(workflow.images, 4)
    outside = tmp_path / "outside"
    write_pictures(outside, 2, first=50)
    (workflow.images / "out.jpg").symlink_to(outside / "image 50.jpg")
    (workflow.images / "loop").symlink_to(workflow.images)
    (workflow.images / "device.jpg").symlink_to("/dev/zero")
    os.mkfifo(workflow.images / "pipe.jpg")
    workflow.output.mkdir()
    (workflow.output / "mine.jpg").write_bytes(paths[0].read_bytes())
    (workflow.images / "back.jpg").symlink_to(workflow.output / "mine.jpg")
    before = tree(outside) | tree(workflow.images)
    workflow.run(copy_mode="move", move_originals=True)
    assert tree(outside) == {path: state for path, state in before.items() if "outside" in path}
    assert (workflow.output / "mine.jpg").read_bytes() == before[str(paths[0])][2]
    assert "not a regular file" in (workflow.model / "rejected.csv").read_text()
    workflow.run("undo", copy_mode="move", move_originals=True, check=False)
    assert {path: state for path, state in tree(workflow.images).items() if path in before} == {
        path: state for path, state in before.items() if str(workflow.images) in path
    }
