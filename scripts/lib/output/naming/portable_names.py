r"""What other systems make of a name: which ones Windows, exFAT and SMB take, and which are one to them.

Names stay as long as they were, so that what fits the limit still does.
"""

import re
import unicodedata

PORTABLE_LIMIT = 255  # bytes: never more than the 255 UTF-16 units of those systems, and what others take
REPLACED = [*'<>:"/\\|?*', *map(chr, range(0x20)), "\x7f"]
NO_TEXT = map(chr, range(0xDC80, 0xDD00))  # what `surrogateescape` makes of bytes that are no UTF-8
REPLACEMENTS = str.maketrans({character: "_" for character in [*REPLACED, *NO_TEXT]})
DEVICE = re.compile(rb"(CON|PRN|AUX|NUL|(COM|LPT)([1-9]|\xc2[\xb9\xb2\xb3])) *(\.|$)", re.IGNORECASE)


def portable(name: bytes) -> bytes:
    """Return a name with `_` for each character and byte that those systems refuse or drop.

    A device's name stays: see `is_device`.
    """
    text = name.decode("utf-8", "surrogateescape").translate(REPLACEMENTS)
    kept = text.rstrip(". ")  # they would be dropped, and the file be found under no name
    return (kept + "_" * (len(text) - len(kept))).encode()


def is_device(name: bytes) -> bool:
    """Tell whether Windows takes a name for a device, with any extension or none."""
    return DEVICE.match(name) is not None


def folded(name: bytes) -> str:
    """Return a key that is equal for names which some file system takes for one.

    They may differ in case, or in how characters are composed.
    """
    if name.isascii():
        return name.decode("ascii").lower()
    text = unicodedata.normalize("NFC", name.decode("utf-8", "surrogateescape"))
    return unicodedata.normalize("NFC", text.casefold())
