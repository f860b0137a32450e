#!/usr/bin/env bash
# Type check of the browser modules (types in JSDoc), when the checker is here.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! compgen -G 'viz/web/js/*.js' >/dev/null; then
  echo "web types: no browser module yet"
elif [ ! -x node_modules/.bin/tsc ]; then
  echo "web types: skipped, npm and its packages are not here"
else
  node_modules/.bin/tsc --project tsconfig.json
  echo "web types: clean"
fi
