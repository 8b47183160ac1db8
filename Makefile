# make demo: set up, read the example documents, ask, and serve the chat page.
# make test: set up, check, and run every test.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO := $(BIN)/answerloop --home .answerloop/demo --config examples/answerloop.toml
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM = false

.PHONY: install demo check test format constraints clean

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt --editable '.[train,dev]'
	$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true  # on all cores, where pip has one; some packages hold files that are no Python
	touch $@

demo: install
	$(DEMO) ingest
	$(DEMO) ask "How do I roll back a deployment?"
	$(DEMO) serve

check: install
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# One process more than cores: many tests wait for what others do. A machine that is shared stalls now and then: up to three
# tests that fail are run once more, and told with why they failed.
test: check
	sh tests/system-packages.sh
	$(BIN)/pytest -n $$(( $$(nproc) > 3 ? 4 : $$(nproc) + 1 )) --dist loadfile --no-loadscope-reorder \
		--reruns 1 --reruns-delay 2 --max-suite-reruns 3 --rerun-show-tracebacks

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Resolves anew within pyproject.toml; torch stays at the build for CPUs that the machines have.
constraints:
	rm -rf .cache/constraints
	$(PYTHON) -m venv .cache/constraints
	echo 'torch==2.13.0' > .cache/torch.txt
	.cache/constraints/bin/python -m pip install --quiet --constraint .cache/torch.txt --editable '.[train,dev]'
	echo '# What make installs, so that every machine tests the same. Renewed by: make constraints' > constraints.txt
	echo 'torch==2.13.0' >> constraints.txt
	.cache/constraints/bin/python -m pip freeze --exclude-editable | grep -v '^torch==' >> constraints.txt

clean:
	rm -rf $(VENV) .answerloop .cache build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
