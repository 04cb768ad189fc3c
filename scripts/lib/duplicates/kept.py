"""What is kept of a group: the proposal, overruled by what the user decided, and never nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.lib.duplicates.decisions import DROP, KEEP


@dataclass
class Member:
    """One file of a group, best first.

    reason : why it is the best, or why it is not; then, why it is kept or not after all
    """

    path: str
    reason: str
    protected: bool = False
    decision: str | None = None
    proposed: bool = False
    keep: bool = False


def settle(members: Sequence[Member]) -> list[str]:
    """Say of each member of a group whether it is kept; return what could not be done as decided.

    members : best first, at least one
    """
    refused = []
    for place, member in enumerate(members):
        member.proposed = place == 0 or member.protected
        member.keep = member.proposed if member.decision is None else member.decision == KEEP
        if member.protected and place:
            member.reason = f"in a protected folder ({member.reason})"
        if member.decision:
            member.reason = f"you decided to {member.decision} it ({member.reason})"
        if member.protected and not member.keep:
            member.keep, member.reason = True, f"in a protected folder, although {member.reason}"
            refused.append(f"{member.path} is to be dropped, but lies in a protected folder; it is kept")
    if not any(member.keep for member in members):
        refused += _keep_one(members)
    return refused


def _keep_one(members: Sequence[Member]) -> list[str]:
    """Keep the best file that is not to be dropped, or the best of all."""
    others = [member for member in members if member.decision != DROP]
    chosen = (others or members)[0]
    chosen.keep = True
    if others:
        chosen.reason = f"the best that you did not decide to drop ({chosen.reason})"
        return []
    chosen.reason = f"one file of a group is always kept, although {chosen.reason}"
    return [f"every file of the group of {chosen.path} is to be dropped; {chosen.path} is kept"]
