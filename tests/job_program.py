"""What Snakemake starts for a Python in forked runs: it hands its job to the process of `jobs.py`.

It ends as the job ends. It imports nothing that takes time to import.
"""

import _socket
import marshal
import os
import signal
import struct
import sys

STREAMS = 3  # standard input, output and error
STATUS = struct.Struct("i")


def ask(address: str) -> None:
    """Have the job done that this process was started for, and end with its status."""
    server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    server.connect(address)
    server.sendmsg(
        [b"\0"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack(f"{STREAMS}i", *range(STREAMS)))]
    )
    server.sendall(marshal.dumps((os.getcwd(), dict(os.environ), sys.argv[2:])))
    server.shutdown(_socket.SHUT_WR)
    (status,) = STATUS.unpack(server.recv(STATUS.size))
    if status < 0:
        if -status != signal.SIGKILL:  # of which nobody has any other
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


if __name__ == "__main__":
    ask(sys.argv[1])
