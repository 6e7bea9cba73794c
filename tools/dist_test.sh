#!/usr/bin/env bash
# Test with several processes, one a GPU (or on the CPU where there is none).
#   tools/dist_test.sh CONFIG CHECKPOINT GPUS [arguments of test.py]
# Exit status: 0, 2 (a mistake, told once), 3 (images that could not be read), 130 (interrupted).
# Environment: PYTHON; MAX_RESTARTS after a lost process or machine; for several machines (docs/distributed.md) NNODES,
#   NODE_RANK, MASTER_ADDR (of the first one) and PORT or MASTER_PORT, the same on all but NODE_RANK.
set -euo pipefail
AGAIN=$(printf "%q " "$0" "$@") # what to type to go on
if [ $# -lt 3 ]; then
    sed -n '2,6s/^# //p' "$0" >&2
    exit 2
fi
CONFIG=$1 CHECKPOINT=$2 GPUS=$3; shift 3
case $GPUS in *[!0-9]* | "" | 0) echo "$0: GPUS is a number of processes, not '$GPUS'" >&2; exit 2 ;; esac
TOOLS=$(cd "$(dirname "$0")" && pwd)
export PYTHONPATH="${TOOLS%/*}${PYTHONPATH:+:$PYTHONPATH}"
CORES=$(nproc 2>/dev/null || sysctl -n hw.ncpu)
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$((CORES / GPUS > 0 ? CORES / GPUS : 1))}
export MKL_NUM_THREADS=${MKL_NUM_THREADS:-$OMP_NUM_THREADS}
PORT=${PORT:-${MASTER_PORT:-}}
MEETING=(--max-restarts "${MAX_RESTARTS:-0}")
if [ "${NNODES:-1}" != 1 ] || [ -n "$PORT" ]; then
    MEETING+=(--nodes "${NNODES:-1}" --node-rank "${NODE_RANK:-0}" --host "${MASTER_ADDR:-127.0.0.1}" --port "${PORT:-29500}")
fi
exec "${PYTHON:-python}" -m mmpose_dark.cli.launch --processes "$GPUS" "${MEETING[@]}" --again "$AGAIN" \
    "$TOOLS/test.py" "$CONFIG" "$CHECKPOINT" --launcher pytorch "$@"
