# Detector and model ensemble: the mean heatmap of several networks is decoded. tools/misc/merge_checkpoints.py
# makes its checkpoint of theirs. The paper does not say how many there are; model.others are those after the first.
_base_ = './hrnet_w48_coco_aic_384x288_dark_detectors_testdev.py'

model = dict(type='HeatmapEnsemble', others=1)
