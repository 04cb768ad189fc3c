"""Import torchvision beside a torch that its compiled operators do not fit.

The wheel on the package index is built for CUDA; beside a CPU-only torch its C++ operators cannot
load, and the import stops at the two whose schemas it refines. Classifiers need neither: declaring the
schemas is enough. Where the real operators load, nothing is declared.
"""

import importlib
import sys
from types import ModuleType

OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[object] = []  # a library's declarations last as long as it does


def import_torchvision() -> ModuleType:
    """Return the module `torchvision`, with `torchvision.models` imported."""
    try:
        importlib.import_module("torchvision.models")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        _declare_operators()
        importlib.import_module("torchvision.models")
    return sys.modules["torchvision"]


def _declare_operators() -> None:
    import torch

    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    library = torch.library.Library("torchvision", "DEF")
    for schema in OPERATORS:
        library.define(schema)
    _declared.append(library)
