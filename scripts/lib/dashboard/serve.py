"""The server: no debugger, a few threads, one collection."""

import logging
import signal
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import waitress

from scripts.lib.dashboard.access import REQUEST_BYTES, Access, guard
from scripts.lib.dashboard.context import Context
from scripts.lib.dashboard.decoder import Decoder
from scripts.lib.dashboard.duplicate_pictures import serve_duplicates
from scripts.lib.dashboard.pictures import serve_pictures
from scripts.lib.dashboard.shell import Page, make_app
from scripts.lib.dashboard.thumbnails import Thumbnails
from scripts.lib.errors import InputError

THREADS = 8


class Server:
    """A dashboard that listens, and the processes that decode for it.

    Raises
    ------
    InputError
        when the port can't be had.
    """

    def __init__(self, context: Context, pages: Sequence[Page], access: Access) -> None:
        config = context.library.results.config
        self.searching = context.searching
        self.decoder = Decoder(config["pixel_limit"], config["decode_seconds"])
        self.app = make_app(context, pages)
        serve_pictures(self.app.server, context.library, self.decoder, Thumbnails().get)
        serve_duplicates(self.app.server, context.library, self.decoder)
        guard(self.app.server, access, self.app.csp_hashes())
        self._listening: Any = _listen(self.app.server, access)

    def run(self) -> None:
        """Answer until the process is told to end."""
        self._listening.run()

    def end(self) -> None:
        """End everything."""
        self.decoder.end()  # first: threads may be waiting for a picture
        self._listening.close()
        self.searching.end()


def _listen(server: Any, access: Access) -> Any:
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # browsers ask for many pictures at once
    try:
        return waitress.create_server(
            server,
            host=access.host,
            port=access.port,
            threads=THREADS,
            ident=None,
            max_request_body_size=REQUEST_BYTES,
        )
    except (OSError, ValueError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"port {access.port} of {access.host} can't be had ({reason}); --port takes another one"
        ) from error


def serve(context: Context, pages: Sequence[Page], access: Access, ready: Callable[[], object]) -> None:
    """Serve until the process is told to end, by a signal or by Ctrl-C.

    ready : called when the address can be opened
    """
    server = Server(context, pages, access)
    _leave_by_signal(server.decoder)
    try:
        ready()
        threading.Thread(target=server.decoder.start, daemon=True).start()
        server.run()
    finally:
        server.end()


def _leave_by_signal(decoder: Decoder) -> None:
    """Have signals end the server, and its processes first, so that no thread waits for them."""

    def leave(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)  # once is enough
        threading.Thread(target=decoder.end).start()
        raise KeyboardInterrupt

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, leave)
