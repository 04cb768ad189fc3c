"""A network over pixels: what torchvision, OpenCLIP and timm models have in common.

The preprocessing of a card says how an image becomes pixels: `resize_size` and `crop_size` in pixels,
`interpolation` as Pillow names it, `mean` and `std` per channel of values between 0 and 1. `resize_mode`
is `shortest`, which keeps the proportions and is the default, or `squash`, which makes a square of all.
"""

import threading
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import numpy as np
import torch
from PIL import Image
from torch import nn

from scripts.lib.embedding.allocation import keep_freed_memory
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.models.device import choose_device
from scripts.lib.embedding.models.faster import faster
from scripts.lib.embedding.models.pixels import crop_pixels, multicrop_pixels, squashed_pixels
from scripts.lib.embedding.models.protocol import DeviceFull, Prepare

GPU_LANES = 2  # while one batch is computed, the other is on its way to or from the GPU


class NetworkModel:
    """A network that turns normalised pixels into features.

    On the CPU each batch has one core to itself, and there are as many at a time as there are threads: cores
    that share a batch wait for each other at each of its hundreds of steps, and longer where decode workers
    want them, too.
    """

    def __init__(self, card: ModelCard, network: nn.Module, device: str, threads: int) -> None:
        self.card, self.target = card, int(card.preprocessing["resize_size"])
        crop = int(card.preprocessing["crop_size"])
        self.device = torch.device(choose_device(device))
        self.on_gpu = self.device.type == "cuda"
        self.half = self.on_gpu
        self.lanes = GPU_LANES if self.on_gpu else threads
        torch.set_num_threads(1)
        keep_freed_memory()
        self.network = faster(network).to(self.device)
        self.mean, self.std = (  # of each value in a row of pixels: (3 * crop,)
            torch.tensor(card.preprocessing[key], device=self.device).mul_(255).repeat(crop)
            for key in ("mean", "std")
        )
        self._streams = threading.local()
        if self.on_gpu:  # other streams would not wait for the weights
            torch.cuda.synchronize(self.device)

    def prepare(self) -> Prepare:
        """Return the resizing and cropping that the weights ask for."""
        rule = self.card.preprocessing
        squash = rule.get("resize_mode") == "squash"
        cut = multicrop_pixels if self.card.multicrop else squashed_pixels if squash else crop_pixels
        resample = Image.Resampling[rule["interpolation"]]
        return partial(cut, resize=rule["resize_size"], crop=rule["crop_size"], resample=resample)

    def features(self, views: np.ndarray) -> np.ndarray:
        """Return the features of (b, crop, crop, 3) uint8 pixels: (b, dimension) float32."""
        try:
            with torch.inference_mode(), self._stream():
                return self._features(torch.from_numpy(views))
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            torch.cuda.empty_cache()
            raise DeviceFull from error

    def _features(self, views: torch.Tensor) -> np.ndarray:
        if self.on_gpu:
            views = views.pin_memory().to(self.device, non_blocking=True)
        # Bytes travel, numbers are made where they are used, by whole rows, which is four times as fast as by
        # channels; the channels of a pixel stay together.
        rows = views.flatten(2).float().sub_(self.mean).div_(self.std)  # (b, crop, 3 * crop)
        pixels = rows.view(views.shape).permute(0, 3, 1, 2)
        features = self._forward(pixels, half=self.half)
        if self.half and not features.isfinite().all():  # half precision ends at 65,504
            features = self._forward(pixels, half=False)
        vectors: np.ndarray = features.cpu().numpy()
        return vectors

    def _forward(self, pixels: torch.Tensor, half: bool) -> torch.Tensor:
        # Lanes would share the cache of weights in half precision, and not wait for each other to fill it.
        with torch.autocast(self.device.type, torch.float16, enabled=half, cache_enabled=False):
            features: torch.Tensor = self.network(pixels).flatten(1).float()
        return features

    def _stream(self) -> AbstractContextManager[object]:
        """Give each thread its own queue on the GPU, so that its copies run beside others' computing."""
        if not self.on_gpu:
            return nullcontext()
        if not hasattr(self._streams, "own"):
            self._streams.own = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
        return torch.cuda.stream(self._streams.own)


def is_out_of_memory(error: RuntimeError) -> bool:
    """Tell whether a GPU had too little memory; its libraries say so in words of their own."""
    said = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in said or "alloc_failed" in said
