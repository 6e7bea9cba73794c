# Detector ensemble: the boxes of all files are tried, OKS-NMS keeps one pose a person.
# The paper does not name its detectors; the second file is yours to make.
_base_ = './hrnet_w48_coco_aic_384x288_dark_testdev.py'

test_dataloader = dict(
    dataset=dict(
        bbox_file=[
            'data/coco/person_detection_results/COCO_test-dev2017_detections_AP_H_609_person.json',
            'data/coco/person_detection_results/COCO_test-dev2017_detections_second_person.json',
        ]
    )
)
