"""Who may use the dashboard, and what a browser may do with it.

On the loopback interface everyone on this machine may, and a page from elsewhere must not: a name that was
bent to this address is not answered, nor is a request that another site made. On any other interface a token
is wanted, which the address that is told at the start carries, and a cookie from then on.
"""

import hmac
import ipaddress
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from dash.exceptions import DependencyException
from flask import Flask, Response, abort, redirect, request

from scripts.lib.errors import InputError

REQUEST_BYTES = 48_000_000  # of a request: an image of 35 MB that is searched for, in the text of a callback
PORTS = 65_536
UNWANTED = {"/_reload-hash"}  # what the framework has for developers
DAYS = 30  # that a browser remembers the token
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True)
class Access:
    """Where the server listens, and the token that it wants; none means that it asks for none."""

    host: str = "127.0.0.1"
    port: int = 8050
    token: str | None = None

    @property
    def address(self) -> str:
        """Return the address to open, with the token."""
        name = socket.gethostname() if self.host in ("0.0.0.0", "::") else self.host
        host = f"[{name}]" if ":" in name else name
        query = f"?token={self.token}" if self.token else ""
        return f"http://{host}:{self.port}/{query}"

    @property
    def cookie(self) -> str:
        """Return the name of the cookie; browsers do not tell ports apart."""
        return f"seriatim_{self.port}"


def access_for(host: str, port: int, wants_token: bool) -> Access:
    """Return how to guard a server: with a token, unless it is on loopback and none is wanted.

    Raises
    ------
    InputError
        where there is no such port; the system would take another one.
    """
    if not 0 < port < PORTS:
        raise InputError(f"port {port}: there is none of this number; they go from 1 to {PORTS - 1}")
    guarded = wants_token or not is_loopback(host)
    return Access(host, port, secrets.token_urlsafe(24) if guarded else None)


def is_loopback(host: str) -> bool:
    """Tell whether an address can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def guard(server: Flask, access: Access, script_hashes: Sequence[str]) -> None:
    """Let in only who may, and tell browsers what the pages may do."""
    policy = content_policy(script_hashes)
    server.config["MAX_CONTENT_LENGTH"] = REQUEST_BYTES

    @server.before_request
    def enter() -> Response | None:
        if access.token is None and not is_loopback(_hostname()):
            abort(403, "This name is not one of this server.")
        if _is_foreign():
            abort(403, "Another site asked for this.")
        if request.path in UNWANTED:
            abort(404)
        return _admitted(access) if access.token else None

    @server.after_request
    def leave(response: Response) -> Response:
        response.headers.update(HEADERS | {"Content-Security-Policy": policy})
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    @server.errorhandler(DependencyException)
    @server.errorhandler(FileNotFoundError)
    def not_there(error: Exception) -> tuple[str, int]:
        return "There is no such file.", 404


def _hostname() -> str:
    """Return the name by which the server was asked, without the port."""
    try:
        return urlsplit(f"//{request.host}").hostname or ""
    except ValueError:  # such as [::1
        return ""


def content_policy(script_hashes: Sequence[str]) -> str:
    """Return the content security policy: nothing from elsewhere, and no script but our own.

    Plotly compiles what it draws with WebGL from text, so `unsafe-eval` has to be there.
    """
    scripts = " ".join(script_hashes)
    return (
        f"default-src 'none'; script-src 'self' 'unsafe-eval' {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; worker-src blob:; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def _is_foreign() -> bool:
    """Tell whether a request was made by a page of another site; to follow a link from there is fine."""
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        return request.headers.get("Sec-Fetch-Mode") != "navigate" or request.method != "GET"
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host


def _admitted(access: Access) -> Response | None:
    given = request.args.get("token")
    if given is not None and _equal(given, access.token):
        answer = redirect(_address_without_token())
        answer.set_cookie(access.cookie, given, max_age=DAYS * 86_400, httponly=True, samesite="Strict")
        return answer  # type: ignore[return-value]
    if not _equal(request.cookies.get(access.cookie, ""), access.token):
        abort(403, "Open the address that the server told at its start; it carries a token.")
    return None


def _address_without_token() -> str:
    """Return the path and the rest of the query, which leads to no other server."""
    rest = [(key, value) for key, value in request.args.items(multi=True) if key != "token"]
    return "/" + quote(request.path.lstrip("/")) + (f"?{urlencode(rest)}" if rest else "")


def _equal(given: str, token: str | None) -> bool:
    return hmac.compare_digest(given.encode(), (token or "").encode())
