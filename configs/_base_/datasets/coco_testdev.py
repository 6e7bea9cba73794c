# COCO trained and validated as usual, tested on test-dev2017. Its annotations are the COCO server's: the test
# writes work_dirs/coco_testdev.keypoints.json, to be uploaded at https://cocodataset.org/#upload.
_base_ = './coco.py'

test_dataloader = dict(
    dataset=dict(
        ann_file='annotations/image_info_test-dev2017.json',
        bbox_file='data/coco/person_detection_results/COCO_test-dev2017_detections_AP_H_609_person.json',
        data_prefix=dict(img='test2017/'),
    )
)
test_evaluator = dict(_delete_=True, type='CocoMetric', format_only=True, outfile_prefix='work_dirs/coco_testdev')
