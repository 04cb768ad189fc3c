"""The server of the dashboard: rubbish does it no harm, and it starts and ends as it should."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from scripts.dashboard import main
from scripts.lib.dashboard.recent import Recent
from scripts.lib.view.results import find_results
from scripts.lib.view.snapshot import load_snapshot
from tests.asking import ask, call_back, show_details
from tests.browser import ROOT, Dashboard, dashboard
from tests.conftest import wait_until
from tests.small_results import HOSTILE, Small, write_results

pytestmark = pytest.mark.xdist_group("test_server")
SMALL = Small(count=12, copies=1, names=HOSTILE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("access")
    write_results(folder, SMALL)
    return folder


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Dashboard]:
    with dashboard(folder) as started:
        ask(started.address, "/_dash-layout")
        yield started


@pytest.fixture(scope="module")
def generation(folder: Path) -> str:
    snapshot = load_snapshot(find_results(folder / "results"))
    assert snapshot is not None
    return snapshot.generation


@pytest.mark.parametrize(
    "request_",
    [
        b"rubbish",
        b"[" * 100_000,
        {},
        [],
        {"output": "nothing.children", "inputs": [], "outputs": {"id": "nothing", "property": "children"}},
        show_details("</script><script>", {}),
        show_details(-5, None),
        show_details(10**30, "x"),
        show_details(list(range(100_000)), "x"),
        show_details(None, None) | {"inputs": "x"},
    ],
    ids=str,
)
def test_rubbish_gives_no_traceback_and_ends_nothing(running: Dashboard, request_: Any) -> None:
    answer = call_back(running.address, request_)
    assert answer.status in (200, 204, 400, 500)
    assert b"Traceback" not in answer.body
    assert b"/scripts/" not in answer.body
    assert ask(running.address).status == 200


@pytest.mark.parametrize("position", ["0", True, 1.5, None, [0], {"a": 1}, -1, 13, 10**400])
def test_details_of_what_is_no_place_are_hidden(running: Dashboard, generation: str, position: Any) -> None:
    answer = call_back(running.address, show_details(position, generation))
    assert answer.status == 200
    assert json.loads(answer.body)["response"]["details"]["hidden"] is True


def test_names_arrive_as_text(running: Dashboard, generation: str) -> None:
    texts = [call_back(running.address, show_details(place, generation)).body for place in range(13)]
    shown = [json.dumps(json.loads(text), ensure_ascii=False) for text in texts]
    assert not any("dangerously" in text or "\u202e" in text for text in shown)
    assert any("<script>document.title" in text for text in shown)


def test_large_requests_are_refused(running: Dashboard) -> None:
    parts = urlsplit(running.address)
    with socket.create_connection((parts.hostname, parts.port), 30) as connection:
        head = "POST /_dash-update-component HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99000000\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413")
    assert call_back(running.address, b" " * 40_000_000 + b"{}").status in (400, 500)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_and_leaves_no_process(folder: Path, how: int) -> None:
    with dashboard(folder) as started:
        layout = json.loads(ask(started.address, "/_dash-layout").body)
        stores = {each["props"].get("id"): each["props"] for each in layout["props"]["children"]}
        assert ask(started.address, f"/image/{stores['generation']['data']}/0").status == 200
        children = psutil.Process(started.process.pid).children(recursive=True)
        assert children
        wait_until(lambda: are_at_rest(children), "its processes have started")
        assert started.end(how) == 0
        _, alive = psutil.wait_procs(children, 60)
        assert not alive
        assert "Traceback" not in started.output


def are_at_rest(processes: Sequence[psutil.Process]) -> bool:
    """Tell whether some processes take no time of processors."""
    before, _ = sum_of_times(processes), time.sleep(0.3)
    return sum_of_times(processes) == before


def sum_of_times(processes: Sequence[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def test_a_port_that_is_taken_is_told_in_a_line(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "scripts.dashboard", "--port", str(port)],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr.startswith(f"seriatim: dashboard failed: port {port} of 127.0.0.1 can't be had")
    assert done.stderr.count("\n") == 1


def test_a_browser_is_opened_where_it_is_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("scripts.dashboard.serve", lambda context, pages, access, ready: ready())
    for more, wanted in (([], 0), (["--open", "--token"], 1)):
        assert main(["--results", str(folder / "results"), *more]) == 0
        assert len(opened) == wanted
    assert opened[0].startswith("http://127.0.0.1:8050/?token=")
    assert opened[0] in capsys.readouterr().out


def test_what_was_wanted_last_is_kept() -> None:
    recent = Recent(10)
    for key in "abc":
        recent.keep(key, b"1234")
        recent.get("a")
    assert [recent.get(key) for key in "abc"] == [b"1234", None, b"1234"]
    recent.keep("a", b"1")
    recent.keep("d", b"123456789")
    assert [recent.get(key) for key in "abcd"] == [b"1", None, None, b"123456789"]
    recent.keep("e", b"x" * 11)  # is too large to be kept, and forgets the rest
    assert recent.size == 0
