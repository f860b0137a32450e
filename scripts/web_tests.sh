#!/usr/bin/env bash
# Unit tests of the browser modules in Node.js, when it is here.
set -euo pipefail
cd "$(dirname "$0")/.."
shopt -s nullglob
files=(tests/web/*.test.js tests/web/*.test.mjs)
if [ ${#files[@]} -eq 0 ]; then
  exit 0
elif ! command -v node >/dev/null; then
  echo "web tests: skipped, Node.js is not here (Debian: apt-get install nodejs)"
else
  node --test "${files[@]}"
fi
