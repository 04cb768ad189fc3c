"""Exact nearest neighbours on a GPU, by matrix products in blocks: what `benchmarks.gpu` prints last."""

import time

import numpy as np
import torch

from benchmarks.measure import print_table

NEIGHBORS = 24
QUERIES, BLOCK = 4096, 1 << 17  # rows of a product of matrices
CHECKED = 16  # queries whose neighbours are found again in double precision


def synchronize() -> None:
    """Wait until the GPU has done everything."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()


def print_neighbors(device: str, count: int, dimension: int, limit: float) -> None:
    """Print how long the neighbours of random vectors take, stopping after `limit` seconds."""
    generator = torch.Generator(device).manual_seed(0)
    vectors = torch.randn(count, dimension, generator=generator, device=device).half()
    norms = vectors.float().square().sum(1)
    nearest(vectors[:QUERIES], vectors, norms)  # the first time is slower
    synchronize()
    started, seconds, done = time.perf_counter(), 0.0, 0
    while done < count and seconds < limit:
        done += len(nearest(vectors[done : done + QUERIES], vectors, norms))
        synchronize()
        seconds = time.perf_counter() - started
    figures = (f"{done:,}", f"{seconds:.1f}", f"{seconds * count / done:.1f}")
    print(f"{NEIGHBORS} exact neighbours among {count:,} vectors of {dimension:,} halves")
    print_table(
        [
            ("queries", "seconds", "seconds for all", "equal to double precision"),
            (*figures, f"{agreement(vectors, norms):.4f}"),
        ]
    )


def nearest(queries: torch.Tensor, vectors: torch.Tensor, norms: torch.Tensor) -> torch.Tensor:
    """Return the rows of the nearest vectors of each query, itself among them: (q, NEIGHBORS + 1) int64.

    queries : (q, d) float16
    vectors : (n, d) float16
    norms : (n,) float32, squared
    """
    best, rows = [], []
    for start in range(0, len(vectors), BLOCK):
        block = vectors[start : start + BLOCK]
        distances = norms[start : start + BLOCK] - 2 * products(queries, block)  # (q, block)
        found = distances.topk(min(NEIGHBORS + 1, len(block)), largest=False)
        best.append(found.values)
        rows.append(found.indices + start)
    order = torch.cat(best, 1).topk(NEIGHBORS + 1, largest=False).indices
    return torch.cat(rows, 1).gather(1, order)


def products(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the inner products of the rows of halves, in single precision."""
    if a.is_cuda:
        return torch.mm(a, b.T, out_dtype=torch.float32)
    return a.float() @ b.float().T


def agreement(vectors: torch.Tensor, norms: torch.Tensor) -> float:
    """Return the share of the neighbours of a few queries that double precision finds, too."""
    queries = vectors[:CHECKED]
    found = nearest(queries, vectors, norms).cpu().numpy()
    exact = torch.cat([squared(queries, vectors[i : i + BLOCK]) for i in range(0, len(vectors), BLOCK)], 1)
    true = exact.topk(NEIGHBORS + 1, largest=False).indices.cpu().numpy()
    return float(np.mean([len(np.intersect1d(a, b)) / len(b) for a, b in zip(found, true, strict=True)]))


def squared(queries: torch.Tensor, block: torch.Tensor) -> torch.Tensor:
    """Return squared distances in double precision: (q, b)."""
    return torch.stack([(block.double() - query.double()).square().sum(1) for query in queries])
