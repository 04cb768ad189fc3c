# Seriatim: images in visual order. The rules, in the order in which data flows.

from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


include: "workflow/rules/config.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/run.smk"
include: "workflow/rules/scan.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/embed.smk"
include: "workflow/rules/knn.smk"
include: "workflow/rules/path.smk"
include: "workflow/rules/order.smk"
include: "workflow/rules/groups.smk"
include: "workflow/rules/categories.smk"
include: "workflow/rules/project.smk"
include: "workflow/rules/duplicates.smk"
include: "workflow/rules/dashboard.smk"
include: "workflow/rules/reorganize.smk"
include: "workflow/rules/clip_retrieval.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/verify.smk"


rule all:
    """Sort the images: every artifact, so that one that is lost is missed."""
    default_target: True
    input:
        SCANNED,
        PLANNED if PLAN_KINDS else [],
        REPORTED if config["report"] else [],
        ARTIFACTS,
