# The run on one page, for people. The last stage of a sort, and a target of its own.
#
#   in   order.parquet, quality.json, rejected.csv, copied.parquet, model.json; the images
#        what else belongs to the order: clusters, categories, the map, duplicates. They are no inputs, so a sort
#        never makes them; what their records say is a parameter, so new ones are shown.
#   out  report.html               one file that needs nothing else
#
# It is asked for by name, too, and so has an output that is named after the input: a new image is seen.


rule report:
    """Put the run on one page: the order, how good it is, what was left out, what it took."""
    input:
        scanned=ancient(SCANNED),
        order=after_scan(f"{MODEL}/order.parquet"),
        quality=after_scan(f"{MODEL}/quality.json"),
        rejected=after_scan(f"{MODEL}/rejected.csv"),
        copied=after_scan(f"{COLLECTION}/copied.parquet"),
        model=after_scan(f"{MODEL}/model.json"),
    output:
        reported=touch(REPORTED),
        report=report(
            f"{MODEL}/report.html",
            caption="../report/report.rst",
            category="Order",
            labels={"shows": "the run on one page"},
        ),
    log:
        f"{MODEL}/logs/report.log",
    benchmark:
        f"{MODEL}/benchmarks/report.tsv"
    priority: -2  # when the others are done
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("report"),
    params:
        version=versions.REPORT,
        shown=lambda wildcards: triggers.records_state(MODEL, triggers.REPORTED_TOO),
    script:
        "../../scripts/report.py"
