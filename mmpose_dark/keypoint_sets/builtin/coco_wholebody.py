"""COCO-WholeBody: 17 body, 6 foot, 68 face and 2 x 21 hand keypoints; sigmas of its release."""

import itertools

from .coco import dataset_info as _coco

_FINGERS = dict(
    thumb=[255, 128, 0],
    forefinger=[255, 153, 255],
    middle_finger=[102, 178, 255],
    ring_finger=[255, 51, 51],
    pinky_finger=[0, 255, 0],
)

# Mirror partner within the 68 face points: contour, brows, nose, eyes, mouth.
_FACE_SWAP = [
    16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0,
    26, 25, 24, 23, 22, 21, 20, 19, 18, 17,
    27, 28, 29, 30, 35, 34, 33, 32, 31,
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
]  # fmt: skip


def _keypoint(name, color, kind, swap):
    return dict(name=name, color=color, type=kind, swap=swap)


def _keypoint_info():
    points = [dict(k) for _, k in sorted(_coco['keypoint_info'].items())]
    for side, other in (('left', 'right'), ('right', 'left')):
        points += [
            _keypoint(f'{side}_{p}', [255, 128, 0], 'lower', f'{other}_{p}') for p in ('big_toe', 'small_toe', 'heel')
        ]
    points += [
        _keypoint(f'face-{i}', [255, 255, 255], '', '' if i == j else f'face-{j}') for i, j in enumerate(_FACE_SWAP)
    ]
    for side, other in (('left', 'right'), ('right', 'left')):
        points.append(_keypoint(f'{side}_hand_root', [255, 255, 255], 'upper', f'{other}_hand_root'))
        points += [
            _keypoint(f'{side}_{finger}{i}', color, 'upper', f'{other}_{finger}{i}')
            for finger, color in _FINGERS.items()
            for i in (1, 2, 3, 4)
        ]
    return {i: dict(point, id=i) for i, point in enumerate(points)}


def _skeleton_info():
    links = [(s['link'], s['color']) for _, s in sorted(_coco['skeleton_info'].items())]
    for side, color in (('left', [0, 255, 0]), ('right', [255, 128, 0])):
        links += [((f'{side}_ankle', f'{side}_{p}'), color) for p in ('big_toe', 'small_toe', 'heel')]
    for side in ('left', 'right'):
        for finger, color in _FINGERS.items():
            chain = [f'{side}_hand_root', *(f'{side}_{finger}{i}' for i in (1, 2, 3, 4))]
            links += [(pair, color) for pair in itertools.pairwise(chain)]
    return {i: dict(link=link, id=i, color=color) for i, (link, color) in enumerate(links)}


_FACE_SIGMAS = [
    0.042, 0.043, 0.044, 0.043, 0.040, 0.035, 0.031, 0.025, 0.020, 0.023, 0.029, 0.032, 0.037, 0.038, 0.043, 0.041,
    0.045, 0.013, 0.012, 0.011, 0.011, 0.012, 0.012, 0.011, 0.011, 0.013, 0.015, 0.009, 0.007, 0.007, 0.007, 0.012,
    0.009, 0.008, 0.016, 0.010, 0.017, 0.011, 0.009, 0.011, 0.009, 0.007, 0.013, 0.008, 0.011, 0.012, 0.010, 0.034,
    0.008, 0.008, 0.009, 0.008, 0.008, 0.007, 0.010, 0.008, 0.009, 0.009, 0.009, 0.007, 0.007, 0.008, 0.011, 0.008,
    0.008, 0.008, 0.01, 0.008,
]  # fmt: skip
_HAND_SIGMAS = [
    0.029, 0.022, 0.035, 0.037, 0.047, 0.026, 0.025, 0.024, 0.035, 0.018, 0.024, 0.022, 0.026, 0.017, 0.021, 0.021,
    0.032, 0.02, 0.019, 0.022, 0.031,
]  # fmt: skip

dataset_info = dict(
    dataset_name='coco_wholebody',
    paper_info=dict(
        author='Jin, Sheng and Xu, Lumin and Xu, Jin and others',
        title='Whole-body human pose estimation in the wild',
        container='European Conference on Computer Vision',
        year='2020',
        homepage='https://github.com/jin-s13/COCO-WholeBody/',
    ),
    keypoint_info=_keypoint_info(),
    skeleton_info=_skeleton_info(),
    joint_weights=[1.0] * 133,
    sigmas=[*_coco['sigmas'], 0.068, 0.066, 0.066, 0.092, 0.094, 0.094, *_FACE_SIGMAS, *_HAND_SIGMAS, *_HAND_SIGMAS],
)
