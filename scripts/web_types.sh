#!/usr/bin/env bash
# Type check of the browser modules (types in JSDoc), when Node.js is here to run the checker.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! compgen -G 'viz/web/js/*.js' >/dev/null; then
  echo "web types: no browser module yet"
elif ! command -v npm >/dev/null; then
  echo "web types: skipped, Node.js is not here (Debian: apt-get install nodejs npm)"
else
  stamp=node_modules/.kith-stamp
  if [ ! -e "$stamp" ] || [ package-lock.json -nt "$stamp" ]; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    touch "$stamp"
  fi
  node_modules/.bin/tsc --project tsconfig.json
  echo "web types: clean"
fi
