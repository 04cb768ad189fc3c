"""A real browser, headless, and a dashboard for it to look at.

A test that takes the fixture `page` fails where the page writes an error to its console, or asks for anything
that is not on this machine. Screenshots are kept in `test-artifacts/`. Where there is no browser these tests
are skipped, but not in CI. Modules of such tests carry `pytest.mark.xdist_group` with their own name, so
that one browser serves each.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

ROOT = Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / "test-artifacts"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",  # WebGL without a graphics card
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
]
LOCAL = {"127.0.0.1", "localhost", "::1"}
START_SECONDS = 120
END_SECONDS = 60
VIEWPORT: "ViewportSize" = {"width": 1280, "height": 850}
PATIENCE = 30  # seconds for what is expected of a page, on a machine that does other things, too


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Return a browser, one for each module of tests."""
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail("There is no Chromium, which .ci/system-packages.txt lists.")
        pytest.skip("There is no Chromium to look at the dashboard with.")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=1000 * PATIENCE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, ignore_default_args=["--disable-gpu"]
        )
        yield started
        started.close()


@pytest.fixture(scope="module")
def context(browser: "Browser") -> "Iterator[BrowserContext]":
    """Return what the pages of a module have in common, such as what the browser keeps of a server."""
    with browser.new_context(viewport=VIEWPORT) as made:
        made.set_default_timeout(1000 * PATIENCE)
        yield made


@pytest.fixture
def problems() -> list[str]:
    """Return what goes wrong on the page; a test that means it to takes it out again."""
    return []


@pytest.fixture
def page(context: "BrowserContext", problems: list[str]) -> "Iterator[Page]":
    """Return an empty page, on which nothing may go wrong."""
    with context.new_page() as opened:
        watch(opened, problems)
        yield opened
    assert problems == []


def watch(page: "Page", problems: list[str]) -> None:
    """Add to `problems` whatever goes wrong on a page."""
    page.on(
        "console", lambda each: problems.append(f"console: {each.text}") if each.type == "error" else None
    )
    page.on("pageerror", lambda error: problems.append(f"error: {error}"))
    page.on("request", lambda request: problems.extend(_elsewhere(request.url)))
    page.on("websocket", lambda opened: problems.append(f"opened {opened.url}"))
    page.on("dialog", lambda dialog: (problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))


def _elsewhere(url: str) -> list[str]:
    parts = urlsplit(url)
    return [] if parts.scheme in ("data", "blob") or parts.hostname in LOCAL else [f"asked for {url}"]


def screenshot(page: "Page", name: str, full: bool = False) -> Path:
    """Keep a picture of a page as `test-artifacts/{name}.png`."""
    ARTIFACTS.mkdir(exist_ok=True)
    file = ARTIFACTS / f"{name}.png"
    page.screenshot(path=file, full_page=full)
    return file


def axe(page: "Page") -> None:
    """Check that nobody is shut out: no violation that axe-core calls serious or critical."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    grave = [each for each in found if each["impact"] in ("serious", "critical")]
    told = [f"{each['id']}: {each['help']}: {node['html']}" for each in grave for node in each["nodes"]]
    assert not told, "\n".join(told)


class Dashboard:
    """A running `python -m scripts.dashboard`."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process, self.log = process, log

    @property
    def output(self) -> str:
        """Return what it has printed."""
        return self.log.read_text(errors="replace")

    @property
    def address(self) -> str:
        """Return the address that it told, empty until then."""
        _, _, rest = self.output.partition("seriatim: dashboard: http")
        return f"http{rest.split()[0]}".rstrip("/") if " " in rest else ""

    def end(self, how: int = signal.SIGTERM) -> int:
        """End it, and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(END_SECONDS)


@contextmanager
def dashboard(folder: Path, *arguments: str) -> Iterator[Dashboard]:
    """Run the dashboard on `folder`/results, on a free port, until the block is left."""
    log = folder / "dashboard.log"
    command = [sys.executable, "-m", "scripts.dashboard", "--port", str(free_port()), *arguments]
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    running = Dashboard(process, log)
    try:
        _wait_for(running)
        yield running
    finally:
        try:
            running.end()
        finally:
            process.kill()
            process.wait()


def _wait_for(running: Dashboard) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not running.address:
        assert running.process.poll() is None, running.output
        assert time.monotonic() < deadline, f"waited in vain for the dashboard: {running.output}"
        time.sleep(0.05)


def free_port() -> int:
    """Return a port of the loopback interface on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
