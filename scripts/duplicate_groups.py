"""Stage `duplicate_groups`: duplicates as groups, what is to be kept of each, and a page that shows them."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.duplicates.decisions import FILE, read_decisions
from scripts.lib.duplicates.duplicate_groups import candidate_pairs, confirm_pairs, group_contents
from scripts.lib.duplicates.duplicate_table import duplicate_table, grouped_files, summary, with_decisions
from scripts.lib.duplicates.duplicates_page import page, pictured
from scripts.lib.duplicates.former_paths import with_former_paths
from scripts.lib.duplicates.image_hashes import hashed_ids
from scripts.lib.duplicates.judge import Judge, last_distance
from scripts.lib.duplicates.keep_best import content_ranks, protected_files, ranks
from scripts.lib.duplicates.part_hashes import PARTS
from scripts.lib.duplicates.sketches import read_sketches, turns_wanted
from scripts.lib.embedding.gather import read_items, read_vectors
from scripts.lib.files.content_ids import ids_array, positions_in
from scripts.lib.files.exports import write_csv
from scripts.lib.files.order import by_path
from scripts.lib.files.status import OK
from scripts.lib.run.stage import Stage, stage
from scripts.lib.run.triggers import input_tree
from scripts.lib.thumbnails.thumbnail import SIDE, thumbnails, worker_settings

BITS = 10  # in which hashes of duplicates may differ, unless the user says otherwise
NAMES = ("sketches", "hashes", "vectors", "item_ids", "graph", "inventory")


def judge_of(sources: dict[str, Path], contents: np.ndarray, params: Any) -> Judge:
    """Return what is known of the contents (c,) S32, ascending."""
    items = read_items(sources["item_ids"])
    place = positions_in(items.content_ids, contents)
    rows = np.where(place >= 0, items.rows[place], -1) if len(items.rows) else place
    hashed = hashed_ids(pq.read_table(sources["hashes"]))
    share = None if params.distance == "auto" else float(params.distance)
    sketches, vectors = read_sketches(sources["sketches"]), read_vectors(sources["vectors"])
    last = last_distance(np.load(sources["graph"])["distances"])
    return Judge(vectors, rows, sketches, positions_in(hashed, contents), share, params.seed, last)


def table_of(run: Stage, job: Any, sources: dict[str, Path], files: pa.Table) -> pa.Table:
    """Return the table of duplicates, with the user's decisions; tell what can't be done as decided."""
    params = job.params
    contents, content = np.unique(ids_array(files["content_id"]), return_inverse=True)
    judge = judge_of(sources, contents, params)
    if len(contents) and not len(judge.sketches):
        run.tell("there are no images to look at, so only equal bytes and very near vectors count")
    graph, turns = np.load(sources["graph"])["indices"], turns_wanted(params.rotations, params.mirrors)
    bits = BITS if params.bits == "auto" else params.bits
    with run.progress(len(PARTS) * len(turns), "searches") as count:
        pairs = candidate_pairs(judge, graph, bits, turns, job.threads, count)
    run.info("%d pairs are looked at", len(pairs.ours))
    with run.progress(len(pairs.ours), "pairs") as count:
        pairs = confirm_pairs(judge, pairs, count, job.threads)
    folders = protected_files(files, params.protected)
    for name in (name for name, inside in folders.items() if not inside.any()):
        run.tell(f"protected: no file lies in {name}")
    protected = np.any([np.zeros(len(files), bool), *folders.values()], axis=0)
    rank = ranks(files, protected)
    membership = group_contents(pairs, content_ranks(rank, content, len(contents)), judge, turns)
    grouped = grouped_files(content, membership.best, rank, by_path(files["former"]))
    table = duplicate_table(grouped, files, content, membership, judge)
    decisions = read_decisions(Path(params.side))
    table, refused = with_decisions(table, protected[grouped.files], decisions)
    for problem in [*decisions.problems, *refused]:
        run.tell(problem)
    if decisions.paths or decisions.contents:
        grouped_ids = (each.hex() for each in table["content_id"].to_pylist())
        for name in decisions.unknown(table["path"].to_pylist(), grouped_ids):
            run.tell(f"{FILE}: {name} is in no group of duplicates, so the decision on it has no effect")
    return table


def write_page(run: Stage, job: Any, file: Path, table: pa.Table, files: pa.Table) -> None:
    """Write the page, with pictures of what is on it."""
    wanted, config = pictured(table), job.config
    workers = worker_settings(SIDE, config["pixel_limit"], job.threads, config["decode_seconds"])
    with run.progress(len(wanted), "pictures") as count:
        pictures = thumbnails(wanted, workers, count)
    file.write_text(page(table, pictures, summary(table)), encoding="utf-8")


def main(job: Any) -> None:
    """Run the stage."""
    with stage("duplicate_groups", job.log[0]) as run:
        sources = {name: checked(Path(job.input[name])) for name in NAMES}
        files = pq.read_table(sources["inventory"]).filter(pc.field("status") == OK)
        files = with_former_paths(files, input_tree(job.config))
        table = table_of(run, job, sources, files)
        settings = {name: value for name, value in job.params.items() if name != "version"}
        facts = {"files": len(table), "kept": pc.sum(table["keep"]).as_py() or 0}
        provenance = Provenance(run.name, job.params.version, settings, list(sources.values()), facts)
        with recording(Path(job.output.report), provenance) as temporary:
            write_page(run, job, temporary, table, files)
        with recording(Path(job.output.list), provenance) as temporary:
            write_csv(table, temporary)
        with recording(Path(job.output.table), provenance) as temporary:
            pq.write_table(table, temporary)
        run.tell(f"{summary(table)}: {job.output.report}")


if __name__ == "__main__":
    main(snakemake)
