# Images by words.
#
#   in   vectors.npy, items.parquet of the category model, which may be another one; items.parquet, order.parquet
#   out  categories.parquet        one row an item: category, probability, categories, probabilities (c,) float32
#        categories.csv            one row a category: prompts, items, files, mean probability, an example
#        categories.jpg            the most probable images of each category
#   side {store}/texts             the vectors of the texts, by the text tower they come from

# A model that only compares images with words leaves its files where it would as `model`, so a sort by it takes
# them, and this what a sort by it left.
CATEGORY_CONFIG = category_config(config)
CATEGORY_MODEL = f"{COLLECTION}/{model_tag(CATEGORY_CONFIG, schema)}"
CATEGORY_VECTORS = MODEL if config["model"] == "precomputed" else CATEGORY_MODEL

# Before anything is embedded for it; at this point the engine does not tell its targets yet.
NEED_CATEGORIES = {"categorize"}
if config["folders"] == "category":
    NEED_CATEGORIES |= {"plan_reorganize", "reorganize"}
if config["categories"]:
    NEED_CATEGORIES |= {"collection"}
if STARTED_BY_USER and NEED_CATEGORIES & set(sys.argv):
    try:
        check_categorize(config)
    except SeriatimError as error:
        refuse(error)


if CATEGORY_MODEL != MODEL:

    localrules:
        category_weights,

    use rule weights as category_weights with:
        input:
            [],
        output:
            model=f"{CATEGORY_MODEL}/model.json",
        log:
            f"{CATEGORY_MODEL}/logs/weights.log",
        benchmark:
            f"{CATEGORY_MODEL}/benchmarks/weights.tsv"
        params:
            version=versions.WEIGHTS,
            made_by=triggers.model_version(CATEGORY_CONFIG),
            weights=lambda wildcards: triggers.weights_state(CATEGORY_CONFIG),

    use rule embed as category_embed with:
        input:
            ids=after_scan(f"{COLLECTION}/inventory/{{partition}}.parquet"),
            inventory=ancient(f"{COLLECTION}/inventory.parquet"),
            model=f"{CATEGORY_MODEL}/model.json",
        output:
            manifest=f"{CATEGORY_MODEL}/embed/{{partition}}.parquet",
        log:
            f"{CATEGORY_MODEL}/logs/embed/{{partition}}.log",
        benchmark:
            f"{CATEGORY_MODEL}/benchmarks/embed/{{partition}}.tsv"
        resources:
            **needs("embed", CATEGORY_MODEL),
            gpu=1 if triggers.wants_gpu(CATEGORY_CONFIG) else 0,
        params:
            version=versions.EMBED,
            again=config["embed_again"],
            pixel_limit=config["pixel_limit"],
            store=as_it_is("store"),
            retry=lambda wildcards: triggers.retry_token(
                CATEGORY_MODEL, wildcards.partition, config["retry"]
            ),

    use rule gather as category_gather with:
        input:
            manifests=after_scan_all(f"{CATEGORY_MODEL}/embed/{{partition}}.parquet"),
            model=ancient(f"{CATEGORY_MODEL}/model.json"),
        output:
            vectors=f"{CATEGORY_MODEL}/vectors.npy",
            item_ids=f"{CATEGORY_MODEL}/items.parquet",
        log:
            f"{CATEGORY_MODEL}/logs/gather.log",
        benchmark:
            f"{CATEGORY_MODEL}/benchmarks/gather.tsv"


rule categories:
    """Compare the images with words."""
    input:
        item_ids=after_scan(f"{MODEL}/items.parquet"),
        model=after_scan(f"{CATEGORY_MODEL}/model.json"),
        vectors=after_scan(f"{CATEGORY_VECTORS}/vectors.npy"),
        vector_ids=after_scan(f"{CATEGORY_VECTORS}/items.parquet"),
        inventory=ancient(f"{COLLECTION}/inventory.parquet"),
    output:
        categories=f"{MODEL}/categories.parquet",
    log:
        f"{MODEL}/logs/categories.log",
    benchmark:
        f"{MODEL}/benchmarks/categories.tsv"
    conda:
        "../../environment.yml"
    threads: ALL_CORES
    resources:
        **needs("categories"),
    params:
        version=versions.CATEGORIES,
        categories=as_it_is("categories"),
        prompts=as_it_is("category_prompts"),
        threshold=config["category_threshold"],
        margin=config["category_margin"],
        several=config["category_several"],
        store=as_it_is("store"),
    script:
        "../../scripts/categories.py"


rule category_sheet:
    """Show each category with its images, in a table and in a picture."""
    input:
        categories=after_scan(f"{MODEL}/categories.parquet"),
        order=after_scan(f"{MODEL}/order.parquet"),
    output:
        table=f"{MODEL}/categories.csv",
        sheet=report(
            f"{MODEL}/categories.jpg",
            caption="../report/categories.rst",
            category="Categories",
            labels={"shows": "what is in them"},
        ),
    log:
        f"{MODEL}/logs/category_sheet.log",
    benchmark:
        f"{MODEL}/benchmarks/category_sheet.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("category_sheet"),
    params:
        version=versions.CATEGORY_SHEET,
        categories=as_it_is("categories"),
        prompts=as_it_is("category_prompts"),
        several=config["category_several"],
    script:
        "../../scripts/category_sheet.py"


rule categorize:
    """Sort the images by words, the categories of the configuration."""
    input:
        SCANNED,
        f"{MODEL}/categories.parquet",
        f"{MODEL}/categories.csv",
        f"{MODEL}/categories.jpg",
