"""Numbers as people read them: counts, shares, sizes and times."""

from datetime import UTC, datetime

UNITS = ("kB", "MB", "GB", "TB")


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number and what it counts: `1 image`, `2,000 images`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def percent(share: float) -> str:
    """Return a share in percent, with the digits that count."""
    if share <= 0:
        return "0%"
    if share < 0.001:
        return "less than 0.1%"
    return f"{100 * share:.1f}%" if share < 0.1 else f"{100 * share:,.0f}%"


def size_words(size: int) -> str:
    """Return a number of bytes in three digits, such as 1.4 MB."""
    if size < 1000:
        return counted(size, "byte")
    amount, unit = size / 1000, UNITS[0]
    for unit in UNITS:
        if amount < 999.5 or unit == UNITS[-1]:
            break
        amount /= 1000
    return f"{amount:,.0f} {unit}" if amount >= 999.5 else f"{amount:.3g} {unit}"


def time_words(nanoseconds: int) -> str:
    """Return a time since 1970 as a date; some file systems keep absurd ones."""
    try:
        return f"{datetime.fromtimestamp(nanoseconds / 1e9, UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, ValueError, OSError):
        return "at no time that a calendar has"


def duration_words(seconds: float) -> str:
    """Return a duration in the two units that count, such as 2 h 5 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} days {hours % 24} h"
