#!/usr/bin/env bash
# Writes requirements*.txt: exact versions with hashes, for every platform, without the address of any registry.
set -euo pipefail
cd "$(dirname "$0")/.."
tool=$(mktemp -d)
trap 'rm -rf "$tool"' EXIT
"${BIN:-.venv/bin}/python" -m venv "$tool"
"$tool/bin/python" -m pip install --quiet --disable-pip-version-check 'uv==0.13.9'
compile() {
  "$tool/bin/uv" pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
    --no-header --no-emit-index-url --no-emit-find-links "$@"
}
compile pyproject.toml --output-file requirements.txt
# One version of a package in all three files, or they could not be installed together.
compile pyproject.toml --extra dev --constraints requirements.txt --output-file requirements-dev.txt
# Peers of the benchmarks: beside the others, so that what is measured is what is shipped.
compile pyproject.toml --extra bench --constraints requirements-dev.txt --output-file requirements-bench.txt
compile - --constraints requirements-dev.txt --output-file requirements-build.txt <<<'hatchling>=1.27'
echo "Locked. Run 'make licences' and 'make check' before you commit."
