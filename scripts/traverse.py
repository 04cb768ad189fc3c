"""Stage `traverse`: the spanning tree into a walk, a first permutation."""

from pathlib import Path
from typing import Any

import numpy as np

from scripts.lib.artifacts.record import Provenance, checked, read_record, recording
from scripts.lib.ordering.tree.traverse import traverse
from scripts.lib.run.stage import stage


def main(job: Any) -> None:
    """Run the stage."""
    source = Path(job.input.tree)
    with stage("traverse", job.log[0]) as run:
        tree = np.load(checked(source))
        walk = traverse(tree, read_record(source).facts["n"])
        provenance = Provenance("traverse", job.params.version, inputs=[source], facts={"n": len(walk)})
        with (
            recording(Path(job.output.traversal), provenance) as temporary,
            temporary.open("wb") as stream,
        ):
            np.save(stream, walk)
        run.info("%d items", len(walk))
        run.counts(len(walk), "items")


if __name__ == "__main__":
    main(snakemake)
