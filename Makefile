# make run        the whole DAG on the embedded sample corpora, the score table, the report
# make test       the test suite             make test-fast   its quick part, under a minute
# make check      formatting, lint, types, workflow, generated documents
# make docs       the documents as a site    make bench       benchmarks beside the peers
# make paper      every experiment of the paper, for hours; FIGURE=1 one of them (docs/paper.md)
# make test-slurm the cluster profile on a Slurm of its own, as root; INSTALL=1 installs Debian's packages first
# make soak       hours of broken files, kills and full disks (docs/reliability.md)
# make clean      remove results/, the report and all; the environment stays
pythons := python3.13 python3.12 python3.11 python3
# The newest of the Pythons that are supported and really start (a name on PATH may lead nowhere).
supported := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(firstword $(foreach name,$(pythons),$(shell $(name) -c '$(supported)' 2> /dev/null && echo $(name))))
bin := .venv/bin
DEVICE ?= cuda
benchmarks := features ssl encoding quantizer reservoir kmeans training_step images waiting discovery abx segmentation \
    rivals hours pipeline
# A word for the shell, whatever is in it.
quoted = '$(subst ','\'',$(1))'
export PATH := $(CURDIR)/$(bin):$(PATH)

.PHONY: run test test-fast check docs bench paper gpu soak test-slurm clean

run: .venv/run.stamp
	snakemake --cores all
	@unitdisc scores results

test: .venv/dev.stamp
	$(bin)/python -m pytest

test-fast: .venv/dev.stamp
	$(bin)/python -m pytest -m 'not slow and not browser'

check: .venv/dev.stamp
	$(bin)/ruff format --check .
	$(bin)/ruff check .
	$(bin)/mypy
	$(bin)/snakefmt --check Snakefile workflow
	$(bin)/snakemake --lint
	@test -z "$$($(bin)/python docs/generate.py)" || { echo 'generated documents were out of date: commit them'; exit 1; }

docs: .venv/docs.stamp
	$(bin)/python docs/generate.py
	NO_MKDOCS_2_WARNING=1 $(bin)/mkdocs build --strict

bench: .venv/dev.stamp
	@for name in $(benchmarks); do echo "# $$name"; $(bin)/python -m benchmarks.$$name || exit 1; done

# A figure or a claim of the paper → its experiments: workflow/configs/paper-NAME.yaml. Without FIGURE, all of them.
paper_1 := figure1
paper_2 := speech
paper_3 := handwriting
paper_4 := figure4
paper_tables := speech handwriting figure4
paper_drift := drift
paper_disentanglement := disentanglement
paper_reliability := reliability
figures := 1 2 3 4 tables drift disentanglement reliability
ifneq ($(filter paper,$(MAKECMDGOALS)),)
asked := $(or $(strip $(FIGURE)),$(figures))
unknown := $(filter-out $(figures),$(asked))
$(if $(unknown),$(error there is no FIGURE $(unknown); those of the paper are: $(figures)))
experiments := $(sort $(foreach figure,$(asked),$(paper_$(figure))))
endif

# What a corpus is read from must be there before the first hour of training, and not be missed after it.
paper: .venv/run.stamp
	@for name in $(experiments); do file=workflow/configs/paper-$$name.yaml; \
	    sed -n 's/^ *root: *\([^]{}[~"# ]*\) *\(#.*\)*$$/\1/p' $$file | while read -r root; do test -e "$$root" || { \
	        echo "make paper: $$file reads $$root, which is not there; set root to your copy (docs/paper.md)" >&2; exit 2; }; \
	    done || exit 2; done
	@for name in $(experiments); do \
	    snakemake --cores all --configfile workflow/configs/paper-$$name.yaml || exit 2; \
	    unitdisc report results-paper-$$name --figures docs/paper/$$name || exit 2; done

# Without .venv, as on a machine without network, the python3 on PATH does where it has what is needed.
gpu:
	@python3 -c 'import torch, pydantic, kaldiio' 2> /dev/null || $(MAKE) .venv/dev.stamp
	python3 -m benchmarks.gpu --device $(call quoted,$(DEVICE))

test-slurm: .venv/dev.stamp
	@$(bin)/python -m tests.slurm.cluster --check $(if $(INSTALL),--install)
	$(bin)/python -m pytest -n 0 -m slurm tests/slurm

clean:
	rm -rf results .snakemake site

# A part of it: make soak SOAK='--readers png wav --inputs 1000 --kills 0 --full-disks 0'
soak: .venv/dev.stamp
	$(bin)/python -m benchmarks.soak $(SOAK)

.venv/run.stamp: pyproject.toml constraints.txt setup.py
	@test -x $(bin)/python || test -n $(call quoted,$(PYTHON)) || { \
	    echo 'unitdisc needs Python 3.11, 3.12 or 3.13, and none is on PATH; name one with: make PYTHON=/path/to/python'; exit 2; }
	test -x $(bin)/python || $(call quoted,$(PYTHON)) -m venv .venv
	$(bin)/python -m pip install --constraint constraints.txt --editable '.[sample]'
	@touch $@

.venv/dev.stamp: .venv/run.stamp
	$(bin)/python -m pip install --constraint constraints.txt --editable '.[sample,dev]'
	@command -v chromium > /dev/null || { test "$$(id -u)" = 0 && command -v apt-get > /dev/null \
	    && apt-get update && apt-get install --yes --no-install-recommends chromium; } \
	    || echo 'no chromium, and none can be installed: the browser tests of the report are skipped'
	@# The PAGE schema is one file of OCR-D's package, whose 75 dependencies (OpenCV, MongoDB, Docker) stay out.
	@$(bin)/python -m pip install --quiet --upgrade --no-deps --target .venv/schemas --constraint constraints.txt ocrd \
	    || echo 'the PAGE schema could not be installed; exports are not validated against it'
	@touch $@

.venv/docs.stamp: .venv/run.stamp
	$(bin)/python -m pip install --constraint constraints.txt --editable '.[docs]'
	@touch $@
