"""Stage `reconstruct`: the losses of a training and some reconstructions, as pictures."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.embedding.training.architecture import as_input, as_squares
from scripts.lib.embedding.training.pixel_cache import small_images, worker_settings
from scripts.lib.embedding.training.trained import Trained, read_trained
from scripts.lib.files.content_ids import ID_DTYPE
from scripts.lib.pictures.training.loss_curve import draw_loss_curve
from scripts.lib.pictures.training.reconstruct import Group, draw_reconstructions
from scripts.lib.run.stage import Stage, stage


def reconstructed(run: Stage, job: Any, trained: Trained, names: list[str], title: str) -> Group:
    """Return some images as the network sees them, and what it makes of them."""
    config, size = job.config, trained.settings.size
    ids = np.array(sorted(bytes.fromhex(name) for name in names), ID_DTYPE)
    workers = worker_settings(size, config["pixel_limit"], job.threads, config["decode_seconds"])
    pixels, _ = small_images(ids, Path(job.input.inventory), workers, run.progress)
    originals = pixels.read(np.arange(len(pixels)))
    with torch.inference_mode():
        output = trained.network()(as_input(originals, torch.device("cpu")))
    return Group(title, originals, as_squares(output))


def main(job: Any) -> None:
    """Run the stage."""
    source = Path(job.input.network)
    with stage("reconstruct", job.log[0]) as run:
        checked(Path(job.input.inventory))
        trained = read_trained(checked(source))
        kinds = (
            (trained.seen, "Images it was trained on"),
            (trained.held_out, "Images it was not trained on"),
        )
        groups = [reconstructed(run, job, trained, names, title) for names, title in kinds if names]
        provenance = Provenance("reconstruct", job.params.version, inputs=[source])
        with recording(Path(job.output.loss), provenance) as temporary:
            draw_loss_curve(trained, temporary)
        with recording(Path(job.output.sheet), provenance) as temporary:
            draw_reconstructions(groups, temporary)


if __name__ == "__main__":
    main(snakemake)
