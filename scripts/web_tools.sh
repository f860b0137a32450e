#!/usr/bin/env bash
# The checkers that come from npm, exactly as locked, when npm is here.
set -euo pipefail
cd "$(dirname "$0")/.."
stamp=node_modules/.kith-stamp
if ! command -v npm >/dev/null; then
  echo "web tools: skipped, npm is not here (Debian: apt-get install nodejs npm)"
elif [ ! -e "$stamp" ] || [ package-lock.json -nt "$stamp" ]; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  touch "$stamp"
fi
