# The schedule of ViTPose: AdamW whose learning rate falls by layer_decay_rate with each layer from the head to the
# patches, gradients clipped. Recipes of other sizes than base say their own rate.
_base_ = './adam_210e.py'

optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=5e-4, betas=(0.9, 0.999), weight_decay=0.1),
    constructor='LayerDecayOptimWrapperConstructor',
    paramwise_cfg=dict(layer_decay_rate=0.75),
    clip_grad=dict(max_norm=1.0, norm_type=2),
)
