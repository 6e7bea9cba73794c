# ViTPose+, trained on six datasets at once; this is the expert of AIC.
# A training goes on from published weights (load_from).
_base_ = './vitpose_huge_aic_256x192.py'

model = dict(backbone=dict(num_experts=6, part_features=320, init_cfg=None))
