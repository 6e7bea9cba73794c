"""JPEG files decoded at 1/2, 1/4 and 1/8: every point is where it is in the whole image."""

import itertools

import cv2
import numpy as np
import pytest

from mmpose_dark.datasets import CocoDataset, LoadImage, RandomFlip, TopdownAffine
from mmpose_dark.datasets.compose import Compose
from mmpose_dark.datasets.transforms.image_header import jpeg_size
from mmpose_dark.datasets.transforms.reduced_decoding import flip_img_to_ori, reduction_for

INPUT = (96, 128)  # width, height
RADIUS = 14  # of a dot, pixels of the image


def dots(width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """A black image with 12 soft white dots at places between pixels, and the places (12, 2)."""
    rng = np.random.default_rng(width)
    grid = np.stack(np.meshgrid(np.linspace(0.1, 0.9, 3), np.linspace(0.1, 0.9, 4)), -1).reshape(-1, 2)
    points = grid * (width, height) + rng.uniform(-5, 5, (12, 2))
    y, x = np.mgrid[:height, :width]
    image_file = sum(np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * RADIUS**2)) for px, py in points)
    return np.repeat((250 * image_file).round().astype(np.uint8)[..., None], 3, 2), points.astype(np.float32)


def turned(points: np.ndarray, width: int, height: int, orientation: int) -> np.ndarray:
    """Points of the stored image in the image as it is seen (EXIF 2.3, table of orientations)."""
    x, y = points.T
    right, bottom = width - 1 - x, height - 1 - y
    places = {1: (x, y), 2: (right, y), 3: (right, bottom), 4: (x, bottom), 5: (y, x), 6: (bottom, x)}
    return np.stack({**places, 7: (bottom, right), 8: (y, right)}[orientation], -1)


def jpeg_with_orientation(image_file: np.ndarray, orientation: int, progressive: int = 0) -> bytes:
    jpeg = cv2.imencode('.jpg', image_file, [cv2.IMWRITE_JPEG_QUALITY, 98, cv2.IMWRITE_JPEG_PROGRESSIVE, progressive])[
        1
    ]
    tiff = b'II*\0' + np.array([8, 0, 1, 0x0112, 3, 1, 0, orientation, 0, 0, 0], '<u2').tobytes()
    body = b'Exif\0\0' + tiff
    return b'\xff\xd8\xff\xe1' + (len(body) + 2).to_bytes(2, 'big') + body + jpeg.tobytes()[2:]


def where_the_dots_are(crop: np.ndarray, near: np.ndarray, radius: float) -> np.ndarray:
    """Centres of mass of the dots in a crop, each within ``radius`` of where it is expected."""
    y, x = np.mgrid[: crop.shape[0], : crop.shape[1]]
    out = []
    for px, py in near:
        weight = crop[..., 0].astype(float) * ((x - px) ** 2 + (y - py) ** 2 < radius**2)
        out.append(((x * weight).sum() / weight.sum(), (y * weight).sum() / weight.sum()))
    return np.array(out)


def crop_of(path, size, points, *, reduce_to, flip=None, rotation=0.0) -> dict:
    """Load, mirror and crop a person whose box is nearly the whole image."""
    width, height = size
    results = dict(
        img_path=str(path),
        bbox=np.array([[0, 0, width, height]], np.float32),
        bbox_center=np.array([[width / 2, height / 2]], np.float32),
        bbox_scale=np.array([[width, height]], np.float32) * 1.1,
        bbox_rotation=np.array([rotation], np.float32),
        keypoints=points[None],
        keypoints_visible=np.ones((1, len(points)), np.float32),
        flip_indices=list(range(len(points))),
    )
    results = LoadImage(reduce_to=reduce_to)(results)
    assert results['img_shape'] == results['ori_shape'] == (height, width)
    decoded = results['img'].shape[:2]
    if flip:
        results = RandomFlip(prob=1.0, direction=flip)(results)
    results = TopdownAffine(INPUT)(results)
    assert 'img_to_ori' not in results
    return dict(results, decoded=decoded)


def compare(path, size, points, reduction, **kwargs) -> float:
    """Largest distance, in input pixels, of a dot from its keypoint; and the same numbers with and without."""
    reduce_to = [int(side * 1.1 / reduction) for side in size]
    whole = crop_of(path, size, points, reduce_to=None, **kwargs)
    part = crop_of(path, size, points, reduce_to=reduce_to, **kwargs)
    assert part['decoded'] == tuple(-(-v // reduction) for v in size[::-1])
    for key in ('transformed_keypoints', 'input_center', 'input_scale', 'bbox', 'keypoints'):
        np.testing.assert_array_equal(part[key], whole[key])
    near = part['transformed_keypoints'][0]
    radius = 3 * RADIUS * INPUT[0] / whole['input_scale'][0]
    inside = ((near > radius) & (near < np.array(INPUT) - 1 - radius)).all(1)
    assert inside.sum() >= 4
    away = np.abs(where_the_dots_are(part['img'], near[inside], radius) - near[inside]).max()
    # The images agree too, where a shift of a quarter of an input pixel would show.
    assert np.abs(part['img'].astype(int) - whole['img']).mean() < 1.0
    return away


@pytest.mark.parametrize('reduction', [2, 4, 8])
@pytest.mark.parametrize('size', [(641, 855), (648, 864), (647, 863)])
@pytest.mark.parametrize('flip', [None, 'horizontal', 'vertical', 'diagonal'])
def test_dots_are_at_their_keypoints(tmp_path, size, reduction, flip):
    image_file, points = dots(*size)
    path = tmp_path / 'a.jpg'
    path.write_bytes(jpeg_with_orientation(image_file, 1))
    # 0.03 is what the crop of the whole image has; half a pixel of the file at 1/8 is 0.1.
    assert compare(path, size, points, reduction, flip=flip, rotation=20.0) < 0.05


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize(('reduction', 'flip', 'progressive'), [(4, None, 0), (8, 'horizontal', 1)])
def test_dots_in_turned_files(tmp_path, orientation, reduction, flip, progressive):
    width, height = 745, 857
    image_file, points = dots(width, height)
    path = tmp_path / 'a.jpg'
    path.write_bytes(jpeg_with_orientation(image_file, orientation, progressive))
    size = (height, width) if orientation > 4 else (width, height)
    points = turned(points, width, height, orientation).astype(np.float32)
    assert compare(path, size, points, reduction, flip=flip) < 0.05


def test_orientation_ignored(tmp_path):
    (tmp_path / 'a.jpg').write_bytes(jpeg_with_orientation(dots(321, 427)[0], 6))
    box = dict(bbox=np.array([[0, 0, 320, 400.0]]), img_path=str(tmp_path / 'a.jpg'))
    loader = LoadImage(color_type='color_ignore_orientation', reduce_to=(80, 100))
    results = loader(dict(box))
    assert results['img'].shape == (107, 81, 3)
    assert results['img_shape'] == (427, 321)
    np.testing.assert_array_equal(results['img_to_ori'], [[4, 0, 1.5], [0, 4, 1.5]])


def test_which_reduction():
    box = dict(bbox=np.array([[10.0, 20, 10 + 192 * 4, 25]]))
    for factor, reduction in ((0.9, 2), (1, 4), (1.9, 4), (2, 8), (9, 8), (0.2, 1)):
        scaled = dict(bbox=box['bbox'] * factor)
        assert reduction_for(scaled, (192, 256)) == reduction
    # Of two boxes the smaller one; MPII's records have a scale; a record without a box stays whole.
    assert reduction_for(dict(bbox=np.array([[0, 0, 800.0, 9], [0, 0, 9, 9]])), (192, 256)) == 1
    assert reduction_for(dict(bbox_scale=np.array([[400.0, 400]]), bbox=np.zeros((1, 4))), (192, 256)) == 2
    assert reduction_for({}, (192, 256)) == reduction_for(dict(bbox=np.zeros((0, 4))), (192, 256)) == 1
    assert reduction_for(dict(bbox=np.full((1, 4), np.nan)), (192, 256)) == 1


def test_what_stays_whole(tmp_path):
    """Small people, other files than JPEG, and arrays."""
    image_file = dots(400, 400)[0]
    large, small = np.array([[0, 0, 399.0, 399]]), np.array([[0, 0, 40.0, 40]])
    for name, box in (('a.png', large), ('a.webp', large), ('b.jpg', small)):
        cv2.imwrite(str(tmp_path / name), image_file)
        record = dict(img_path=str(tmp_path / name), bbox=box)
        results = LoadImage(reduce_to=(48, 64))(dict(record))
        assert 'img_to_ori' not in results
        np.testing.assert_array_equal(results['img'], LoadImage()(dict(record))['img'])
    results = LoadImage(reduce_to=(48, 64))(dict(img=image_file, bbox=large))
    assert results['img'].shape == image_file.shape
    assert jpeg_size((tmp_path / 'b.jpg').read_bytes()) == (400, 400)


def test_decoding_is_shared_by_people_reduced_alike(tmp_path):
    path = str(tmp_path / 'a.jpg')
    cv2.imwrite(path, dots(400, 400)[0])
    loader = LoadImage(reduce_to=(48, 64))
    boxes = [np.array([[0, 0, side, side]], float) for side in (399, 399, 399, 90, 399, 399)]
    for _, box in itertools.product(range(2), boxes):
        image = loader(dict(img_path=path, bbox=box))['img']
        assert image.any()
        assert image.shape[0] == (400 // 8 if box.max() == 399 else 400)
        image[:] = 0


@pytest.mark.parametrize('direction', ['horizontal', 'vertical', 'diagonal'])
def test_flipping_twice_is_nothing(direction):
    matrix = np.array([[8, 0, 3.5], [0, 8, -1.5]])
    once = flip_img_to_ori(matrix, (81, 107), (641, 855), direction)
    np.testing.assert_allclose(flip_img_to_ori(once, (81, 107), (641, 855), direction), matrix)
    # The first pixel of the mirrored image is the mirror image of the last one.
    x, y = matrix @ [80 if direction != 'vertical' else 0, 106 if direction != 'horizontal' else 0, 1]
    expected = (640 - x if direction != 'vertical' else x, 854 - y if direction != 'horizontal' else y)
    np.testing.assert_allclose(once @ [0, 0, 1], expected)


def steps(*names, reduce_to=(48, 64)) -> list[dict]:
    settings = dict(TopdownAffine=dict(input_size=(48, 64)), LoadImage=dict(reduce_to=reduce_to))
    return [dict(type=name, **settings.get(name, {})) for name in names]


def test_evaluation_refuses_it(tiny_coco):
    Compose(steps('LoadImage', 'GetBBoxCenterScale', 'RandomFlip', 'TopdownAffine'))
    Compose(steps('LoadImage', reduce_to=None))
    for pipeline in (
        steps('LoadImage', 'GetBBoxCenterScale', 'TopdownAffine', 'PackPoseInputs'),
        steps('LoadImage', 'RandomFlip'),
        steps('RandomFlip', 'LoadImage', 'TopdownAffine'),
    ):
        with pytest.raises(ValueError, match=r'reduce_to=\(48, 64\) is for training'):
            Compose(pipeline)
    training = steps('LoadImage', 'GetBBoxCenterScale', 'RandomFlip', 'TopdownAffine')
    settings = dict(ann_file=tiny_coco.ann_file, data_prefix=dict(img=str(tiny_coco.root / 'images')))
    CocoDataset(pipeline=training, **settings)
    with pytest.raises(ValueError, match='test_mode=True and LoadImage'):
        CocoDataset(pipeline=training, test_mode=True, **settings)


@pytest.mark.parametrize('reduce_to', [(), (192,), (0, 256), (192, 256, 3)])
def test_wrong_sizes(reduce_to):
    with pytest.raises(ValueError, match='reduce_to must be'):
        LoadImage(reduce_to=reduce_to)
