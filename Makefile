# The two commands that matter: `make lab` for learners, `make test` for instructors. CONTRIBUTING.md explains the rest.

SHELL := /bin/sh
# The first Python that is new enough; say `make lab PYTHON=/path/to/python3.12` to choose another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
PY := $(VENV)/bin/python
PIP = $(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt
# $(call install,WHAT,OPTIONS OF UV): uv installs in a quarter of pip's time. Where there is no uv, or it cannot reach what
# pip can (a mirror set up for pip alone), pip does the same.
define install
	@$(PY) -m uv pip install --quiet --python $(PY) -c constraints.txt $(2) $(1) \
		|| { echo "uv could not do it; pip installs the same, which takes longer …"; $(PIP) $(1); }
endef
# A run of the tests notes its CPU seconds, by part, in the file $(CPU); at the end a table shows them.
CPU = build/cpu-$@.jsonl
# One thread to a process: as many processes as cores, each with as many threads, wait for each other (and burn CPU at it).
# As all cores are busy, an answer gets four times its seconds before it is stopped.
PYTEST = COURSE_PATIENCE=4 OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 COURSE_CPU_LOG=$(CPU) $(PY) -m pytest -p authoring.cpu -q
# Where this is set, every process would compile TensorFlow's thousands of files anew, 9 s of the 14 s that its import then takes.
unexport PYTHONDONTWRITEBYTECODE
BUDGET := 2000
WHERE := $(if $(LESSON),--lesson $(LESSON))
# nbval runs with every notebook of a folder, or those of one lesson
NOTEBOOKS = $(if $(LESSON),$(wildcard notebooks/$(LESSON)_*.ipynb exercises/$(LESSON)_*.ipynb solutions/$(LESSON)_*.ipynb),notebooks exercises solutions)

KNOWN_LESSON = $(if $(LESSON),test -n "$(NOTEBOOKS)" || { echo "There is no lesson $(LESSON). See the table in README.md."; exit 2; })
# The two halves of `make test`, which continuous integration runs side by side. PYTEST_ARGS goes to the first.
TEST_CODE = $(if $(SEEDS),SEEDS=$(SEEDS)) $(if $(WEEKLY),WEEKLY=$(WEEKLY)) $(if $(TURN),TURN=$(TURN)) $(PYTEST) tests -m "not browser" -n auto --dist worksteal $(WHERE) $(PYTEST_ARGS)
TEST_NOTEBOOKS = COURSE_HEADLESS=1 $(PYTEST) --nbval-lax --nbval-current-env --nbval-cell-timeout 600 -p no:cacheprovider \
	-n auto --dist loadfile $(NOTEBOOKS)
BACKENDS ?= jax torch

.PHONY: lab test test-code test-notebooks test-backends test-browser test-nbgrader notebooks numbers course capstones calibrate bench lint format constraints site wheel clean

lab: $(VENV)/.installed
	@$(PY) -m course_lib lab $(ARGS)

test: $(VENV)/.dev
	@$(KNOWN_LESSON)
	@rm -f $(CPU)
	$(TEST_CODE)
	$(TEST_NOTEBOOKS)
	@$(PY) -m authoring cpu $(CPU) $(if $(LESSON)$(SEEDS)$(WEEKLY),,--budget $(BUDGET))

test-code: $(VENV)/.dev
	@$(KNOWN_LESSON)
	@rm -f $(CPU)
	$(TEST_CODE)
	@$(PY) -m authoring cpu $(CPU)

test-notebooks: $(VENV)/.dev
	@$(KNOWN_LESSON)
	@rm -f $(CPU)
	$(TEST_NOTEBOOKS)
	@$(PY) -m authoring cpu $(CPU)

test-backends: $(VENV)/.backends
	@rm -f $(CPU)
	@set -ex; for backend in $(BACKENDS); do \
		$(if $(WEEKLY),WEEKLY=$(WEEKLY)) $(if $(TURN),TURN=$(TURN)) KERAS_BACKEND=$$backend $(PYTEST) tests -m "backends and not browser" -n auto --dist loadfile; done
	@$(PY) -m authoring cpu $(CPU)

test-browser: $(VENV)/.browser $(VENV)/.site
	@rm -f $(CPU)
	$(PYTEST) tests -m browser
	@$(PY) -m authoring cpu $(CPU)

PURELIB = import sysconfig; print(sysconfig.get_path("purelib"))
# nbgrader in an environment of its own, which sees all that $(VENV) has: in $(VENV) it would put its buttons into learners' JupyterLab.
test-nbgrader: build/nbgrader/.installed
	COURSE_PATIENCE=4 OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 build/nbgrader/bin/python -m pytest -q tests/test_nbgrader.py

build/nbgrader/.installed: $(VENV)/.dev
	@$(PY) -m venv --without-pip build/nbgrader
	@echo "import site; site.addsitedir('$$($(PY) -c '$(PURELIB)')')" >"$$(build/nbgrader/bin/python -c '$(PURELIB)')/course.pth"
	@build/nbgrader/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt "nbgrader>=0.9"
	@touch $@

notebooks: $(VENV)/.dev
	@$(PY) -m authoring build $(WHERE) $(if $(FORCE),--force)
	@$(PY) -m authoring numbers $(WHERE)

numbers: $(VENV)/.dev
	@$(PY) -m authoring numbers $(WHERE)

course: $(VENV)/.dev
	@$(PY) -m authoring course $(WHERE)

capstones: $(VENV)/.dev
	@$(PY) -m authoring capstones $(WHERE)

calibrate: $(VENV)/.dev
	@$(PY) -m authoring calibrate $(WHERE) $(if $(SEEDS),--seeds $(SEEDS))

bench: $(VENV)/.dev
	@$(PY) -m bench

lint: $(VENV)/.dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m pytest tests/test_lessons.py -q

format: $(VENV)/.dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# Pins what is installed, of all parts of the course; local version labels (+cpu) are no versions that others can get.
# soupsieve 4 needs 3.11.5, and Debian 12 has 3.11.2: there the pin would make the whole set impossible to install.
constraints: $(VENV)/.backends $(VENV)/.browser build/nbgrader/.installed
	@{ echo "# The set that the course was tested with. Made by \`make constraints\`; requirements.txt has the lower bounds."; \
	   { build/nbgrader/bin/python -m pip freeze --exclude-editable --exclude bottleneck-course --exclude setuptools; $(PY) -m pip freeze --all | grep ^setuptools==; } | sort -f | sed 's/+cpu$$//; s/^soupsieve==.*/&; python_full_version >= "3.11.5"/'; } > constraints.txt

$(VENV)/.installed: requirements.txt constraints.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Bottleneck needs Python 3.11, 3.12 or 3.13; none was found. Install one, or say: make lab PYTHON=/path/to/python3.12"; exit 1; }
	@test -x $(PY) || { echo "Making $(VENV) and installing the course (once) …"; $(PYTHON) -m venv $(VENV); }
	@$(PIP) uv || true
	$(call install,-e .)
	@touch $@

# What authors need and learners do not.
$(VENV)/.dev: $(VENV)/.installed
	$(call install,-e ".[dev]")
	@touch $@

# CPU builds of PyTorch, which only uv can ask for by name; pip takes what the package index gives it.
$(VENV)/.backends: $(VENV)/.dev
	@echo "Installing JAX and PyTorch for the tests of the other backends …"
	$(call install,-e ".[backends]",--torch-backend cpu)
	@touch $@

$(VENV)/.browser: $(VENV)/.dev
	$(call install,-e ".[browser]")
	@touch $@

# The course as one file, data included, for places where its folder is not.
wheel: $(VENV)/.dev
	@$(PY) -m authoring wheel

# The web version, from what is stored; nothing is executed.
site: $(VENV)/.site
	@$(PY) -m authoring site

$(VENV)/.site: $(VENV)/.dev
	$(call install,-e ".[site]")
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info
