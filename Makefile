# The front door. Each target says what it does (`make help`); what it needs, it makes itself.

SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .local/venv
PYTHON := $(VENV)/bin/python
# Written when the environment is complete, so that it is made anew only when the list changes.
STAMP := $(VENV)/complete
# What only the measure needs; the baseline runs in it.
BENCH_VENV := .local/bench-venv
BENCH_STAMP := $(BENCH_VENV)/complete
# The linter of policies and templates.
CHECKOV := .local/checkov
CHECKOV_STAMP := $(CHECKOV)/complete
# The evaluator of IAM policies, with Node.js if the machine has none.
EVALUATOR := .local/iam
EVALUATOR_STAMP := $(EVALUATOR)/complete
# What installs zonelink: the SAM CLI and cargo-lambda.
DEPLOY_TOOLS := .local/deploy-tools
DEPLOY_STAMP := $(DEPLOY_TOOLS)/complete
# The linters of .github/workflows.
WORKFLOW_TOOLS := .local/workflow-tools
WORKFLOW_STAMP := $(WORKFLOW_TOOLS)/complete
# How long the steps of `make test` took, in seconds.
STEPS := .local/steps.tsv
# Tests wait more than they work: three workers, each with a local AWS of its own, keep two cores busy.
WORKERS ?= 3
PYTEST := $(PYTHON) -m pytest -p no:cacheprovider -q
SIDE_BY_SIDE := -n $(WORKERS) --no-loadscope-reorder
FUNCTIONS := accept-connections reconcile-records backfill
TEMPLATES := template.yaml infra/client.yaml infra/join.yaml infra/organizations.yaml infra/route53-events.yaml

export PYTHONPATH := tools:tests
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: setup build ## Watch it work, start to end, in a local AWS of its own (half a minute)
	@$(PYTHON) -m demo

.PHONY: test
test: ## Run every check and every test
	@rm -f $(STEPS)
# What is missing is said before anything else, and rustup brings the toolchain once.
	@.ci/setup && cargo --version
# cargo lets one of its commands build at a time; meanwhile the tools are fetched.
	@.ci/step "tools, checks of form, build" $(MAKE) --no-print-directory -j 3 build tools lint
	.ci/step "tests in Rust" $(MAKE) --no-print-directory test-rust
	.ci/step "mutants" $(MAKE) --no-print-directory mutants
	.ci/step "whole flows" $(PYTEST) $(SIDE_BY_SIDE) tests/flow tests/conformance tests/tools tests/docs
# It judges what the flows have just asked for.
	.ci/step "policies" $(PYTEST) tests/iam
	.ci/step "sam build" $(PYTHON) -m deploy
	.ci/step "deploying, alarms, remedies, command line" $(PYTEST) $(SIDE_BY_SIDE) \
	  tests/deploy tests/drills tests/remedies tests/cli
	@echo "Seconds for each step:" && cat $(STEPS)

.PHONY: test-rust
test-rust: ## Run the tests that need no local AWS; part of `make test`
	cargo test --locked -p shared
	cargo test --locked

.PHONY: mutants
mutants: setup ## Break the product on purpose: the simulation must see each mutant; part of `make test`
	$(PYTHON) tests/mutants.py

.PHONY: test-deploy
test-deploy: setup build $(DEPLOY_STAMP) ## Deploy with SAM and cargo-lambda, as docs/DEPLOY.md says; part of `make test`
	$(PYTEST) tests/deploy

.PHONY: bench
bench: setup $(BENCH_STAMP) ## Measure everything beside a plain boto3 function (a quarter of an hour); BUILDS=1 adds clean builds
	$(PYTHON) -m bench $(if $(BUILDS),--builds)

.PHONY: bench-smoke
bench-smoke: setup build ## Check the exact counts of calls, and the measure itself; part of `make test`
	$(PYTEST) tests/tools/bench

.PHONY: lint
lint: setup $(CHECKOV_STAMP) $(WORKFLOW_STAMP) ## Check form: rustfmt, clippy, cfn-lint, checkov, zizmor
	cargo fmt --all --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked -p planning-bench --all-targets -- -D warnings
	$(VENV)/bin/cfn-lint $(TEMPLATES)
	$(CHECKOV)/bin/checkov --config-file .checkov.yaml $(TEMPLATES:%=--file %)
	$(CHECKOV)/bin/checkov --config-file .checkov.yaml --directory infra/terraform
	$(WORKFLOW_TOOLS)/bin/zizmor --quiet --offline .github/workflows
	$(WORKFLOW_TOOLS)/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml

.PHONY: build
build: ## Build the functions, the command line tool, and what asks the port for its claims
	cargo build --locked $(FUNCTIONS:%=-p %) -p zonelink -p conformance-aws

.PHONY: up
up: setup build ## Start a local AWS with zonelink installed, to try things by hand
	@$(PYTHON) -m demo.up

.PHONY: down
down: ## Stop what `make up` started
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m local_aws.down; else echo "The local AWS is not up."; fi
	@rm -f "$${LOCAL_AWS_DIR:-.local}/env"

.PHONY: setup
setup: $(STAMP) ## Make the Python environment in .local/venv

$(STAMP): tools/local_aws/requirements.txt .ci/setup
	@.ci/setup $(VENV) $<
	@touch $@

$(BENCH_STAMP): tools/bench/requirements.txt .ci/setup
	@.ci/setup $(BENCH_VENV) $<
	@touch $@

.PHONY: tools
tools: setup browser $(CHECKOV_STAMP) $(WORKFLOW_STAMP) $(EVALUATOR_STAMP) $(DEPLOY_STAMP) ## Bring everything that the tests need

.PHONY: browser
browser: ## Bring Chromium, in which tests look at the report
	@.ci/browser

$(CHECKOV_STAMP): .ci/checkov.txt .ci/setup
	@.ci/setup $(CHECKOV) $<
	@touch $@

$(WORKFLOW_STAMP): .ci/workflows.txt .ci/setup
	@.ci/setup $(WORKFLOW_TOOLS) $<
	@touch $@

$(DEPLOY_STAMP): .ci/deploy.txt .ci/setup
	@.ci/setup $(DEPLOY_TOOLS) $<
	@touch $@

$(EVALUATOR_STAMP): tests/iam/package-lock.json .ci/setup-node
	@.ci/setup-node $(EVALUATOR) $(<D)
	@touch $@

.PHONY: release-dry-run
release-dry-run: ## Make the files of a release in target/release-files, for this machine, as a tag makes them for all
	rm -rf target/release-files
	.ci/release functions target/release-files $(if $(filter arm64 aarch64,$(shell uname -m)),arm64,x86_64)
	.ci/release cli target/release-files $(shell rustc -vV | sed -n 's/host: //p')
	.ci/release sbom target/release-files
	.ci/release-sums target/release-files

.PHONY: clean
clean: down ## Remove .local and Python's caches; cargo's target stays
	rm -rf .local .pytest_cache
	find tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
