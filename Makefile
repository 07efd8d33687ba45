# One-line aliases; each tool can be run by hand. See CONTRIBUTING.md.
PY := .venv/bin/python
.PHONY: setup run test check bench soak format lock

setup: .venv/.ready
.venv/.ready: requirements.lock requirements-dev.lock
	python3 -m venv .venv && .venv/bin/pip install -q --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock && .venv/bin/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . && touch $@
.venv/.dev: .venv/.ready requirements-dev.lock
	.venv/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock && touch $@
run: setup
	.venv/bin/estafette dev
test: .venv/.dev
	$(PY) tests/run.py
check: .venv/.dev
	.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/lint-imports
bench: .venv/.dev
	$(PY) benchmarks/run.py
soak: .venv/.dev
	$(PY) tests/soak.py --minutes $(or $(MINUTES),60)
format: .venv/.dev
	.venv/bin/ruff check --fix-only . ; .venv/bin/ruff format .
lock: .venv/.dev
	$(PY) tools/lock.py
