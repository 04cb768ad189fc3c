"""What the measurement of a million images makes of its account, and that it would notice a wrong result."""

import os
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.made_images import CORRUPT, PER_FOLDER, path_of, role_of
from benchmarks.million import Bench, Stage, busy_seconds, check, stages
from benchmarks.process_tree import Memory, memory_of, run_watched

HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def ended(seconds: float, end: float) -> Stage:
    return Stage("any", seconds, 0, 0, end)


def test_seconds_at_work_count_once_whatever_runs_beside() -> None:
    assert busy_seconds([]) == 0
    assert busy_seconds([ended(4, 10), ended(1, 9), ended(2, 11), ended(3, 20)]) == 8


def test_the_account_of_the_engine_is_read_in_the_order_of_ends(tmp_path: Path) -> None:
    folder = tmp_path / "results" / "million" / "descriptor" / "benchmarks"
    for i, (name, row) in enumerate([("embed/0", "5.5\t-\t100\t-\t-\t-\t-\t-\t-\t4.5"), ("knn", "2\t" * 10)]):
        file = folder / f"{name}.tsv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(HEADER + row + "\n")
        os.utime(file, (1000 - i, 1000 - i))
    knn, embed = stages(tmp_path)
    assert (knn.name, embed.name, embed.seconds, embed.cpu) == ("knn", "embed/0", 5.5, 4.5)
    assert embed.memory == pytest.approx(0.1048576)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a folder in which everything is as it should be."""
    made = Bench(tmp_path, PER_FOLDER, cores=1)
    made.order.parent.mkdir(parents=True)
    numbers = range(PER_FOLDER)
    sources = [tmp_path / "images" / path_of(number) for number in numbers]
    (made.work / "sorted").mkdir(parents=True)
    sources[0].parent.mkdir(parents=True)
    good = [number for number in numbers if role_of(number) not in CORRUPT]
    for number in good:
        sources[number].touch()
        os.link(sources[number], made.work / "sorted" / f"{number}.jpg")
    paths = [str(sources[number]) for number in good]
    pq.write_table(pa.table({"path": paths}), made.order)
    targets = [b"%d.jpg" % number for number in good]
    plan = pa.table({"path_bytes": [os.fsencode(path) for path in paths], "target_bytes": targets})
    pq.write_table(plan, made.order.with_name("plan.parquet"))
    corrupt = [f"{sources[number]},image" for number in numbers if number not in good]
    made.order.with_name("rejected.csv").write_text("\n".join(["path,kind", *corrupt]) + "\n")
    return made


def test_a_right_result_is_right(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    check(bench)
    assert "497 ordered + 3 left out = 500 made" in capsys.readouterr().out


def test_a_link_to_another_file_is_noticed(bench: Bench) -> None:
    wrong = bench.work / "sorted" / "7.jpg"
    wrong.unlink()
    wrong.touch()
    with pytest.raises(AssertionError, match=r"7\.jpg"):
        check(bench)


def test_a_file_that_is_nowhere_is_noticed(bench: Bench) -> None:
    table = pq.read_table(bench.order)
    pq.write_table(table.slice(1), bench.order)
    with pytest.raises(AssertionError, match="496 ordered, 497 expected"):
        check(bench)


def test_memory_of_a_command_and_its_children_is_seen(tmp_path: Path) -> None:
    child = "import time; held = bytearray(b'x') * 200_000_000; time.sleep(2)"
    command = [
        sys.executable,
        "-c",
        f"import subprocess; subprocess.run([{sys.executable!r}, '-c', {child!r}])",
    ]
    seen: list[Memory] = []
    status = run_watched(command, tmp_path, tmp_path / "log", lambda seconds, memory: seen.append(memory))
    assert status == 0
    assert max(memory.own for memory in seen) > 200_000_000
    assert memory_of(2**22 + 1) == Memory(0, 0)


def test_what_a_command_says_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-c", "import sys; print('said'); sys.exit(3)"]
    assert [run_watched(command, tmp_path, log, lambda *seen: None) for _ in range(2)] == [3, 3]
    assert log.read_text() == "said\nsaid\n"
