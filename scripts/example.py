"""Write the example collection: `python -m scripts.example FOLDER`."""

import argparse
import sys
from pathlib import Path

from scripts.lib.errors import SeriatimError
from scripts.lib.pictures.example import make_example


def main(arguments: list[str] | None = None) -> int:
    """Write the collection and say where it is; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.example", description=__doc__)
    parser.add_argument("folder", type=Path, help="a new or empty folder, or an earlier example")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other pictures")
    options = parser.parse_args(arguments)
    try:
        files = make_example(options.folder, options.seed)
    except (SeriatimError, OSError) as error:
        print(f"scripts.example: {error}", file=sys.stderr)
        return 1
    print(f"{options.folder}: {files} example images")
    return 0


if __name__ == "__main__":
    sys.exit(main())
