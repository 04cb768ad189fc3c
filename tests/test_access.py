"""Who is let in to the dashboard, what browsers are told, and which ways in there are."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from scripts.dashboard import PAGES
from scripts.lib.dashboard.access import Access, access_for, content_policy, is_loopback
from scripts.lib.dashboard.context import Context
from scripts.lib.dashboard.library import Library
from scripts.lib.dashboard.serve import Server
from scripts.lib.errors import InputError
from scripts.lib.view.results import find_results
from scripts.lib.view.snapshot import load_snapshot
from tests.asking import ask, call_back, show_details
from tests.browser import Dashboard, dashboard, free_port
from tests.small_results import HOSTILE, Small, write_results

pytestmark = pytest.mark.xdist_group("test_access")
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


def test_loopback_is_open_to_this_machine_alone(running: Dashboard) -> None:
    assert ask(running.address).status == 200
    listening = [
        each.laddr.ip
        for each in psutil.Process(running.process.pid).net_connections()
        if each.status == "LISTEN"
    ]
    assert listening == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:1", 200),
        ("127.0.0.1", 200),
        ("[::1]:8050", 200),
        ("127.0.0.2:80", 200),
        ("evil.example", 403),  # a name that was bent to this address
        ("127.0.0.1.evil.example:8050", 403),
        ("localhost.evil.example", 403),
        ("[::1", 403),
        ("", 403),
    ],
)
def test_only_names_of_this_machine_are_answered(running: Dashboard, host: str, status: int) -> None:
    assert ask(running.address, Host=host).status in {status, 400 if status == 403 else status}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec_Fetch_Site": "none", "Sec_Fetch_Mode": "navigate"}, 200),
        ({"Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "cors"}, 200),
        ({"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}, 200),  # a link in a letter
        ({"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}, 403),
        ({"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "cors"}, 403),  # another port of this machine
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost:1"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_other_sites_are_refused(running: Dashboard, headers: dict[str, str], status: int) -> None:
    assert ask(running.address, **headers).status == status
    if status == 403:
        assert call_back(running.address, show_details(0, "x"), **headers).status == 403
        assert ask(running.address, "/assets/style.css", **headers).status == 403


def test_what_browsers_are_told_is_on_every_answer(running: Dashboard, generation: str) -> None:
    paths = {
        "/": 200,
        "/order": 200,
        "/assets/style.css": 200,
        "/_dash-layout": 200,
        "/_dash-component-suites/nothing/../x.js": 404,
        f"/thumbnail/{generation}/0": 200,
        f"/image/{generation}/99": 404,
        "/assets/%2e%2e/shell.py": 404,
        "/_reload-hash": 404,
    }
    answers = {path: ask(running.address, path) for path in paths}
    answers["rubbish"] = call_back(running.address, b"rubbish")
    answers["foreign"] = ask(running.address, Origin="null")
    assert {path: answers[path].status for path in paths} == paths
    for path, answer in answers.items():
        headers = answer.headers
        assert "server" not in headers, path
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY", path
        assert headers["referrer-policy"] == "no-referrer", path
        assert headers["cross-origin-resource-policy"] == "same-origin", path
        assert "access-control-allow-origin" not in headers, path


def test_no_script_may_come_from_elsewhere() -> None:
    policy = dict(each.strip().split(" ", 1) for each in content_policy(["'sha256-x'"]).split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe-inline" not in policy["script-src"]
    assert not any("http" in sources or "*" in sources for sources in policy.values())


def test_images_are_asked_for_by_place_alone(running: Dashboard, generation: str) -> None:
    served = ask(running.address, f"/image/{generation}/0")
    assert (served.status, served.headers["content-type"]) == (200, "image/jpeg")
    assert "immutable" in served.headers["cache-control"]
    others = [
        "-1",
        "13",
        "9" * 9,
        "9" * 5000,
        "1.0",
        "0x1",
        "%30%00",
        "٣",
        "..",
        "0/..",
        "../../order.parquet",
        "",
    ]
    for kind in ("image", "thumbnail"):
        for place in others:
            path = f"/{kind}/{generation}/" + (place if place.isascii() else "%D9%A3")
            assert ask(running.address, path).status == 404, path
        for path in (f"/{kind}/{'0' * 16}/0", f"/{kind}/../../../etc/passwd"):
            assert ask(running.address, path).status == 404, path


@pytest.mark.parametrize("kind", ["centroid", "duplicate", "export", "order/names"])
@pytest.mark.parametrize("which", ["99999", "9" * 5000, "../../order.parquet", "%00"])
def test_nothing_else_is_asked_for_by_path(
    running: Dashboard, generation: str, kind: str, which: str
) -> None:
    for state in (generation, "0" * 16):
        answer = ask(running.address, f"/{kind}/{state}/{which}")
        assert answer.status == 404 or b'id="react-entry-point"' in answer.body  # the page itself
        assert b"PAR1" not in answer.body


def test_there_are_no_other_ways_in(folder: Path) -> None:
    context = Context(Library(find_results(folder / "results")), str)
    server = Server(context, PAGES, Access(port=free_port()))
    app = server.app
    server.end()
    ways = {str(rule) for rule in app.server.url_map.iter_rules()}
    assert ways == {
        "/",
        "/<path:path>",
        "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
        "/_dash-dependencies",
        "/_dash-layout",
        "/_dash-update-component",
        "/_favicon.ico",
        "/_reload-hash",  # refused
        "/assets/<path:filename>",
        "/centroid/<generation>/<int:row>",
        "/duplicate/<generation>/<int:row>",
        "/export/<generation>/<file>",
        "/image/<generation>/<position>",
        "/image/<path:rest>",
        "/order/names/<generation>/<start>",
        "/thumbnail/<generation>/<position>",
        "/thumbnail/<path:rest>",
    }
    assert not app.server.debug
    assert app.config.health_endpoint is None


def test_a_token_is_wanted_on_other_addresses(folder: Path) -> None:
    with dashboard(folder, "--host", "0.0.0.0") as started:
        parts = urlsplit(started.address)
        here, token = f"http://127.0.0.1:{parts.port}", parts.query.removeprefix("token=")
        assert len(token) >= 32
        for path in (
            "/",
            "/assets/style.css",
            "/_dash-layout",
            "/?token=",
            f"/?token={token[:-1]}",
            "/?token=%ff",
        ):
            assert ask(here, path).status == 403, path
        assert call_back(here, show_details(0, "x")).status == 403
        entered = ask(here, f"//evil.example/order?at=3&token={token}")
        cookie = entered.headers["set-cookie"]
        assert (entered.status, entered.headers["location"]) == (302, "/evil.example/order?at=3")
        assert {"HttpOnly", "SameSite=Strict"} <= {*cookie.split("; ")}
        mine = cookie.split(";")[0]
        assert ask(here, "/_dash-layout", Cookie=mine).status == 200
        assert ask(here, "/_dash-layout", Cookie=f"{mine[:-1]}é").status == 403
        assert ask(here, "/_dash-layout", Cookie=mine, Origin="https://evil.example").status == 403


def test_which_addresses_want_a_token() -> None:
    assert access_for("127.0.0.1", 1, False).token is None
    assert access_for("127.0.0.1", 1, True).token
    assert access_for("192.168.0.1", 1, False).token != access_for("192.168.0.1", 1, False).token
    for port in (0, -1, 65_536):
        with pytest.raises(InputError, match=f"port {port}: there is none"):
            access_for("127.0.0.1", port, False)
    assert [is_loopback(host) for host in ("127.8.0.1", "::1", "localhost", "0.0.0.0", "::", "box")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    assert Access("::1", 80).address == "http://[::1]:80/"
