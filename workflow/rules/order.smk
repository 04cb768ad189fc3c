# The path into files. Only here do file names matter.
#
#   in   path.npy, items.parquet, vectors.npy, inventory.parquet, embed/{p}.parquet
#        duplicates.parquet        which files are duplicates of better ones, where they are not to be kept
#   out  order.parquet, order.csv  position, path, distance to the next, duplicate group
#        order.txt                 the paths, one a line, where asked for
#        rejected.csv              every file that is not in the order, with the reason
#        quality.json, quality.png how good the order is, in figures and as a picture
#        plan.parquet, plan.csv, plan.json   what each image is to be called in the output, and what is to be done
#        copied.parquet            what the copy stage did, from the ledger in the output folder

# Which files are duplicates of better ones is asked only where they are not all to be kept.
DUPLICATES = (
    {"duplicates": after_scan(f"{MODEL}/duplicates.parquet")}
    if config["duplicates"] != "keep"
    else {}
)


rule order:
    """Join the path with the files; equal contents stand side by side."""
    input:
        path=after_scan(f"{MODEL}/path.npy"),
        item_ids=after_scan(f"{MODEL}/items.parquet"),
        vectors=after_scan(f"{MODEL}/vectors.npy"),
        manifests=after_scan_all(f"{MODEL}/embed/{{partition}}.parquet"),
        inventory=f"{COLLECTION}/inventory.parquet",
    output:
        **({"list": f"{MODEL}/order.txt"} if config["order_list"] else {}),
        order=f"{MODEL}/order.parquet",
        table=f"{MODEL}/order.csv",
        rejected=report(
            f"{MODEL}/rejected.csv",
            caption="../report/rejected.rst",
            category="Order",
            labels={"shows": "files left out"},
        ),
    log:
        f"{MODEL}/logs/order.log",
    benchmark:
        f"{MODEL}/benchmarks/order.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("order"),
    params:
        version=versions.ORDER,
        backwards=config["order_reverse"],
    script:
        "../../scripts/order.py"


rule quality:
    """Say how good the order is, in figures and in a picture."""
    input:
        vectors=after_scan(f"{MODEL}/vectors.npy"),
        path=after_scan(f"{MODEL}/path.npy"),
        tree=after_scan(f"{MODEL}/mst.npy"),
        traversal=after_scan(f"{MODEL}/traversal.npy"),
        bound=after_scan(f"{MODEL}/bound.json"),
        order=after_scan(f"{MODEL}/order.parquet"),
    output:
        quality=f"{MODEL}/quality.json",
        picture=report(
            f"{MODEL}/quality.png",
            caption="../report/quality.rst",
            category="Order",
            labels={"shows": "how good it is"},
        ),
    log:
        f"{MODEL}/logs/quality.log",
    benchmark:
        f"{MODEL}/benchmarks/quality.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("quality"),
    params:
        version=versions.QUALITY,
        seed=config["seed"],
    script:
        "../../scripts/quality.py"


rule plan:
    """Say what each image is to be called in the output folder, and what has to be done; touch nothing."""
    input:
        **DUPLICATES,
        scanned=ancient(SCANNED),
        order=after_scan(f"{MODEL}/order.parquet"),
    output:
        planned=touch(PLANNED),
        plan=f"{MODEL}/plan.parquet",
        table=f"{MODEL}/plan.csv",
        summary=f"{MODEL}/plan.json",
    log:
        f"{MODEL}/logs/plan.log",
    benchmark:
        f"{MODEL}/benchmarks/plan.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("plan"),
    params:
        version=versions.PLAN,
        output=as_it_is("output"),
        other=as_it_is("folders_output"),
        mode=config["copy_mode"],
        fallback=config["copy_fallback"],
        template=as_it_is("name_template"),
        per_folder=config["folder_files"],
        portable=config["portable_names"],
        duplicates=config["duplicates"],
    script:
        "../../scripts/plan.py"


rule copy:
    """Put the images into the output folder, as planned."""
    input:
        **({"plan": after_scan(f"{MODEL}/plan.parquet")} if PLAN_KINDS else {}),
        order=after_scan(f"{MODEL}/order.parquet"),
    output:
        copied=f"{COLLECTION}/copied.parquet",
    log:
        f"{COLLECTION}/logs/copy.log",
    benchmark:
        f"{COLLECTION}/benchmarks/copy.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("copy"),
    params:
        version=versions.COPY,
        output=as_it_is("output"),
        other=as_it_is("folders_output"),
        mode=config["copy_mode"],
        fallback=config["copy_fallback"],
    script:
        "../../scripts/copy.py"


rule undo:
    """Put back what was copied, linked or moved."""
    log:
        f"{COLLECTION}/logs/undo.log",
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("undo"),
    params:
        done=f"{COLLECTION}/copied.parquet",
        output=as_it_is("output"),
        other=as_it_is("folders_output"),
    script:
        "../../scripts/undo.py"
