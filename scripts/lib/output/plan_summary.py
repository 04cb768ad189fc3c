"""A plan in a few figures and sentences."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scripts.lib.output.naming.names import TargetName
from scripts.lib.output.preview import Preview

NEW = ("copy", "hardlink", "symlink", "move")
DONE_TO = {
    "copy": "to be copied",
    "hardlink": "to get a hard link",
    "symlink": "to get a symbolic link",
    "move": "to be moved",
    "rename": "renamed within the output",
    "keep": "in place",
}
DUPLICATES = {
    "duplicates_skip": "duplicates are left out; their originals stay where they are",
    "duplicates_group": "duplicates go into the folder 'duplicates'",
}


def plan_summary(seen: Preview, names: Sequence[TargetName]) -> dict[str, Any]:
    """Return the figures of a plan.

    files : in the order
    actions : how many of them there are of each
    bytes, free_bytes : what the new files take, and what there is
    numbered, cut : names that got a number because another file has them, and that lost their end
    leaving : files of an earlier plan that are removed, or set aside where they are the last of their kind
    foreign : files in the output that are not ours
    undone : whether what was copied by this plan was undone
    """
    plan = seen.plan
    return {
        "output": str(seen.output),
        "files": len(seen.targets),
        "actions": {action: count for action in DONE_TO if (count := seen.actions[action])},
        "bytes": seen.needed,
        "free_bytes": seen.free,
        "numbered": sum(name.numbered for name in names),
        "cut": sum(name.cut for name in names),
        "leaving": len(plan.leaving) if plan else 0,
        "stranded": len(plan.stranded) if plan else 0,
        "foreign": len(plan.foreign) if plan else 0,
    }


def sentences(facts: Mapping[str, Any]) -> Iterator[str]:
    """Say what a plan would do: its figures, and what else is known of it."""
    actions = ", ".join(f"{count:,} {DONE_TO[action]}" for action, count in facts["actions"].items())
    folders = f" in {facts['folders']:,} folders" if "folders" in facts else ""
    yield f"{facts['files']:,} images for {facts['output']}{folders}: {actions or 'nothing to do'}"
    if any(action in facts["actions"] for action in NEW):
        yield f"new files take {facts['bytes'] / 1e6:,.1f} MB; {facts['free_bytes'] / 1e6:,.0f} MB are free"
    if facts["numbered"] or facts["cut"]:
        yield f"{facts['numbered']:,} names got a number, {facts['cut']:,} were cut"
    for handled, said in DUPLICATES.items():
        if facts.get(handled):
            yield f"{facts[handled]:,} {said}"
    if facts["leaving"]:
        yield f"{facts['leaving']:,} files of an earlier plan leave or are replaced"
    if facts["stranded"]:
        yield f"{facts['stranded']:,} files that were moved there are no longer in the order, and stay"
    if facts["foreign"]:
        yield f"{facts['foreign']:,} files there are not ours and are left as they are"
