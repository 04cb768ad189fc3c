"""The house is in order: one name everywhere, pins that agree, and an import that needs no install."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

import scripts
from scripts.lib.run.resources import NEEDS
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RULES = {
    match.group(1): (path, match.group(2))
    for path in sorted((ROOT / "workflow" / "rules").glob("*.smk"))
    for match in re.finditer(
        r"^(?:rule|checkpoint) (\w+):\n(.*?)(?=^\S|\Z)", path.read_text(), re.MULTILINE | re.DOTALL
    )
}
STAGES = [name for name, (_, body) in RULES.items() if "script:" in body]
ON_DEMAND = ("verify", "undo", "undo_reorganize")  # done as often as they are asked for
TWINS = {"reorganize": "copy", "undo_reorganize": "undo"}  # the same work in another folder
LIBRARY = sorted((ROOT / "scripts" / "lib").rglob("*.py"))


def test_the_stages_of_the_sort_are_all_there() -> None:
    flow = "scan weights embed gather knn bound mst traverse two_opt order quality plan copy verify undo"
    parts = "knn_index knn_search"
    training = "train reconstruct"
    groups = (
        "clusters cluster_table cluster_sheets labels projection projection_map categories category_sheet"
    )
    copies = "image_hashes duplicate_groups"
    filing = "collection clip_retrieval plan_reorganize reorganize undo_reorganize"
    view = "thumbnails centroids report"
    assert sorted(STAGES) == sorted(f"{flow} {parts} {training} {groups} {copies} {filing} {view}".split())


@pytest.mark.parametrize("stage", STAGES)
def test_one_name_for_rule_script_log_benchmark_module_and_test(stage: str) -> None:
    _, body = RULES[stage]
    assert f"../../scripts/{stage}.py" in body
    assert re.search(rf"log:\n\s+f?\".*/logs/{stage}[./]", body)
    if stage not in ON_DEMAND:  # a benchmark would count as its output, and it would run once only
        assert re.search(rf"benchmark:\n\s+f?\".*/benchmarks/{stage}[./]", body)
    assert re.search(r'^\s+""".+"""', body, re.MULTILINE), "a rule says what it does"
    assert (ROOT / "scripts" / f"{stage}.py").exists()
    assert [p for p in LIBRARY if p.stem == TWINS.get(stage, stage)]
    assert (ROOT / "tests" / f"test_{stage}.py").exists()


@pytest.mark.parametrize("stage", sorted({*STAGES} - {"weights"}))  # which the submitting process runs
def test_each_stage_says_what_it_asks_of_a_cluster(stage: str) -> None:
    assert f'**needs("{stage}"' in RULES[stage][1]
    assert stage in NEEDS


@pytest.mark.parametrize("path", sorted((ROOT / "scripts").glob("*.py")), ids=lambda p: p.name)
def test_scripts_are_thin(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 110


@pytest.mark.parametrize("path", LIBRARY, ids=lambda p: p.stem)
def test_the_library_does_not_know_its_orchestrator(path: Path) -> None:
    assert "snakemake" not in path.read_text().lower()


@pytest.mark.parametrize("path", LIBRARY, ids=lambda p: p.stem)
def test_every_module_says_what_it_is_about(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), path


def test_every_caption_is_shown_and_every_one_that_is_named_is_there() -> None:
    named = re.findall(r'caption="../report/(.+)"', "".join(body for _, body in RULES.values()))
    assert sorted(named) == sorted(path.name for path in (ROOT / "workflow" / "report").iterdir())


def test_scripts_come_from_this_repository() -> None:
    assert Path(scripts.__file__ or "").is_relative_to(ROOT)


def test_the_conda_environment_has_the_pins_of_the_gpu_extra() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    wanted = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["gpu"]
    assert sorted(pip) == sorted(wanted)
    python = next(e for e in environment["dependencies"] if str(e).startswith("python="))
    assert python.removeprefix("python=") in PROJECT["requires-python"]


def test_every_dependency_is_pinned() -> None:
    extras = PROJECT["optional-dependencies"]
    for requirement in PROJECT["dependencies"] + [r for extra in extras.values() for r in extra]:
        assert re.fullmatch(r"[A-Za-z0-9_-]+==[\w.]+", requirement), requirement


def test_both_builds_of_faiss_are_of_one_version() -> None:
    (cpu,), (gpu,) = (PROJECT["optional-dependencies"][extra] for extra in ("cpu", "gpu"))
    assert cpu.split("==")[1] == gpu.split("==")[1]


def test_every_pin_says_why_it_is_there() -> None:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    pins = [line for line in lines if re.match(r'\s+"[\w-]+==', line)]
    assert len(pins) > 12
    for line in pins:
        assert "#" in line or "types-" in line, line


def test_versions_are_given_to_every_stage() -> None:
    for stage in STAGES:
        if stage not in ON_DEMAND:
            assert f"version=versions.{stage.upper()}" in RULES[stage][1]


def test_profiles_agree_on_all_that_they_share() -> None:
    here, slurm, generic = (
        yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text())
        for name in ("default", "slurm", "generic")
    )
    assert {key for key in slurm.keys() & generic.keys() if slurm[key] != generic[key]} == {"executor"}
    assert {key for key in here if slurm.get(key) != here[key]} == {"cores"}
    assert {*slurm["groups"], *slurm["set-resources"]} <= {*STAGES}
    assert {key.split("-")[0] for key in slurm.keys() ^ generic.keys()} == {"slurm", "cluster", "max"}
