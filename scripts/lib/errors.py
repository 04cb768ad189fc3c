"""Errors that a user can act on.

    SeriatimError
    ├── InputError       what the user gave cannot be used as it stands
    ├── DamagedArtifact  a file of ours is truncated, altered or does not fit its record
    ├── DiskError        a disk is full, or does not let us write
    └── OutputError      the output folder is not in a state in which writing to it is safe

Each message says what is wrong, the value seen, and what to do. Anything else that is raised is a
defect of the program and arrives in the log with its traceback.
"""


class SeriatimError(Exception):
    """Base of all errors whose message is meant for the user."""


class InputError(SeriatimError):
    """The user's images, settings, weights or vectors cannot be used as they stand."""


class DamagedArtifact(SeriatimError):
    """An artifact is truncated, altered, or made from something other than what lies beside it."""


class DiskError(SeriatimError):
    """A file of ours can't be written, or read, because of the disk that it is on."""


class OutputError(SeriatimError):
    """The output folder holds, or belongs to, something that must not be touched."""
