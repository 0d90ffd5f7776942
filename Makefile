# Everything sets itself up: Python 3.11+, pip and make are enough.
# The environment lives in .venv; a stamp per set of extras says when it is up to date.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test test-whole test-transformers check rules dashboards tools charts bench bench-bias recovery chaos soak overload paging fuzz fuzz-all fuzz-http sbom audit e2e canary pictures format clean

help: ## what can be made
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "harmwatch needs Python 3.11 or newer: make PYTHON=python3.11 ..."; exit 2; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	@echo "installing harmwatch and the embedded broker into $(VENV) ..." >&2
	@$(PIP) install --quiet --editable '.[demo]' >&2
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	@echo "installing harmwatch with all extras into $(VENV) (torch is large: some minutes the first time) ..." >&2
	@$(PIP) install --quiet --editable '.[all,dev]' >&2
	@touch $@ $(VENV)/.demo

demo: $(VENV)/.demo ## watch simulated models; see planted incidents being found
	@$(BIN)/harmwatch demo $(ARGS)

# Tests that start whole clusters and kill them, or watch the whole way for a while: a third of the time of all tests.
WHOLE := tests/e2e $(patsubst %,tests/integration/test_%.py,brokers ingest kafka_acls kafka_sign_in reference upgrade)
PYTEST := $(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile --no-loadscope-reorder

test: $(VENV)/.test ## unit, conformance, contract and integration tests; prints which layers ran
	@$(PYTEST) $(if $(findstring tests/,$(ARGS)),,$(addprefix --ignore=,$(WHOLE))) $(ARGS)

test-whole: $(VENV)/.test ## the tests that `make test` leaves out: whole clusters, killed, silenced, signed in to and without rights
	@$(PYTEST) $(WHOLE) $(ARGS)

# alibi-detect holds transformers back in the environment; here the newest stands in front of it.
$(VENV)/transformers5/.done: $(VENV)/.test
	@$(PIP) install --quiet --no-deps --upgrade --target $(VENV)/transformers5 transformers==5.17.0 huggingface-hub==1.33.0 tokenizers==0.23.2
	@touch $@

OF_TRANSFORMERS := tests/unit/scoring/ner/test_transformers_model.py $(addprefix tests/unit/scoring/test_,detoxify.py embedding.py encoder_networks.py guard_checkpoints.py transformers_classifier.py)
test-transformers: $(VENV)/transformers5/.done ## the classifiers with transformers 5
	@PYTHONPATH=$(VENV)/transformers5 $(PYTEST) $(OF_TRANSFORMERS) $(ARGS)

check: $(VENV)/.test ## ruff, mypy --strict, import rules, file lengths
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/mypy --config-file clients/python/pyproject.toml
	@$(BIN)/lint-imports
	@$(BIN)/python tests/house_rules.py

rules: ## rules and alerts for Prometheus: their syntax, and what promtool computes with them
	@command -v promtool >/dev/null || { echo "make rules needs promtool, which comes with Prometheus: apt install prometheus"; exit 2; }
	@promtool check rules deploy/prometheus/rules/*.yaml
	@promtool test rules deploy/prometheus/tests/*.yaml

dashboards: $(VENV)/.test ## write Grafana's dashboards anew from grafana/*.py
	@$(BIN)/python -m grafana

# Built from the Go module proxy once, into the environment: helm takes some minutes on two cores.
HELM := helm.sh/helm/v3/cmd/helm@v3.18.6
# As its own Makefile does. Without it helm takes the cluster for 1.20 where it asks none, and the chart refuses that (helm template --kube-version).
HELM_KUBERNETES := $(foreach package,chartutil lint/rules,-X helm.sh/helm/v3/pkg/$(package).k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/$(package).k8sVersionMinor=33)
KUBECONFORM := github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0

$(BIN)/helm $(BIN)/kubeconform: | $(BIN)/python
	@command -v go >/dev/null || { echo "make charts builds helm and kubeconform, which needs Go 1.24 or newer: apt install golang-go"; exit 2; }
	@echo "building $(@F) (some minutes the first time) ..."
	@GOBIN=$(abspath $(BIN)) GOFLAGS=-mod=mod go install -ldflags='-s -w $(if $(filter helm,$(@F)),$(HELM_KUBERNETES))' $(if $(filter helm,$(@F)),$(HELM),$(KUBECONFORM))

tools: $(BIN)/helm $(BIN)/kubeconform ## helm and kubeconform, built from the Go module proxy

charts: $(VENV)/.test tools ## image and Helm chart: hadolint, helm lint, helm template, kubeconform
	@HARMWATCH_REQUIRE_LAYERS=hadolint,helm,kubeconform $(BIN)/python -m pytest -q tests/integration/test_chart*.py tests/integration/test_image.py tests/unit/test_deploy.py tests/unit/test_profiles.py $(ARGS)

bench: $(VENV)/.test ## the speed of every stage on this machine; end to end on real Kafka where Java is
	@$(BIN)/python -m tests.bench.run $(ARGS)

bench-bias: $(VENV)/.test ## what the statistics of bias promise: false alarms, run times, memory; the short form takes some minutes
	@$(BIN)/python -m tests.bench.parity $(ARGS)
	@$(BIN)/python -m tests.bench.drift $(ARGS)
	@$(BIN)/python -m tests.bench.assess_memory --megabytes 50 --text region --limit-gib 1

recovery: $(VENV)/.test ## kill -9, broker stops, rebalances on real Kafka: the long form
	@$(BIN)/python -m tests.e2e.recovery $(ARGS)

chaos: $(VENV)/.test ## 200 random faults over three brokers and three workers, 1,000,000 calls, and the books; --short for CI
	@$(BIN)/python -m tests.e2e.chaos $(ARGS)

soak: $(VENV)/.test ## 5,000,000 calls through one worker: memory, descriptors, threads and series are flat, the books add up; --short for CI
	@$(BIN)/python -m tests.e2e.soak $(ARGS)

overload: $(VENV)/.test ## four times what a worker can score, on real Kafka: lag within its budget, rates within their intervals; 15 minutes
	@$(BIN)/python -m tests.e2e.overload $(ARGS)

paging: $(VENV)/.test ## harm planted into traffic, and the page timed: real Kafka, Prometheus, Alertmanager; time compressed
	@$(BIN)/python -m tests.e2e.paging $(ARGS)

fuzz: $(VENV)/.test ## 10,000 hostile records
	@$(BIN)/python -m tests.e2e.fuzz $(ARGS)

fuzz-all: $(VENV)/.test ## everything that reads bytes from outside, ten seconds each; ARGS="--seconds 60" for longer
	@$(BIN)/python -m tests.fuzz.run $(ARGS)

fuzz-http: $(VENV)/.test ## requests by the OpenAPI description, good and bad, for an hour
	@HARMWATCH_SCHEMA_SECONDS=$${HARMWATCH_SCHEMA_SECONDS:-3600} $(BIN)/python -m pytest -q -n0 tests/integration/test_web_schema.py $(ARGS)

sbom: $(VENV)/.test ## sbom.json: what is installed, with versions and licences (CycloneDX); asks nobody
	@$(BIN)/python -m cyclonedx_py environment $(BIN)/python --pyproject pyproject.toml --output-format JSON --output-file sbom.json
	@echo "sbom.json: $$($(BIN)/python -c 'import json; print(len(json.load(open("sbom.json"))["components"]))') packages"

# pip-audit asks pypi.org; it has an environment of its own, so that what is looked at stays what was installed.
$(VENV)/audit/.done: | $(BIN)/python
	@$(PYTHON) -m venv $(VENV)/audit
	@$(VENV)/audit/bin/python -m pip --disable-pip-version-check install --quiet 'pip-audit>=2.7' || { echo "make audit needs pip-audit, and pypi.org to install it from"; exit 2; }
	@touch $@

audit: $(VENV)/.test $(VENV)/audit/.done ## known holes in what is installed; asks pypi.org, and fails when that does not answer
	@$(BIN)/python -m tests.audit $(VENV)/audit/bin/python $(BIN)/python $(ARGS)

e2e: $(VENV)/.test ## replay into real Kafka, run on it, compare /metrics with the verdict topic
	@$(BIN)/python -m tests.e2e.totals $(ARGS)

canary: $(VENV)/.test ## a canary in 1 of 100,000 outputs is found, and its value is in nothing that is written
	@$(BIN)/python -m tests.e2e.canary $(ARGS)

pictures: $(VENV)/.test ## the pictures of the console in README and docs, taken of a demo in Chromium; look at them before you commit
	@$(BIN)/python -m tests.e2e.pictures $(ARGS)

format: $(VENV)/.test ## apply ruff's formatting
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

clean: ## remove the environment and caches
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
