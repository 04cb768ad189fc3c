"""What artifacts of a made collection say that no viewer looks at closely."""

from typing import Any

CARD = {  # model.json
    "name": "descriptor",
    "dimension": 8,
    "dtype": "float32",
    "version": 2,
    "weights": None,
    "weights_blake3": None,
    "weights_source": None,
    "preprocessing": {"layout": 1.3},
    "fingerprint": "0123456789abcdef",
}
FIGURES = {  # of quality.json, which no viewer looks at closely
    "mst_exact": True,
    "worst_over_longest_mst_edge": 1.2,
    "label_share": 0.5,
    "label_chance": 0.3,
    "preservation": {"neighbors": [{"k": 10, "share": 0.6, "chance": 0.2}]},
    "near_duplicates": {"groups": 1, "items": 2, "contiguous": 1},
    "orders": {
        name: {"length": mean, "mean": mean, "label_share": None}
        for name, mean in (("random", 12.0), ("input", 9.0), ("mst_walk", 4.0), ("path", 3.0))
    },
}


def duplicate_row(group: int, files: list[dict[str, Any]], row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the table of duplicates, of a file in a group."""
    place = files.index(row)
    kind = None if not place else "exact" if row["content_id"] == files[0]["content_id"] else "near"
    of_file = {name: row[name] for name in ("path", "path_bytes", "content_id", "size", "mtime_ns")}
    return of_file | {
        "group": group,
        "kind": kind,
        "distance": 0.1 if place else None,
        "bits": 2 * place if place else None,
        "keep": not place,
        "proposed": not place,
        "decision": None,
        "reason": "the same bytes as the best" if kind == "exact" else "the larger of two",
        "width": 96,
        "height": 64,
        "format": "JPEG",
    }
