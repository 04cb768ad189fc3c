"""A network in training: its optimiser, its precision, and how long it has been trained.

On a GPU in mixed precision: bfloat16 where the card has it, otherwise float16 with a scaled loss, which
keeps small gradients from vanishing.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from scripts.lib.embedding.training.architecture import build
from scripts.lib.embedding.training.loss import Losses, losses_of, penalty
from scripts.lib.embedding.training.settings import TrainingSettings


class EpochLosses(NamedTuple):
    """The mean losses of an epoch: see `Losses`; and the error on images that are not trained on."""

    reconstruction: float
    divergence: float
    held_out: float | None


class Trainer:
    """A network, what trains it, and the losses of each epoch so far."""

    def __init__(self, settings: TrainingSettings, device: str) -> None:
        self.settings, self.device = settings, torch.device(device)
        self.history: list[EpochLosses] = []
        network = build(settings.size, settings.latent, settings.variational, settings.seed)
        self.network = network.to(self.device)
        self.optimizer = torch.optim.Adam(self.network.parameters(), settings.rate)
        on_gpu = self.device.type == "cuda"
        half = torch.float16 if on_gpu and not torch.cuda.is_bf16_supported() else torch.bfloat16
        self.autocast = torch.autocast(self.device.type, half, enabled=on_gpu)
        self.scaler = torch.amp.GradScaler(enabled=on_gpu and half is torch.float16)

    def report(self) -> str:
        """Say what came of the last epoch."""
        reconstruction, divergence, held_out = self.history[-1]
        others = f", of images not trained on {held_out:.4f}" if held_out is not None else ""
        spread = f", divergence {divergence:.4f}" if divergence else ""
        return f"epoch {len(self.history)}: error {reconstruction:.4f}{others}{spread}"

    def generator(self, epoch: int) -> torch.Generator:
        """Return the source of an epoch's random numbers."""
        return torch.Generator(self.device).manual_seed((self.settings.seed << 20) + epoch)

    def step(self, pixels: Tensor, weight: float | None, generator: torch.Generator) -> Losses:
        """Take one step, on a batch (b, 3, size, size).

        weight : of the divergence; with None codes are points, and reconstruction is all that counts
        """
        with self.autocast:
            codes = self.network.encoder.codes(pixels)
            output = self.network.decoder(codes.mean if weight is None else codes.drawn(generator))
        losses = losses_of(pixels, output, codes, weight is not None)
        total = losses.reconstruction + (weight or 0.0) * losses.divergence
        self._descend(total + penalty(self.network, self.settings))
        return Losses(losses.reconstruction.detach(), losses.divergence.detach())

    def _descend(self, loss: Tensor) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(self.scaler.scale(loss))
        if self.settings.clip:
            self.scaler.unscale_(self.optimizer)
            clip_grad_norm_(self.network.parameters(), self.settings.clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()

    def state(self) -> dict[str, Any]:
        """Return all that the next epoch depends on, as tensors and plain values."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "history": [list(losses) for losses in self.history],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state that `state` returned."""
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.scaler.is_enabled() and state["scaler"]:
            self.scaler.load_state_dict(state["scaler"])
        self.history = [EpochLosses(*losses) for losses in state["history"]]
