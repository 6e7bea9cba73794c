_base_ = [
    '../../../_base_/default_runtime.py',
    '../../../_base_/models/hrnet_small.py',
    '../../../_base_/datasets/lspet.py',
    '../../../_base_/inputs/128x96.py',
]
