# Everything below works on a machine with Python 3.10 or newer and make; packages go into .venv, and those of
# `make test-262` into .venv-262.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
VENV_262 ?= .venv-262
# Further flags of test_tipc/run_chains.py: --stretch 4 on a busy machine; with `make tipc-all` --chains and --models,
# too.
TIPC_FLAGS ?=
# How often `make faults` kills a training.
FAULT_ROUNDS ?= 50
# New folder in which `make rehearse-docker` executes docker/Dockerfile; deleted on success.
DOCKER_FOLDER ?= output/docker_rehearsal
# How long `make soak` keeps the service under load.
SOAK_SECONDS ?= 60
BENCHMARKS ?= data class_data loss evaluate train_step scaling exported
BENCHMARK_DIR ?= output/benchmark
# Parallel test processes; each computes with one thread (tests/conftest.py).
TEST_PROCESSES ?= 2
# `make test-262` computes with Paddle's own kernels, so that both backends are tested. It leaves out tests of `make
# test` that hardly depend on Paddle (pages, shell scripts, lists of packages, messages of the commands, model cards), and
# those that take long: speed, faults, and tools that only start trainings.
NOT_IN_262 := benchmark commands/test_bad_input.py docker docs environment faults model_card packaging tipc \
	$(addprefix tools/test_,label_doctor.py make_class_crops.py train_list.py)

.PHONY: help venv venv-dev venv-deploy web-runtime test test-deploy test-262 test-fast faults soak lint format quickstart tipc tipc-all \
	benchmark docker-lists rehearse-docker clean
.DEFAULT_GOAL := help

help:
	@echo 'make quickstart  train, evaluate, predict, export and deploy on drawn street scenes (CPU, 10 minutes)'
	@echo 'make tipc        chains of PaddlePaddle (TIPC): training for all sizes; int8, ONNX, serving for one (CPU, minutes)'
	@echo 'make tipc-all    all of its chains for all sizes (CPU, a quarter of an hour; a C++ compiler)'
	@echo 'make benchmark   speed against plain implementations, side by side (CPU, minutes)'
	@echo 'make test        all tests but those of make test-deploy'
	@echo 'make test-deploy tests of engines, serving, C++ and deploy/web: requirements-deploy.txt, a C++ compiler, Chromium, npm'
	@echo 'make test-262    tests of the package and its commands with Paddle 2.6.2, in $(VENV_262) (6 minutes on 2 cores)'
	@echo 'make test-fast   all tests but those that run commands and those marked slow'
	@echo 'make faults      trainings killed at random moments, FAULT_ROUNDS of them (50; CPU, a quarter of an hour)'
	@echo 'make soak        the service under hostile requests and SOAK_SECONDS of load (60), and a picture of 20,000 x 20,000'
	@echo '                 pixels in 1.5 GB of memory (CPU, 10 minutes)'
	@echo 'make rehearse-docker  the steps of docker/Dockerfile without an engine (network, 2 GB, minutes)'
	@echo 'make docker-lists     copy the lists of packages to docker/'
	@echo 'make lint        style and documentation checks'
	@echo 'make format      put the code into the common format'
	@echo 'make venv        only set up $(VENV) with the packages of requirements.txt'
	@echo 'make clean       delete caches (never $(VENV), $(VENV_262), data/ or output/)'

venv: $(VENV)/.installed

venv-dev: $(VENV)/.installed-dev

venv-deploy: $(VENV)/.installed-deploy

$(VENV)/.installed: requirements.txt tools/setup_venv.sh
	@bash tools/setup_venv.sh $(PYTHON) $(VENV)
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt setup.py
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.installed-deploy: $(VENV)/.installed-dev requirements-deploy.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-deploy.txt
	@touch $@

# onnxruntime-web, for the tests of deploy/web; without npm those that need it are skipped with this reason.
web-runtime: deploy/web/node_modules/.installed

deploy/web/node_modules/.installed: deploy/web/package.json deploy/web/package-lock.json
	@if command -v npm > /dev/null; then npm ci --prefix deploy/web --ignore-scripts --no-audit --no-fund --silent && touch $@; \
		else echo 'no npm here: deploy/web is tested without onnxruntime-web'; fi

# Paddle 2.6.2 with the other packages of requirements-gpu.txt: the newest that users of GPUs get from PyPI.
$(VENV_262)/.installed: requirements-gpu.txt requirements-dev.txt tools/setup_venv.sh
	@bash tools/setup_venv.sh $(PYTHON) $(VENV_262) requirements-gpu.txt
	@$(VENV_262)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

test: venv-dev
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) -m "not extras"

test-deploy: venv-deploy web-runtime
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) -m extras

test-262: $(VENV_262)/.installed
	PADDLESEG_CPU_BACKEND=paddle $(VENV_262)/bin/python -m pytest -n $(TEST_PROCESSES) -m "not extras" $(NOT_IN_262:%=--ignore=tests/%)

test-fast: venv-dev
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) -m "not slow and not extras"

faults: venv-dev
	FAULT_ROUNDS=$(FAULT_ROUNDS) $(BIN)/python -m pytest -n $(TEST_PROCESSES) tests/faults

soak: venv-deploy
	SOAK_SECONDS=$(SOAK_SECONDS) $(BIN)/python -m pytest -n 0 -s tests/soak
	$(BIN)/python benchmark/soak_large_picture.py

lint: venv-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: venv-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

quickstart: venv
	$(BIN)/python tools/quickstart.py

tipc: venv-deploy
	PYTHON=$(BIN)/python $(BIN)/python test_tipc/run_chains.py --quick $(TIPC_FLAGS)

tipc-all: venv-deploy
	PYTHON=$(BIN)/python $(BIN)/python test_tipc/run_chains.py $(TIPC_FLAGS)

# Each prints a table and writes a list of measurements to $(BENCHMARK_DIR).
benchmark: venv
	@mkdir -p $(BENCHMARK_DIR)
	@set -e; for name in $(BENCHMARKS); do \
		echo "== $$name"; $(BIN)/python benchmark/$$name.py --json $(BENCHMARK_DIR)/$$name.json; \
	done

# docker/ is a separate build context and cannot see the lists outside it.
docker-lists:
	cp requirements.txt requirements-gpu.txt requirements-serving.txt constraints.txt constraints-gpu.txt docker/

rehearse-docker:
	$(PYTHON) tools/rehearse_dockerfile.py $(DOCKER_FOLDER)
	rm -rf $(DOCKER_FOLDER)

clean:
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -not -path './$(VENV_262)/*' -prune -exec rm -r {} +
	rm -rf .pytest_cache .ruff_cache .hypothesis build *.egg-info
