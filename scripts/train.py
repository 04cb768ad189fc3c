"""Stage `train`: the images into a network that describes them, in epochs, each with a checkpoint."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.embedding.models.device import choose_device
from scripts.lib.embedding.training.loader import chosen
from scripts.lib.embedding.training.pixel_cache import Pixels, small_images, worker_settings
from scripts.lib.embedding.training.settings import TrainingSettings, settings_of
from scripts.lib.embedding.training.train import Watch, train
from scripts.lib.embedding.training.trained import trained_by, write_trained
from scripts.lib.embedding.training.trainer import Trainer
from scripts.lib.embedding.training.training_checkpoint import (
    Checkpoint,
    goes_on,
    read_checkpoint,
    write_checkpoint,
)
from scripts.lib.errors import InputError
from scripts.lib.files.holders import usable_contents
from scripts.lib.run.config import trains
from scripts.lib.run.stage import Stage, stage


def check_model(config: dict[str, Any]) -> None:
    """Refuse to train what nothing would use."""
    if not trains(config):
        raise InputError(
            f"model: '{config['model']}' with weights '{config['weights']}' is not trained here. "
            "Use model=autoencoder without weights."
        )


def decoded(run: Stage, job: Any, ids: np.ndarray, size: int) -> Pixels:
    """Return the images as small squares; those that can't be decoded are passed over."""
    config, inventory = job.config, Path(job.input.inventory)
    workers = worker_settings(size, config["pixel_limit"], job.threads, config["decode_seconds"])
    pixels, failures = small_images(ids, inventory, workers, run.progress)
    for failure in failures:
        run.info("not trained on: %s", failure.error)
    if not len(pixels):
        raise InputError(f"None of {len(ids)} images can be trained on. Use model=descriptor.")
    return pixels


def trainer_at(run: Stage, job: Any, settings: TrainingSettings, before: Checkpoint | None) -> Trainer:
    """Return the network where its training stands."""
    torch.set_num_threads(job.threads)
    trainer = Trainer(settings, choose_device(job.config["device"]))
    if before:
        trainer.restore(before.state)
        run.tell(f"goes on after epoch {len(trainer.history)}; {job.params.epochs} are asked for")
    return trainer


def trained_further(run: Stage, job: Any, trainer: Trainer, pixels: Pixels, side_file: Path) -> Checkpoint:
    """Train, with a checkpoint after each epoch; return the last one."""
    settings, epochs = trainer.settings, job.params.epochs

    def state() -> Checkpoint:
        return Checkpoint(settings.purpose, pixels.ids, trainer.state())

    def after_epoch() -> None:
        write_checkpoint(side_file, state())
        run.info("%s", trainer.report())

    remaining = max(0, epochs - len(trainer.history)) * settings.per_epoch
    with run.progress(remaining, "images") as count:
        train(trainer, pixels, epochs, Watch(count, after_epoch))
    return state()


def main(job: Any) -> None:
    """Run the stage; the checkpoint says last that this training has come to its end."""
    network, inventory = Path(job.output.network), Path(job.input.inventory)
    side_file = network.parent / "training" / "checkpoint.pt"
    with stage("train", job.log[0]) as run:
        check_model(job.config)
        settings = settings_of(job.params.settings)
        before = read_checkpoint(side_file, settings.purpose)
        damaged = network.with_name(f"{network.name}.damaged")
        before = before if goes_on(before, job.params.epochs, damaged.exists()) else None
        if before:  # the network's file is gone until this job ends, however it does
            write_checkpoint(side_file, replace(before, finished=None))
        contents = usable_contents(checked(inventory))
        ids = before.ids if before else chosen(contents, settings.images, settings.seed)
        pixels = decoded(run, job, ids, settings.size)
        trainer = trainer_at(run, job, settings, before)
        last = trained_further(run, job, trainer, pixels, side_file)
        trained = trained_by(trainer, pixels)
        provenance = Provenance("train", job.params.version, dict(job.params.items()))
        provenance.facts.update(
            images=trained.images, epochs=len(trained.history), **trained.history[-1]._asdict()
        )
        with recording(network, provenance) as temporary:
            write_trained(trained, temporary)
        write_checkpoint(side_file, replace(last, finished=job.params.epochs))
        damaged.unlink(missing_ok=True)
        run.tell(trained.sentence())


if __name__ == "__main__":
    main(snakemake)
