"""Stage `weights`: the configured model into `model.json`."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.embedding import precomputed
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.models.registry import describe
from scripts.lib.images.decode import VIDEO_FRAMES
from scripts.lib.run.category_model import category_config
from scripts.lib.run.stage import stage


def card_of(config: Mapping[str, Any], network: str | None) -> ModelCard:
    """Return the card of the configured model, whose network was perhaps trained here."""
    if config["model"] == "precomputed":
        return precomputed.describe(Path(config["embeddings"]).expanduser())
    card = describe(config["model"], network or config["weights"])
    more = {"multicrop": True} if config["multicrop"] else {}
    if config["video_frames"] != VIDEO_FRAMES:
        more["video_frames"] = config["video_frames"]
    return replace(card, preprocessing=card.preprocessing | more)


def main(job: Any) -> None:
    """Run the stage."""
    with stage("weights", job.log[0]) as run:
        inputs = [checked(Path(path)) for path in job.input]
        config = category_config(job.config) if job.rule == "category_weights" else job.config
        card = card_of(config, job.input.get("network"))
        provenance = Provenance("weights", job.params.version, dict(job.params.items()), inputs)
        with recording(Path(job.output.model), provenance) as temporary:
            temporary.write_text(json.dumps(card.to_json(), indent=2) + "\n", encoding="utf-8")
        run.info("%s, %d dimensions, fingerprint %s", card.name, card.dimension, card.fingerprint)


if __name__ == "__main__":
    main(snakemake)
