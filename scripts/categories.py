"""Stage `categories`: the images compared with the words of the configuration."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.categories.categories import (
    Rule,
    Texts,
    assign,
    categories_table,
    probabilities,
    threshold_of,
)
from scripts.lib.categories.taxonomy import Taxonomy, read_categories
from scripts.lib.categories.texts import TextStore, category_texts
from scripts.lib.embedding.gather import read_items, read_vectors
from scripts.lib.embedding.matching import contents_without, rows_of_items, taken_rows
from scripts.lib.embedding.models.card import ModelCard, read_card
from scripts.lib.errors import InputError
from scripts.lib.files.content_ids import ID_DTYPE
from scripts.lib.files.holders import holders_of
from scripts.lib.files.paths import readable
from scripts.lib.run.category_model import check_categorize
from scripts.lib.run.stage import Stage, stage

SOURCES = ("model", "vectors", "vector_ids", "item_ids")


def open_tower(card: ModelCard) -> Any:
    """Load the text tower, and the libraries that it needs."""
    from scripts.lib.embedding.models.clip_text import open_text_tower

    return open_text_tower(card)


def texts_of(run: Stage, job: Any, card: ModelCard, taxonomy: Taxonomy) -> Texts:
    """Return the vectors of the categories."""
    store = TextStore(Path(job.params.store).expanduser(), card, open_tower, run.tell)
    return category_texts(store, taxonomy.leaves, job.params.prompts)


def item_vectors(run: Stage, job: Any, card: ModelCard) -> np.ndarray:
    """Return the vector of each item by the model that knows words, NaN where it has none: (n, d)."""
    items, others = read_items(Path(job.input.item_ids)), read_items(Path(job.input.vector_ids))
    vectors, rows = read_vectors(Path(job.input.vectors)), rows_of_items(items, others)
    if vectors.shape[1] != card.dimension:
        raise InputError(
            f"category_model: {card.name} makes vectors of {card.dimension} numbers, and yours have "
            f"{vectors.shape[1]}. Name the model that made them."
        )
    missing = np.array(contents_without(items, rows), ID_DTYPE)
    if len(rows) and (rows < 0).all():
        raise InputError(
            f"category_model: no image has a vector of {card.name}; rejected.csv has the reasons."
        )
    if len(missing):
        run.tell(f"{len(missing)} images have no vector of {card.name}, and stay unsure; the log names them")
        holders = holders_of(checked(Path(job.input.inventory)), missing)
        for row in range(len(holders)):
            run.info("without a vector: %s", ", ".join(map(readable, holders[row])))
    return taken_rows(vectors, rows)


def main(job: Any) -> None:
    """Run the stage."""
    sources = [Path(job.input[name]) for name in SOURCES]
    with stage("categories", job.log[0]) as run:
        check_categorize(job.config)
        for source in sources:
            checked(source)
        card, taxonomy = read_card(sources[0]), read_categories(job.params.categories)
        for note in taxonomy.notes:
            run.tell(note)
        vectors = item_vectors(run, job, card)
        texts, several = texts_of(run, job, card, taxonomy), job.params.several
        threshold = threshold_of(job.params.threshold, len(taxonomy.leaves), several)
        with run.progress(len(vectors), "images") as count:
            chances = probabilities(vectors, texts, several, count)
        found = assign(chances, taxonomy, Rule(threshold, job.params.margin, several))
        table = categories_table(chances, found, taxonomy.names)
        settings = dict(job.params.items())
        provenance = Provenance("categories", job.params.version, settings, sources)
        counts = found.counts()
        provenance.facts.update(counts, names=taxonomy.names, model=card.name, threshold=threshold)
        with recording(Path(job.output.categories), provenance) as temporary:
            pq.write_table(table, temporary)
        run.tell(f"{counts['sure']} images have a category, {counts['unsure']} are unsure")


if __name__ == "__main__":
    main(snakemake)
