_base_ = './hourglass4.py'

model = dict(backbone=dict(num_stacks=8))
