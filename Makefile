# make sort   sorts the example collection, or IMAGES=... into OUTPUT=...
# make test   runs every test
# Both build the environment first; nothing needs to be installed but Python and make.

PYTHON ?= python3
VENV := .venv
EXTRA ?= $(shell command -v nvidia-smi >/dev/null 2>&1 && echo gpu || echo cpu)
CORES ?= all

RUN := $(VENV)/bin/python
SNAKEMAKE := $(VENV)/bin/snakemake --cores $(CORES)

# Without IMAGES the example collection is sorted, by the built-in descriptor.
IMAGES ?= example/images
images := $(value IMAGES)# as typed: a folder may have a dollar sign in its name
EXAMPLE := $(findstring |example/images|,|$(images)|)
ifeq ($(origin OUTPUT),undefined)
output := $(if $(EXAMPLE),example/sorted,sorted_images)
else
output := $(value OUTPUT)
endif
filed := $(if $(FILED),$(value FILED),$(if $(EXAMPLE),example/filed,filed_images))
quoted = '$(subst ','\'',$(1))'
MODEL ?= descriptor
NAME ?= $(if $(EXAMPLE),example,$(shell basename $(call quoted,$(images)) | tr -c 'A-Za-z0-9._\n-' '-' | sed 's/^[^A-Za-z0-9]*//'))

# A value as text, whatever it looks like: in YAML's quotes, and those in the shell's.
text = '"$(subst ','\'',$(subst ",\",$(subst \,\\,$(1))))"'

# An option with a value of the command line, not of the environment.
given = $(if $(findstring command line,$(origin $(2))),--$(1)=$(call quoted,$(value $(2))))

CONFIG = name=$(call text,$(or $(NAME),photos)) images=$(call text,$(images)) output=$(call text,$(output))
CONFIG += folders_output=$(call text,$(filed))
CONFIG += model=$(call text,$(MODEL)) $(if $(WEIGHTS),weights=$(call text,$(value WEIGHTS)))
CONFIG += $(if $(DEVICE),device=$(DEVICE)) $(MORE)
CONFIG += $(if $(CATEGORIES),categories=$(call text,$(value CATEGORIES)))

.DEFAULT_GOAL := help
.PHONY: help sort plan undo cluster categorize project duplicates reorganize plan-reorganize undo-reorganize
.PHONY: collection clip-retrieval report search dashboard dashboard-data status verify retry store-gc
.PHONY: test check bench bench-million clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "make sort IMAGES=FOLDER OUTPUT=FOLDER MODEL=descriptor [WEIGHTS=FILE] [DEVICE=cpu] [NAME=...] [CORES=N]"
	@echo "any other setting of config/config.yaml: MORE='allow_shrink=true knn_k=16'"
	@echo "make search [IMAGE=FILE] [TEXT='...'] [LIKE=NAME] [K=24] [SHEET=hits.jpg] [OUT=hits.csv] [NAME=...] [MODEL=...]"
	@echo "make store-gc [STORE=FOLDER] [DRY=true] [MODELS=unused] [FORGET=FOLDER]"

sort: $(VENV)/.sort $(if $(EXAMPLE),example/images)  ## sort images (the example, or IMAGES=... into OUTPUT=...)
	@$(SNAKEMAKE) --config $(CONFIG)

example/images: $(VENV)/.sort
	@$(RUN) -m scripts.example example/images

plan: $(VENV)/.sort $(if $(EXAMPLE),example/images)  ## say what a sort would do in OUTPUT, and touch nothing there
	@$(SNAKEMAKE) plan --config $(CONFIG)

cluster: $(VENV)/.sort $(if $(EXAMPLE),example/images)  ## find groups of images (MORE=clusters=20)
	@$(SNAKEMAKE) cluster --config $(CONFIG)

project: $(VENV)/.sort $(if $(EXAMPLE),example/images)  ## lay the images out as a map (MORE=projection=tsne)
	@$(SNAKEMAKE) project --config $(CONFIG)

duplicates: $(VENV)/.sort $(if $(EXAMPLE),example/images)  ## find duplicates, and propose what to keep
	@$(SNAKEMAKE) duplicates --config $(CONFIG)

categorize: $(VENV)/.sort $(if $(EXAMPLE),example/images)  ## sort by words: CATEGORIES=moody,sunset MODEL=clip:...
	@$(SNAKEMAKE) categorize --config $(CONFIG)

report: $(VENV)/.sort $(if $(EXAMPLE),example/images)  ## put all that a sort found on one page, report.html
	@$(SNAKEMAKE) report --config $(CONFIG)

undo: $(VENV)/.sort  ## put back what was copied, linked or moved to OUTPUT
	@$(SNAKEMAKE) undo --config $(CONFIG)

reorganize: $(VENV)/.sort $(if $(EXAMPLE),example/images)  ## file images into folders in FILED=...
	@$(SNAKEMAKE) reorganize --config $(CONFIG)

plan-reorganize: $(VENV)/.sort $(if $(EXAMPLE),example/images)  ## say what would be filed where, and touch nothing
	@$(SNAKEMAKE) plan_reorganize --config $(CONFIG)

undo-reorganize: $(VENV)/.sort  ## put back what was filed into FILED
	@$(SNAKEMAKE) undo_reorganize --config $(CONFIG)

collection: $(VENV)/.sort $(if $(EXAMPLE),example/images)  ## put all that is known of the images into one table
	@$(SNAKEMAKE) collection --config $(CONFIG)

clip-retrieval: $(VENV)/.sort $(if $(EXAMPLE),example/images)  ## write the vectors in the layout of clip-retrieval
	@$(SNAKEMAKE) clip_retrieval --config $(CONFIG)

dashboard-data: $(VENV)/.sort $(if $(EXAMPLE),example/images)  ## make what the dashboard shows
	@$(SNAKEMAKE) dashboard_data --config $(CONFIG)

# MODEL is passed on where it was given. HOST and PORT are taken from the command line alone: shells and build tools
# set variables of these names for purposes of their own.
dashboard: dashboard-data  ## look at the images in a browser (PORT=8050 HOST=127.0.0.1)
	@$(RUN) -m scripts.dashboard --name $(call quoted,$(or $(NAME),photos)) \
		$(if $(filter file,$(origin MODEL)),,--model $(call quoted,$(value MODEL))) \
		$(if $(filter command,$(origin PORT)),--port $(call quoted,$(value PORT))) \
		$(if $(filter command,$(origin HOST)),--host $(call quoted,$(value HOST)))

search: $(VENV)/.sort  ## find images in the last collection: IMAGE=photo.jpg, TEXT="a boat" or LIKE=photo.jpg
	@$(RUN) -m scripts.search $(call given,image,IMAGE) $(call given,text,TEXT) $(call given,like,LIKE) \
		$(if $(findstring command line,$(origin NAME) $(origin IMAGES)),--name=$(call quoted,$(NAME))) $(call given,model,MODEL) $(call given,sheet,SHEET) $(call given,out,OUT) \
		$(if $(K),-k $(call quoted,$(value K))) $(if $(FORCE),--force)

# What it says is for people; its exit status, for scripts, is lost in make's own: they call it themselves.
status: $(VENV)/.sort  ## say how the last run went, or how far it is (NAME=...)
	@$(RUN) -m scripts.status $(if $(findstring command line,$(origin NAME) $(origin IMAGES)),--name=$(call quoted,$(NAME))) || true

verify: $(VENV)/.sort  ## check store, artifacts and copies; what is damaged is set aside for the next run
	@$(SNAKEMAKE) verify --config $(CONFIG)

retry: $(VENV)/.sort  ## try again every image that could not be taken
	@$(SNAKEMAKE) --forcerun scan --config $(CONFIG) retry=true

store-gc: $(VENV)/.sort  ## remove from the store what no collection needs (DRY=true only says what)
	@$(RUN) -m scripts.store_gc $(if $(STORE),--store $(call quoted,$(value STORE))) $(if $(DRY),--dry-run) \
		$(if $(filter unused,$(MODELS)),--unused-models) $(if $(FORGET),--forget $(call quoted,$(value FORGET)))

test: $(VENV)/.test  ## run every test
	@.ci/system-packages
	@$(RUN) -m pytest

check: $(VENV)/.test  ## format, lint, types, rules
	@.ci/check $(VENV)/bin

bench: $(VENV)/.test  ## measure speed and quality against the baselines
	@$(RUN) -m benchmarks $(if $(LABELLED),--labelled '$(LABELLED)') $(if $(PHOTOS),--photos '$(PHOTOS)') \
		$(if $(WEIGHTS),--weights '$(WEIGHTS)') $(if $(LKH_LIMIT),--lkh-limit $(LKH_LIMIT))

# IMAGES is a number here, FOLDER the place to work in; what was interrupted goes on.
bench-million: $(VENV)/.test  ## sort a million made images, checked and measured (IMAGES=250000 FOLDER=/tmp/million)
	@$(RUN) -m benchmarks.million $(call quoted,$(or $(value FOLDER),$(or $(TMPDIR),/tmp)/seriatim-million)) \
		$(if $(EXAMPLE),,--images $(call quoted,$(images))) $(if $(filter-out all,$(CORES)),--cores $(CORES))

clean:  ## remove the environment and the example; never results or sorted images
	rm -rf $(VENV) example *.egg-info .mypy_cache .ruff_cache .pytest_cache

# The environment, as far as a command needs it. A stamp is written last, so a broken build is resumed.
$(VENV)/.sort: EXTRAS = $(EXTRA)
$(VENV)/.test: EXTRAS = $(EXTRA),cluster,formats,dev,bench

$(VENV)/.test: $(VENV)/.sort
$(VENV)/.sort $(VENV)/.test: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "Seriatim needs Python 3.11, 3.12 or 3.13; name one with PYTHON=..."; exit 1; }
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (extras: $(EXTRAS)); the first time takes some minutes ..."
	@$(RUN) -m pip install --quiet --quiet --disable-pip-version-check --editable '.[$(EXTRAS)]'
	@touch $@
