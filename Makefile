# Everything a person does here is a target: `make help` lists them.
# ARGS goes to the program: make demo ARGS="--for 60s --verify"
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
JOBS ?= 2
MINUTES ?= 10
SEED ?= 1
ifdef CASES
export CASES := $(abspath $(CASES))
endif

BIN := $(VENV)/bin
STAMP := $(VENV)/.deskpulse-setup
DEMO := $(VENV)/.deskpulse-demo
UV := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock"
LOCKS := requirements/build.txt requirements/run.txt requirements/demo.txt requirements/dev.txt
SECRETS := deploy/secrets/grafana_admin_password
export PYTHONUNBUFFERED := 1

##@ Use it
.PHONY: help
help: ## List all targets
	@awk 'BEGIN { FS = ":.*## " } /^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nARGS goes to the program: make demo ARGS="--for 60s --port 19108 --verify"\n'

.PHONY: setup
setup: $(STAMP) ## Create .venv and install everything, hash-locked; the second run is instant
	@echo "setup: ready in $(VENV)"

$(STAMP): requirements/dev.txt pyproject.toml scripts/setup.sh
	@PYTHON="$(PYTHON)" bash scripts/setup.sh "$(VENV)" "$(STAMP)" requirements/dev.txt
	@touch $(DEMO) # whoever can test can run the demo

$(DEMO): requirements/demo.txt pyproject.toml scripts/setup.sh
	@PYTHON="$(PYTHON)" bash scripts/setup.sh "$(VENV)" "$(DEMO)" requirements/demo.txt

.PHONY: demo
demo: $(DEMO) ## Broker, simulated desk, worker and exporter until Ctrl-C, with live figures
	@$(BIN)/deskpulse demo $(ARGS)

.PHONY: kafka
kafka: $(DEMO) ## A local Apache Kafka until Ctrl-C (data in a temporary folder)
	@$(BIN)/python -m deskpulse.lab.brokers $(ARGS)

.PHONY: up
up: secrets ## The whole stack with Docker Compose; ARGS="--profile demo" adds the simulator
	docker compose $(ARGS) up --build --detach --wait

.PHONY: secrets
secrets: $(SECRETS) ## Make up the passwords that Compose mounts, unless they exist

deploy/secrets/%:
	@chmod 700 $(@D) # the folder keeps others out; the file itself must be readable for the container's user
	@$(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(24), end="")' > $@
	@echo "secrets: wrote $@"

##@ Work on it
.PHONY: test
test: $(STAMP) ## All tests, on Apache Kafka, about 15 minutes on two processors
	@$(BIN)/python -m deskpulse.lab.brokers --fetch-only || echo "test: without Apache Kafka, see the last lines"
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist worksteal $(ARGS)

QUICK := tests/laws tests/golden tests/sla tests/streams tests/contract tests/oracle tests/test_tidy.py

.PHONY: test-quick
test-quick: $(STAMP) ## Laws, plays, golden figures and contracts, with few examples each: under two minutes
	@DESKPULSE_TEST_QUICK=1 $(BIN)/python -m pytest --numprocesses $(JOBS) --dist worksteal -q \
		-m "not browser and not slow" $(QUICK) $(ARGS)
	$(BIN)/lint-imports
	@echo "test-quick: green; the whole is make test, about 15 minutes on two processors"

.PHONY: check
check: lint types imports tidy generated compose-lint ## Everything but the tests
	@echo "check: green"

.PHONY: lint
lint: $(STAMP) ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: $(STAMP) ## mypy, strict, on code and tests
	$(BIN)/mypy

.PHONY: imports
imports: $(STAMP) ## The layers of the design (import-linter)
	$(BIN)/lint-imports

.PHONY: tidy
tidy: $(STAMP) ## Sizes, pure packages, links of the docs, packaging
	$(BIN)/python -m pytest -q -p no:cacheprovider --durations=0 --durations-min=5 \
		tests/test_tidy.py tests/test_docs.py tests/test_doctests.py tests/test_packaging.py

.PHONY: generated
generated: $(STAMP) ## docs/metrics.md, JSON Schemas, AsyncAPI, boards, rules and their tests are what the code says
	$(BIN)/python -m scripts.metrics_doc --check
	$(BIN)/python -m scripts.schemas --check
	$(BIN)/python -m scripts.asyncapi --check
	$(BIN)/python -m scripts.privacy_doc --check
	$(BIN)/python -m scripts.boards.generate --check
	$(BIN)/python -m scripts.wall_types --check
	$(BIN)/deskpulse rules --policy examples/policy.yaml --check --out monitoring
	$(BIN)/python -m scripts.rule_tests --check

.PHONY: boards-check
boards-check: $(STAMP) ## Every query of every board, on a real Prometheus, against the oracle; two minutes
	@$(BIN)/python -m proofs.boards.check $(ARGS)

.PHONY: boards-look
boards-look: $(STAMP) ## The boards in Grafana's frontend (GRAFANA_PUBLIC=its public/), with pictures
	@$(BIN)/python -m proofs.boards.look $(ARGS)

.PHONY: e2e-alerts
e2e-alerts: $(STAMP) ## Alerts from a slip of the desk to the receiver, time-lapse and live; twenty minutes
	@$(BIN)/python -m proofs.drills.alerts $(ARGS)

.PHONY: e2e-desks
e2e-desks: $(STAMP) ## Two desks on one Prometheus, each alert at its own receiver; four minutes
	@$(BIN)/python -m proofs.drills.desks $(ARGS)

.PHONY: freshness
freshness: $(STAMP) ## Seconds from an event to the wall, a Grafana panel and the pager; four minutes
	@$(BIN)/python -m proofs.drills.freshness $(ARGS)

.PHONY: compose-lint
compose-lint: $(STAMP) ## docker-compose.yml, Dockerfile and monitoring/, without engine or network
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/compose-lint check --fail-on low docker-compose.yml
	$(BIN)/hadolint --failure-threshold style deploy/docker/Dockerfile
	$(BIN)/python -m scripts.compose_check $(if $(CI),--require-tools)

.PHONY: compose-check
compose-check: compose-lint ## The same and dclint, which npx fetches
	npx --yes dclint@3.1.0 --config deploy/docker/dclint.yaml docker-compose.yml

.PHONY: forecast-check
forecast-check: $(STAMP) ## Whether the forecast's 80 % interval covers what comes, over 20 simulated desks
	$(BIN)/python -m proofs.drills.forecast $(ARGS)

.PHONY: wall
wall: ## Build the wall's page from wall/ into exporters/wall/static (Node 20 or newer)
	cd wall && npm ci --no-progress && npm run --silent types && npm run --silent test && npm run --silent build
	@echo "wall: built; commit exporters/wall/static and wall/built.json"

.PHONY: wall-check
wall-check: ## The wall's types and unit tests, and that what is committed is what is built
	cd wall && npm ci --no-progress && npm run --silent types && npm run --silent test
	cd wall && node build.mjs ../build/wall-static
	diff -r build/wall-static exporters/wall/static
	git diff --exit-code -- wall/built.json
	@echo "wall: exporters/wall/static is what wall/ gives"

.PHONY: e2e-wall
e2e-wall: $(STAMP) ## The wall in a real browser (Chromium, Node); screenshots go to build/screens
	cd wall && npm ci --no-progress --silent
	$(BIN)/python -m pytest tests/browser -m browser $(ARGS)

.PHONY: e2e-wall-short
e2e-wall-short: $(STAMP) ## The half of it that continuous integration runs, in two minutes
	cd wall && npm ci --no-progress --silent
	$(BIN)/python -m pytest tests/browser -m "browser and short" $(ARGS)

.PHONY: wall-pictures
wall-pictures: $(STAMP) ## The wall's pictures in docs/pictures, taken anew (Chromium)
	$(BIN)/python -m pytest tests/browser/test_pictures.py -m browser
	for name in page wall-slip wall-night wall-frozen wall-no-policy wall-es; do \
		cp build/screens/docs-$$name.png docs/pictures/$$name.png; done

.PHONY: demo-pictures
demo-pictures: $(STAMP) ## The demo's first screen in docs/pictures, taken anew (Chromium)
	@$(BIN)/python -m proofs.demo_pictures

.PHONY: format
format: $(STAMP) ## Let ruff format and fix what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: $(STAMP) ## A live worker at four rates, and a backlog against the limit and a plain Faust app
	$(BIN)/python -m proofs.benchmarks $(ARGS)

.PHONY: bench-recovery
bench-recovery: $(STAMP) ## Starts and hand-overs with a million open tickets on Apache Kafka; bytes a ticket
	$(BIN)/python -m proofs.benchmarks.recovery $(ARGS)

.PHONY: soak
soak: $(STAMP) ## Faults of all kinds on three brokers, every figure against the oracle: MINUTES=10 SEED=1
	$(BIN)/python -m proofs.soak --minutes $(MINUTES) --seed $(SEED) $(ARGS)

.PHONY: soak-short
soak-short: $(STAMP) ## The same with four kinds of faults in a few minutes: SEED=1
	$(BIN)/python -m proofs.soak --short --seed $(SEED) $(ARGS)

.PHONY: soak-mutants
soak-mutants: $(STAMP) ## Switch the worker's safeguards off, one at a time: each run must go red
	$(BIN)/python -m proofs.soak.mutants $(ARGS)

.PHONY: lock
lock: $(STAMP) ## Resolve pyproject.toml anew into requirements/*.txt; review the difference
	$(UV) $(ARGS) requirements/build.in --output-file requirements/build.txt
	$(UV) $(ARGS) pyproject.toml --constraint requirements/build.txt --output-file requirements/run.txt
	$(UV) $(ARGS) pyproject.toml requirements/build.in --extra demo --constraint requirements/run.txt \
		--output-file requirements/demo.txt
	$(UV) $(ARGS) pyproject.toml --extra demo --extra dev --constraint requirements/demo.txt \
		--output-file requirements/dev.txt
	@echo "lock: wrote $(LOCKS)"

.PHONY: lock-kafka
lock-kafka: $(STAMP) ## Resolve requirements/kafka-pom.xml anew into kafka.lock.json (Maven)
	@$(BIN)/python -m scripts.kafka_lock

.PHONY: clean
clean: ## Remove what was built and cached here; .venv stays
	rm -rf build/lib build/bdist.* build/wheel build/screens build/history *.egg-info \
		.pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
