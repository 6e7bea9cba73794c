# "Extra AIC training data": COCO and AI Challenger together, the latter's joints renumbered as COCO's (the face
# has none there, head top and neck none here). Tested on COCO test-dev2017.
_base_ = './coco_testdev.py'

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='CombinedDataset',
        metainfo=dict(from_file='coco'),
        datasets=[
            dict(
                type='CocoDataset',
                data_root='data/coco/',
                data_mode='topdown',
                ann_file='annotations/person_keypoints_train2017.json',
                data_prefix=dict(img='train2017/'),
            ),
            dict(
                type='AicDataset',
                data_root='data/aic/',
                data_mode='topdown',
                ann_file='annotations/aic_train.json',
                data_prefix=dict(img='ai_challenger_keypoint_train_20170902/keypoint_train_images_20170902/'),
                pipeline=[
                    dict(
                        type='KeypointConverter',
                        num_keypoints=17,
                        mapping=[
                            (0, 6), (1, 8), (2, 10), (3, 5), (4, 7), (5, 9),
                            (6, 12), (7, 14), (8, 16), (9, 11), (10, 13), (11, 15),
                        ],
                    )
                ],
            ),
        ],
    )
)  # fmt: skip
