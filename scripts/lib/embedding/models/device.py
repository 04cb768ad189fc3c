"""Where networks run."""

from scripts.lib.errors import InputError


def choose_device(wanted: str) -> str:
    """Return `cuda` or `cpu` for the config key `device`.

    Raises
    ------
    InputError
        when cuda is asked for and there is none.
    """
    if wanted == "cpu":
        return "cpu"
    import torch

    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise InputError(
            "device: cuda was asked for, but torch sees no GPU here. Use device=auto or device=cpu."
        )
    return "cuda" if available else "cpu"
