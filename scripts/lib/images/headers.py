"""Headers that only a library can read, such as FFmpeg: read in processes, for a library may hang or crash.

No process is started before one is asked for.
"""

from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool

from scripts.lib.images.decode import read_header
from scripts.lib.images.decoder_processes import DecoderFailed, DecoderProcesses
from scripts.lib.images.failures import Undecodable
from scripts.lib.images.readers.protocol import Header

TRIES = 2  # the first time, its process may have been killed for another reason

ReadHeader = Callable[[bytes], Header]


class LibraryHeaders:
    """Reads headers in processes; threads may share it.

    Parameters
    ----------
    processes : how many there are, once one is needed
    timeout : seconds for one header
    read : is called in a process
    """

    def __init__(self, processes: int, timeout: float, read: ReadHeader = read_header) -> None:
        self._processes, self._timeout, self._read = DecoderProcesses(processes), timeout, read

    def read(self, path: bytes) -> Header:
        """Read the header of a file.

        Raises
        ------
        Undecodable
            when it is no image or video, and when its decoder hung or crashed.
        OSError
            when it cannot be read.
        """
        answer = self._answer(path, TRIES)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _answer(self, path: bytes, tries: int) -> Header | Exception:
        job = self._processes.submit(_attempt, (self._read, path), self._timeout)
        try:
            answer: Header | Exception = job.result()
            return answer
        except BrokenProcessPool:  # no file is to blame where all processes are gone
            return self._answer(path, tries)
        except DecoderFailed as failure:
            return self._answer(path, tries - 1) if tries > 1 else failure

    def __enter__(self) -> "LibraryHeaders":
        return self

    def __exit__(self, *error: object) -> None:
        self._processes.end()


def _attempt(read: ReadHeader, path: bytes) -> Header | Exception:
    """Return a header, or the error in its place: thrown, it would be taken for one of the processes."""
    try:
        return read(path)
    except (Undecodable, OSError) as error:
        return error
