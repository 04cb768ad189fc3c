"""Stage `report`: the run on one page, for people, in a file that needs nothing else."""

from pathlib import Path
from typing import Any

from scripts.lib.artifacts.atomic import clear_marks
from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.report.report import Required, choose, limits_of, render
from scripts.lib.run.config import complete, read_schema
from scripts.lib.run.stage import stage
from scripts.lib.view.results import Results
from scripts.lib.words import counted, size_words


def main(job: Any) -> None:
    """Run the stage."""
    report = Path(job.output.report)
    with stage("report", job.log[0]) as run:
        required = Required(*(checked(Path(job.input[name])) for name in Required._fields))
        page = choose(required, Results(report.parent, dict(job.config)))
        album = page.ordered.album
        with run.progress(len(album), "images") as count:
            album.develop(limits_of(job.config, job.threads), count)
        schema = read_schema()
        facts = {"images": len(album), "without_picture": album.missing, "absent": len(page.absent)}
        provenance = Provenance("report", job.params.version, {}, [*required, *page.used], facts)
        with recording(report, provenance) as temporary:
            temporary.write_text(render(page, complete({}, schema), schema), encoding="utf-8")
        clear_marks(Path(job.output.reported))
        size = size_words(report.stat().st_size)
        run.tell(f"all on one page, with {counted(len(album), 'image')}, {size}: {report}")


if __name__ == "__main__":
    main(snakemake)
