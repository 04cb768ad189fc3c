"""A sequence of nodes in chunks: places are found fast, and stretches reversed in about sqrt(n) steps.

Each chunk lies in a stretch of memory of its own, with room to grow at both ends, and is read from
either end. A long stretch is reversed by cutting the chunks at its ends, so that it is made of whole
chunks, and by turning their sequence round; no more than the few nodes that the cuts move to a
neighbouring chunk are touched. (The two-level lists of Fredman, Johnson, McGeoch and Ostheimer
1995, as arrays: a search that plans its reversals needs the node at any place.)
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.vectors import Ints

CHUNK = np.dtype(
    [
        ("begin", np.int32),  # slot of its first node, or of its last where it is turned
        ("size", np.int32),  # number of nodes, which may be none
        ("start", np.int32),  # place of its first node
        ("rank", np.int32),  # which chunk it is in the sequence
        ("turned", np.bool_),  # its nodes lie in memory from last to first
    ]
)
FEWEST_NODES = 64  # in a chunk as it is made
ROOM_SHIFT = 2  # 2 ** 2 slots for each of these


class Chunks(NamedTuple):
    """Nodes in sequence.

    slots : (chunks * room,) int32, the nodes where they lie
    slot : (n,) int32, where each node lies
    table : (chunks,) CHUNK
    sequence : (chunks,) int32, the chunks by rank
    starts : (chunks,) int32, their first places, by rank
    spare : (n,) int32, to spread the nodes anew
    shift : room is 2 ** shift
    """

    slots: Ints
    slot: Ints
    table: npt.NDArray[np.void]
    sequence: Ints
    starts: Ints
    spare: Ints
    shift: int


def make_chunks(nodes: Ints) -> Chunks:
    """Put n nodes, numbered from 0, into chunks in the given order."""
    n = len(nodes)
    shift = (max(FEWEST_NODES, int(np.sqrt(n) / 2)) - 1).bit_length() + ROOM_SHIFT
    count = 1 - (-n >> shift - ROOM_SHIFT)
    chunks = Chunks(
        slots=np.zeros(count << shift, np.int32),
        slot=np.zeros(n, np.int32),
        table=np.zeros(count, CHUNK),
        sequence=np.arange(count, dtype=np.int32),
        starts=np.zeros(count, np.int32),
        spare=nodes.copy(),
        shift=shift,
    )
    spread(chunks)
    return chunks


def in_sequence(chunks: Chunks) -> Ints:
    """Return the nodes in order: (n,) int32."""
    list_nodes(chunks)
    return chunks.spare.copy()


@compiled
def list_nodes(chunks: Chunks) -> None:
    """Write the nodes in order into the spare array."""
    for node in range(chunks.slot.size):
        chunks.spare[place_now(chunks, node)] = node


@compiled
def spread(chunks: Chunks) -> None:
    """Take the nodes from the spare array, the same number into each chunk, in the middle of its room.

    The last chunk stays empty, so that even the nodes before it find room when they are cut off.
    """
    count, n, room = chunks.table.size, chunks.slot.size, 1 << chunks.shift
    for c in range(count):
        first, end = min(c * n // (count - 1), n), min((c + 1) * n // (count - 1), n)
        begin = c * room + (room - (end - first)) // 2
        chunk = chunks.table[c]
        chunk.begin, chunk.size, chunk.start, chunk.rank, chunk.turned = begin, end - first, first, c, False
        chunks.sequence[c], chunks.starts[c] = c, first
        for place in range(first, end):
            lay(chunks, begin + place - first, chunks.spare[place])


@compiled
def lay(chunks: Chunks, slot: int, node: int) -> None:
    """Put a node where it is to lie."""
    chunks.slots[slot] = node
    chunks.slot[node] = slot


@compiled
def place_now(chunks: Chunks, node: int) -> int:
    """Return the place of a node."""
    slot = chunks.slot[node]
    chunk = chunks.table[slot >> chunks.shift]
    offset = slot - chunk.begin
    return int(chunk.start + (chunk.size - 1 - offset if chunk.turned else offset))


@compiled
def node_now(chunks: Chunks, place: int) -> int:
    """Return the node at a place."""
    return int(chunks.slots[slot_of(chunks, rank_at(chunks, place), place)])


@compiled
def slot_of(chunks: Chunks, rank: int, place: int) -> int:
    """Return the slot of a place in the chunk of that rank."""
    chunk = chunks.table[chunks.sequence[rank]]
    offset = place - chunk.start
    return int(chunk.begin + (chunk.size - 1 - offset if chunk.turned else offset))


@compiled
def rank_at(chunks: Chunks, place: int) -> int:
    """Return the rank of the chunk that holds a place: the last that starts there or before."""
    low, many = 0, chunks.starts.size
    while many > 1:
        half = many >> 1
        low = low + half if chunks.starts[low + half] <= place else low
        many -= half
    return low


@compiled
def reverse_places(chunks: Chunks, first: int, last: int) -> None:
    """Reverse the stretch from one place to another, both included; none where last < first."""
    if last - first < 1 << chunks.shift >> ROOM_SHIFT:
        exchange(chunks, first, last)
        return
    low = high = -1
    while high < 0:
        low = cut_before(chunks, first, 0)
        high = cut_before(chunks, last + 1, low) if low >= 0 else -1
        if high < 0:  # a chunk is full: only where many cuts came together
            list_nodes(chunks)
            spread(chunks)
    turn(chunks, low, high - 1)


@compiled
def exchange(chunks: Chunks, first: int, last: int) -> None:
    """Reverse a short stretch node by node."""
    low, high = rank_at(chunks, first), rank_at(chunks, last)
    while first < last:
        while low + 1 < chunks.starts.size and chunks.starts[low + 1] <= first:
            low += 1
        while chunks.starts[high] > last:
            high -= 1
        one, other = slot_of(chunks, low, first), slot_of(chunks, high, last)
        node = chunks.slots[one]
        lay(chunks, one, chunks.slots[other])
        lay(chunks, other, node)
        first += 1
        last -= 1


@compiled
def cut_before(chunks: Chunks, place: int, lowest: int) -> int:
    """Make a place the first of a chunk; return that chunk's rank, or -1 where there is no room.

    The smaller part of the chunk that held it goes to the neighbour on its side, if that has room
    and is of no lower rank than `lowest`.
    """
    count = chunks.starts.size
    if place == chunks.slot.size:
        return int(count)
    rank = rank_at(chunks, place)
    head = place - chunks.starts[rank]
    if head == 0:
        return rank
    tail = size_of(chunks, rank) - head
    room = 1 << chunks.shift
    back = rank > lowest and size_of(chunks, rank - 1) + head <= room
    on = rank + 1 < count and size_of(chunks, rank + 1) + tail <= room
    if on and (tail <= head or not back):
        hand_over(chunks, rank, rank + 1, tail)
        return rank + 1
    if back:
        hand_over(chunks, rank, rank - 1, head)
        return rank
    return -1


@compiled
def size_of(chunks: Chunks, rank: int) -> int:
    """Return the number of nodes in the chunk of that rank."""
    return int(chunks.table[chunks.sequence[rank]].size)


@compiled
def hand_over(chunks: Chunks, rank: int, other: int, count: int) -> None:
    """Move so many nodes from a chunk to the one before or after it."""
    giver, taker = chunks.table[chunks.sequence[rank]], chunks.table[chunks.sequence[other]]
    back = other < rank
    from_low, to_high = back != giver.turned, back != taker.turned
    make_room(chunks, chunks.sequence[other], count, to_high)
    for _ in range(count):
        giver.size -= 1
        node = chunks.slots[giver.begin if from_low else giver.begin + giver.size]
        giver.begin += from_low
        taker.begin -= not to_high
        lay(chunks, taker.begin + taker.size if to_high else taker.begin, node)
        taker.size += 1
    if back:
        giver.start += count
        chunks.starts[rank] = giver.start
    else:
        taker.start -= count
        chunks.starts[other] = taker.start


@compiled
def make_room(chunks: Chunks, c: int, count: int, at_high: bool) -> None:
    """Slide the nodes of a chunk so that as many more fit in at one of its ends."""
    chunk, room = chunks.table[c], 1 << chunks.shift
    low, size, before = c << chunks.shift, int(chunk.size), int(chunk.begin)
    free = low + room - before - size if at_high else before - low
    if free >= count:
        return
    chunk.begin = low + (room - size - count) // 2 + (0 if at_high else count)
    for step in range(size):
        offset = step if chunk.begin < before else size - 1 - step
        lay(chunks, chunk.begin + offset, chunks.slots[before + offset])


@compiled
def turn(chunks: Chunks, low: int, high: int) -> None:
    """Turn the sequence of the chunks between two ranks, both included, and each of them."""
    place = chunks.starts[low]
    for step in range((high - low + 1) // 2):
        one, other = chunks.sequence[low + step], chunks.sequence[high - step]
        chunks.sequence[low + step], chunks.sequence[high - step] = other, one
    for rank in range(low, high + 1):
        chunk = chunks.table[chunks.sequence[rank]]
        chunk.turned, chunk.rank, chunk.start = not chunk.turned, rank, place
        chunks.starts[rank] = place
        place += chunk.size
