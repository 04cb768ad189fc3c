"""Stage `clip_retrieval`: the vectors with their files, in the layout of clip-retrieval."""

import os
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from scripts.lib.artifacts.atomic import clear_marks, temporary_path, write_json
from scripts.lib.artifacts.record import Provenance, checked, checksum, recording
from scripts.lib.embedding.clip_retrieval import embedded_files, write_clip_retrieval
from scripts.lib.embedding.gather import read_items, read_vectors
from scripts.lib.run.stage import stage


def main(job: Any) -> None:
    """Run the stage."""
    with stage("clip_retrieval", job.log[0]) as run:
        names = ("inventory", "item_ids", "vectors")
        inventory, item_ids, matrix = sources = [checked(Path(job.input[name])) for name in names]
        folder, vectors = Path(job.output.folder), read_vectors(matrix)
        metadata, rows = embedded_files(pq.read_table(inventory), read_items(item_ids))
        unfinished = temporary_path(folder)
        shutil.rmtree(unfinished, ignore_errors=True)
        with run.progress(len(rows), "vectors") as count:
            parts = write_clip_retrieval(unfinished, metadata, rows, vectors, count)
        written = sorted(file for file in unfinished.rglob("*") if file.is_file())
        facts = {
            "files": len(rows),
            "dimension": vectors.shape[1],
            "dtype": vectors.dtype.name,
            "parts": parts,
            "blake3": {str(file.relative_to(unfinished)): checksum(file) for file in written},
        }
        provenance = Provenance("clip_retrieval", job.params.version, {}, sources, facts)
        with recording(Path(job.output.summary), provenance) as temporary:
            write_json(temporary, facts)
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(unfinished, folder)
        clear_marks(Path(job.output.exported))
        run.tell(f"{len(rows):,} vectors with the paths of their files are in {folder}")


if __name__ == "__main__":
    main(snakemake)
