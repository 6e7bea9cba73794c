#!/usr/bin/env bash
# Train with several processes, one a GPU (or on the CPU where there is none).
#   tools/dist_train.sh CONFIG GPUS [arguments of train.py]
# Environment: PYTHON; for several machines NNODES, NODE_RANK, MASTER_ADDR and PORT, the same on all but NODE_RANK.
set -euo pipefail
if [ $# -lt 2 ]; then
    sed -n '2,4s/^# //p' "$0" >&2
    exit 2
fi
CONFIG=$1 GPUS=$2; shift 2
TOOLS=$(cd "$(dirname "$0")" && pwd)
export PYTHONPATH="${TOOLS%/*}${PYTHONPATH:+:$PYTHONPATH}"
CORES=$(nproc 2>/dev/null || sysctl -n hw.ncpu)
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$((CORES / GPUS > 0 ? CORES / GPUS : 1))}
export MKL_NUM_THREADS=${MKL_NUM_THREADS:-$OMP_NUM_THREADS}
if [ "${NNODES:-1}" -gt 1 ] || [ -n "${PORT:-}" ]; then
    MEETING=(--nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}")
else
    MEETING=(--standalone) # one machine: a free port is found
fi
exec "${PYTHON:-python}" -m torch.distributed.run "${MEETING[@]}" --nproc_per_node="$GPUS" \
    "$TOOLS/train.py" "$CONFIG" --launcher pytorch "$@"
