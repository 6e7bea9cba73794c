# ViTPose+, trained on six datasets at once; this is the expert of MPII.
# A training goes on from published weights (load_from).
_base_ = './vitpose_large_mpii_256x192.py'

model = dict(backbone=dict(num_experts=6, part_features=256, init_cfg=None))
