# make demo: from nothing to a cited answer on the packaged laws.  make test: lint, types, tests.
# Both create the virtual environment and install what they need; a second run is quick.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOME_DIR := .yilun
STAMP := $(VENV)/.installed
DEMO_AS_OF := 2026-11-22

.PHONY: demo test lint fast bench soak schemas clean

demo: $(STAMP)-app
	$(BIN)/yilun build --home $(HOME_DIR)
	@echo
	$(BIN)/yilun judge "手术前医生没有告诉患者还有保守治疗的办法，只让家属在同意书上签了字" --as-of $(DEMO_AS_OF) --home $(HOME_DIR)
	@echo
	@echo "打开浏览页面：$(BIN)/yilun app --home $(HOME_DIR)   然后访问 http://127.0.0.1:8501"

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(STAMP)-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fast: $(STAMP)-dev
	$(BIN)/python -m pytest -m "not server and not browser and not corpus and not slow"

bench: $(STAMP)-dev
	$(BIN)/python -m tests.bench.build_bench
	$(BIN)/python -m tests.bench.retrieval_bench

soak: $(STAMP)-dev
	$(BIN)/python -m tests.bench.soak --inputs 1000000 --day $$(date +%F) --log docs/benchmarks/soak.jsonl

schemas: $(STAMP)-dev
	$(BIN)/python -m app.contracts docs/schemas

$(STAMP)-app: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-compile -e '.[app]'
	touch $@

$(STAMP)-dev: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[app,serve,llm,qdrant,embed,train,dev]'
	touch $(STAMP)-app $@

clean:
	rm -rf $(VENV) $(HOME_DIR)
