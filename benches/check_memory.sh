#!/usr/bin/env bash
# Peak memory of `check` on large inputs, deduplication included: 1,000,000 rows as xlsx, 5,000,000 as csv.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked --bin ecert-audit --example make-large
target=${CARGO_TARGET_DIR:-target}/release
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for input in "xlsx 1000000" "csv 1000000" "csv 5000000"; do
  # shellcheck disable=SC2086
  "$target/examples/make-large" "$dir" $input
  /usr/bin/time -f "$input rows: peak %M KiB, %e s" "$target/ecert-audit" check "$dir/job.toml" >/dev/null
  rm -f "$dir"/large.*
done
