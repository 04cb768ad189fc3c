"""The server: no debugger, a few threads, one collection."""

from collections.abc import Callable, Sequence

import waitress

from scripts.lib.dashboard.access import Access, guard
from scripts.lib.dashboard.context import Context
from scripts.lib.dashboard.decoder import Decoder
from scripts.lib.dashboard.duplicate_pictures import serve_duplicates
from scripts.lib.dashboard.pictures import serve_pictures
from scripts.lib.dashboard.shell import Page, make_app
from scripts.lib.dashboard.thumbnails import Thumbnails
from scripts.lib.errors import InputError

THREADS = 8


def serve(context: Context, pages: Sequence[Page], access: Access, ready: Callable[[], object]) -> None:
    """Serve until the process is told to end.

    ready : called when the address can be opened

    Raises
    ------
    InputError
        when the port can't be had.
    """
    config = context.library.results.config
    decoder = Decoder(config["pixel_limit"], config["decode_seconds"])
    app = make_app(context, pages)
    serve_pictures(app.server, context.library, decoder, Thumbnails().get)
    serve_duplicates(app.server, context.library, decoder)
    guard(app.server, access, app.csp_hashes())
    try:
        server = waitress.create_server(
            app.server, host=access.host, port=access.port, threads=THREADS, ident=None
        )
    except OSError as error:
        raise InputError(
            f"port {access.port} of {access.host} can't be had ({error.strerror}); --port takes another one"
        ) from error
    try:
        ready()
        server.run()
    finally:
        server.close()
        decoder.end()
        context.searching.end()
