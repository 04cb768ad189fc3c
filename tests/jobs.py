"""Jobs of the workflow, forked from a process that has imported what most of them import.

To start Python, and to import Snakemake's part of a script, pyarrow, numba and SciPy, takes a job on a small
collection most of its time. Each is still a process of its own, with its own arguments, folder, environment
and streams. Nothing of ours is imported before: a job looks for that itself.
"""

import atexit
import gc
import marshal
import os
import runpy
import shlex
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import job_program  # beside this file
from job_program import STATUS, STREAMS

ROOT = Path(__file__).resolve().parent.parent
READ = 1 << 16


def program(address: str) -> str:
    """Return what stands for Python in the commands of forked runs."""
    return shlex.join([sys.executable, "-IS", job_program.__file__, address])


def start(address: str) -> None:
    """Start the process that jobs are forked from; it ends with this one."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.bind(address)
        asked.listen()  # jobs may be asked for before it is ready
        if os.fork() == 0:
            sys.path.insert(0, str(ROOT))
            prepare()
            sys.path.remove(str(ROOT))
            serve(asked)
            to_its_end(lambda: runpy.run_path(sys.argv[0], run_name="__main__"))


def prepare() -> None:
    """Leave the streams of the process that this was, and import what jobs import."""
    from scripts.lib.run.processes import die_with_parent

    die_with_parent()
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)

    import scripts.lib.ordering  # noqa: F401, I001  says where numba finds what it has compiled
    import matplotlib.figure  # noqa: F401
    import numba.np.arraymath  # noqa: F401
    import PIL.Image  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import scipy.linalg.cython_lapack
    import scipy.sparse.csgraph  # noqa: F401
    import sklearn.cluster  # noqa: F401
    import snakemake.script  # noqa: F401

    for name in [name for name in sys.modules if name.partition(".")[0] == "scripts"]:
        del sys.modules[name]
    gc.freeze()  # no job looks through all that for garbage


def serve(asked: socket.socket) -> None:
    """Fork for each job that is asked for; return in the forked processes, each of which is to be a job."""
    under_way = 0
    while True:
        client, _ = asked.accept()
        while under_way and os.waitpid(-1, os.WNOHANG)[0]:
            under_way -= 1
        under_way += 1
        if os.fork() == 0:
            asked.close()
            return answer(client)
        client.close()


def answer(client: socket.socket) -> None:
    """Return in the process of a job that is asked for; wait for its end in this one."""
    _, streams, _, _ = socket.recv_fds(client, 1, STREAMS)
    wanted = b"".join(iter(lambda: client.recv(READ), b""))
    job = os.fork()
    if job == 0:
        client.close()
        return become(streams, *marshal.loads(wanted))
    for stream in streams:  # whoever reads them waits for the last writer
        os.close(stream)
    client.sendall(STATUS.pack(os.waitstatus_to_exitcode(os.waitpid(job, 0)[1])))
    os._exit(0)


def become(streams: list[int], folder: str, environment: dict[str, str], arguments: list[str]) -> None:
    """Make this process what a new Python with these arguments would be."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[0] = os.path.dirname(arguments[0])
    sys.argv = arguments


def to_its_end(program: Callable[[], object]) -> None:
    """Run a program as Python does, and end without taking apart what was imported, which takes long."""
    status: object = None
    try:
        program()
    except SystemExit as end:
        status = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    if isinstance(status, str):
        print(status, file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))
