"""Text that does to a terminal and a log what it says, and nothing else.

File names come from anywhere. One with a line break could write a line of its own into a log, one with an
escape sequence could repaint the terminal, one with a mark of direction could show another name.
"""

import re

# Control characters, marks of direction, line and paragraph separators, and what is half of a character.
UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
LAYOUT = re.compile(f"(?![\n\t]){UNSEEN.pattern}")


def visible(text: str) -> str:
    r"""Return text on one line, with `\n` or `\x1b` for what would not be seen."""
    return UNSEEN.sub(_escaped, text)


def visible_lines(text: str) -> str:
    """Return text like `visible`, with its own line breaks and tabs."""
    return LAYOUT.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape", "surrogatepass").decode()
