# Every target works on a fresh machine that has Python >= 3.11 with venv; nothing else is installed by hand.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$p" && break; done)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
EDITABLE := $(PIP) install --no-deps --no-build-isolation --editable .
UV_VERSION := 0.13.8
LOCK := $(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-annotate --no-emit-package genie-bus

.DEFAULT_GOAL := help
.PHONY: help run test test-slow check instructions mutants recall bench bench-models api docs dist clean lock

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1	\2/p' $(MAKEFILE_LIST) | expand -t 14

run: $(VENV)/.run  ## read the sample bank statement and report on it
	@$(BIN)/genie run config/pipelines/insights.yaml
	@echo "next: source $(BIN)/activate puts the command genie on your path; genie --help lists what it does" >&2

test: $(VENV)/.test  ## run every test but the slow ones; all of them with ALL=1
	$(BIN)/python -m pytest -n 2 --dist worksteal $(if $(ALL),-m "not real_model")

test-slow: $(VENV)/.test  ## run the tests that take long
	$(BIN)/python -m pytest -n 2 --dist worksteal $$(grep -rl --include='test_*.py' 'mark\.slow' tests) -m slow

check: $(VENV)/.test  ## lint, formatting, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

instructions: $(VENV)/.test  ## count the instructions of a round trip, and compare them with what is stored
	@$(BIN)/python -m benchmarks.instructions --check

mutants: $(VENV)/.test  ## break the kernel in 200 ways, and require that tests notice 90 % of them
	$(BIN)/python -m tools.mutants --limit 200

recall: $(VENV)/.test  ## find generated personal data, and look for false alarms in a million other strings
	$(BIN)/python -m tests.genie.detectors.generated --values 110000 --strings 1000000

bench: $(VENV)/.test  ## measure the bus beside bare asyncio
	$(BIN)/python -m benchmarks

SCHEMATHESIS := 4.32.5
VENDORS := openai anthropic google-genai ollama
PEERS := openai-agents pydantic-ai-slim litellm
bench-models: $(VENV)/.test  ## measure the wires and loops beside others, and have the vendors' own clients ask the scripted server
	@for vendor in $(VENDORS) $(PEERS); do \
		test -x build/models/$$vendor/bin/python || { $(BIN)/python -m venv build/models/$$vendor && \
		build/models/$$vendor/bin/python -m pip --quiet --disable-pip-version-check install $$vendor; } || exit 1; done
	@! command -v npm >/dev/null || npm install --silent --no-audit --no-fund --prefix build/models/aimock @copilotkit/aimock@1.43.0
	$(BIN)/python -m pytest -n 0 -m slow tests/genie/edges/live/test_vendors_clients.py
	@$(BIN)/python -m benchmarks.wires
	@$(BIN)/python -m benchmarks.models
	@$(BIN)/python -m benchmarks.tools
	@$(BIN)/python -m benchmarks.model_peers.run build/models

api: $(VENV)/.test  ## send the API what its document allows and what it does not (schemathesis)
	@test -x build/api/bin/schemathesis || { $(BIN)/python -m venv build/api && \
		build/api/bin/python -m pip --quiet --disable-pip-version-check install schemathesis==$(SCHEMATHESIS); }
	@$(BIN)/python -m tools.api_cases build/api/bin/schemathesis

docs: $(VENV)/.docs  ## build the site of docs/ into build/site, strictly; it fetches nothing when it is read
	@NO_MKDOCS_2_WARNING=1 $(VENV)/docs/bin/python -m mkdocs build --quiet --strict

dist: $(VENV)/.dist  ## build wheel, sdist, genie.pyz and its list of contents into dist/, and prove that they run
	@PYTHONPATH=.ci $(VENV)/dist/bin/python -m distribution

clean:  ## remove the environment and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock: $(VENV)/.venv  ## choose the newest versions again and write constraints/
	$(BIN)/python -m venv $(VENV)/lock
	$(VENV)/lock/bin/python -m pip --quiet --disable-pip-version-check install uv==$(UV_VERSION)
	$(LOCK) --upgrade --extra insights pyproject.toml constraints/build.in --output-file constraints/run.txt
	$(LOCK) --upgrade --extra test --extra dev pyproject.toml constraints/build.in \
		--constraints constraints/run.txt --output-file constraints/test.txt
	$(LOCK) --upgrade --extra docs pyproject.toml --constraints constraints/test.txt --output-file constraints/docs.txt
	$(LOCK) --upgrade constraints/dist.in constraints/build.in \
		--constraints constraints/run.txt --output-file constraints/dist.txt

$(VENV)/.venv:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed; name it: make PYTHON=/path/to/python" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.venv constraints/run.txt pyproject.toml
	@echo "installing what the run needs into $(VENV) ..."
	@$(PIP) install --require-hashes --requirement constraints/run.txt
	@$(EDITABLE) && $(BIN)/python -m compileall -q genie agents
	@touch $@

$(VENV)/.test: $(VENV)/.venv constraints/test.txt pyproject.toml
	@echo "installing what tests and checks need into $(VENV) ..."
	@$(PIP) install --require-hashes --requirement constraints/test.txt
	@$(EDITABLE) && $(BIN)/python -m compileall -q genie agents
	@touch $(VENV)/.run $@

$(VENV)/.docs: $(VENV)/.venv constraints/docs.txt
	@echo "installing what the site needs into $(VENV)/docs ..."
	@$(BIN)/python -m venv $(VENV)/docs
	@$(VENV)/docs/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes \
		--requirement constraints/docs.txt
	@touch $@

$(VENV)/.dist: $(VENV)/.venv constraints/dist.txt
	@echo "installing what the build needs into $(VENV)/dist ..."
	@$(BIN)/python -m venv $(VENV)/dist
	@$(VENV)/dist/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes \
		--requirement constraints/dist.txt
	@touch $@
