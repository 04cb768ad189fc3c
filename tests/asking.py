"""Plain requests to a dashboard, as anybody may send them."""

import http.client
import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Answer(NamedTuple):
    """What the server answered; headers by name in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(address: str, path: str = "/", method: str = "GET", body: Any = None, **headers: str) -> Answer:
    """Ask exactly that: the path is not made any nicer. `_` in the name of a header is a hyphen."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def call_back(address: str, request: Any, **headers: str) -> Answer:
    """Call a callback as the page would."""
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    return ask(
        address, "/_dash-update-component", "POST", body, **({"Content_Type": "application/json"} | headers)
    )


def show_details(position: Any, generation: Any) -> dict[str, Any]:
    """Return the request for the details of a picked image."""
    outputs = [
        ("details-content", "children"),
        ("details-place", "children"),
        ("details", "hidden"),
        ("details-back", "data-position"),
        ("details-forth", "data-position"),
    ]
    return {
        "output": f"..{'...'.join(f'{name}.{prop}' for name, prop in outputs)}..",
        "outputs": [{"id": name, "property": prop} for name, prop in outputs],
        "inputs": [{"id": "picked", "property": "data", "value": position}],
        "state": [{"id": "generation", "property": "data", "value": generation}],
        "changedPropIds": ["picked.data"],
    }
