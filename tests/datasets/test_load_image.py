"""Every kind of image file becomes 3-channel BGR uint8, or an error with its name."""

import os
import struct

import cv2
import numpy as np
import pytest

from mmpose_dark.datasets import ImageReadError, LoadImage
from mmpose_dark.datasets.transforms import load_image as load_image_module
from mmpose_dark.datasets.transforms.load_image import decode_image


@pytest.fixture
def image_file() -> np.ndarray:
    """A smooth 3-channel image, 48 x 64, whose corners differ."""
    y, x = np.mgrid[:48, :64]
    return np.stack([4 * x, 5 * y, 255 - 2 * x - 2 * y], -1).clip(0, 255).astype(np.uint8)


def load(path, **kwargs) -> np.ndarray:
    results = LoadImage(**kwargs)(dict(img_path=str(path)))
    image = results['img']
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert results['img_shape'] == results['ori_shape'] == image.shape[:2]
    return image


@pytest.mark.parametrize('name', ['a.png', 'a.bmp', 'a.tiff'])
def test_lossless_files(tmp_path, image_file, name):
    cv2.imwrite(str(tmp_path / name), image_file)
    np.testing.assert_array_equal(load(tmp_path / name), image_file)


@pytest.mark.parametrize('name', ['a.jpg', 'a.webp'])
def test_lossy_files(tmp_path, image_file, name):
    cv2.imwrite(str(tmp_path / name), image_file)
    assert np.abs(load(tmp_path / name).astype(int) - image_file).mean() < 3


def test_grey(tmp_path, image_file):
    grey = image_file[..., 0]
    cv2.imwrite(str(tmp_path / 'a.png'), grey)
    np.testing.assert_array_equal(load(tmp_path / 'a.png'), np.repeat(grey[..., None], 3, 2))


@pytest.mark.parametrize('channels', [1, 3])
def test_16_bit(tmp_path, image_file, channels):
    deep = image_file[..., :channels].astype(np.uint16) * 256 + 17
    cv2.imwrite(str(tmp_path / 'a.png'), deep)
    np.testing.assert_array_equal(
        load(tmp_path / 'a.png'), np.broadcast_to(image_file[..., :channels], image_file.shape)
    )


def test_alpha_is_dropped(tmp_path, image_file):
    cv2.imwrite(str(tmp_path / 'a.png'), np.dstack([image_file, image_file[..., 0]]))
    np.testing.assert_array_equal(load(tmp_path / 'a.png'), image_file)


def with_exif_orientation(jpeg: bytes, orientation: int) -> bytes:
    tiff = b'II*\0' + struct.pack('<IHHHIHHI', 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    body = b'Exif\0\0' + tiff
    return jpeg[:2] + b'\xff\xe1' + struct.pack('>H', len(body) + 2) + body + jpeg[2:]


@pytest.mark.parametrize(
    ('orientation', 'turn'),
    [(3, cv2.ROTATE_180), (6, cv2.ROTATE_90_CLOCKWISE), (8, cv2.ROTATE_90_COUNTERCLOCKWISE)],
)
def test_exif_orientation_is_applied_unless_told_not_to(tmp_path, image_file, orientation, turn):
    jpeg = cv2.imencode('.jpg', image_file)[1].tobytes()
    plain = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    path = tmp_path / 'a.jpg'
    path.write_bytes(with_exif_orientation(jpeg, orientation))
    np.testing.assert_array_equal(load(path), cv2.rotate(plain, turn))
    np.testing.assert_array_equal(load(path, color_type='color_ignore_orientation'), plain)


def bad(path) -> ImageReadError:
    with pytest.raises(ImageReadError) as err:
        LoadImage()(dict(img_path=str(path)))
    assert err.value.path == str(path)
    assert repr(str(path)) in str(err.value)
    assert err.value.reason in str(err.value)
    return err.value


def test_missing(tmp_path):
    assert 'no such file' in bad(tmp_path / 'none.jpg').reason


def test_a_folder(tmp_path):
    assert 'it is a folder' in bad(tmp_path).reason


def test_empty(tmp_path):
    (tmp_path / 'a.jpg').touch()
    assert 'empty' in bad(tmp_path / 'a.jpg').reason


def test_no_image(tmp_path):
    (tmp_path / 'a.jpg').write_text('<html>not found</html>')
    assert 'no image' in bad(tmp_path / 'a.jpg').reason


@pytest.mark.parametrize('part', [0.999, 0.9, 0.5, 0.1, 0.01])
@pytest.mark.parametrize('name', ['a.jpg', 'a.png', 'a.bmp', 'a.webp', 'a.tiff'])
def test_truncated(tmp_path, name, part):
    noise = np.random.default_rng(0).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    content = cv2.imencode(name[1:], noise)[1].tobytes()
    (tmp_path / name).write_bytes(content[: int(len(content) * part)])
    assert bad(tmp_path / name).reason


@pytest.mark.parametrize('progressive', [0, 1])
def test_truncated_behind_a_thumbnail(tmp_path, image_file, progressive):
    """The thumbnail in the header has an end marker of its own."""
    jpeg = cv2.imencode('.jpg', image_file, [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive])[1].tobytes()
    thumbnail = cv2.imencode('.jpg', image_file[::8, ::8])[1].tobytes()
    body = b'Exif\0\0' + thumbnail
    whole = jpeg[:2] + b'\xff\xe1' + struct.pack('>H', len(body) + 2) + body + jpeg[2:]
    assert decode_image(whole, 'a.jpg').shape == image_file.shape
    (tmp_path / 'a.jpg').write_bytes(whole[:-30])
    assert 'truncated' in bad(tmp_path / 'a.jpg').reason


def test_bytes_behind_the_end_do_not_matter(image_file):
    jpeg = cv2.imencode('.jpg', image_file)[1].tobytes()
    np.testing.assert_array_equal(decode_image(jpeg + b'\0' * 100, 'a'), decode_image(jpeg, 'a'))


def test_error_crosses_processes():
    import pickle

    err = pickle.loads(pickle.dumps(ImageReadError('a.jpg', 'the file is empty')))
    assert (err.path, err.reason) == ('a.jpg', 'the file is empty')
    assert isinstance(err, OSError)


@pytest.mark.parametrize(
    'make',
    [
        lambda p: p,
        lambda p: p[..., 0],
        lambda p: p[..., :1],
        lambda p: np.dstack([p, p[..., 0]]),
        lambda p: p.astype(np.uint16) * 256,
    ],
)
def test_arrays(image_file, make):
    results = LoadImage()(dict(img=make(image_file)))
    expected = (
        image_file if make(image_file).ndim == 3 and make(image_file).shape[2] > 1 else image_file[..., [0, 0, 0]]
    )
    np.testing.assert_array_equal(results['img'], expected)
    assert results['img_path'] == ''


@pytest.mark.parametrize(
    'array', [np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4, 2), np.uint8), 3]
)
def test_arrays_that_are_no_images(array):
    with pytest.raises(ImageReadError, match='got'):
        LoadImage()(dict(img=array))


def test_unknown_color_type():
    with pytest.raises(ValueError, match='grayscale'):
        LoadImage(color_type='grayscale')


def test_repeated_requests_share_the_decoding_but_not_the_array(tmp_path, image_file, monkeypatch):
    path = str(tmp_path / 'a.png')
    cv2.imwrite(path, image_file)
    decoded = []
    monkeypatch.setattr(load_image_module, 'decode_image', lambda *a, **k: decoded.append(1) or decode_image(*a, **k))
    transform = LoadImage()
    for _ in range(5):
        image = transform(dict(img_path=path))['img']
        np.testing.assert_array_equal(image, image_file)
        image[:] = 0
    assert len(decoded) == 2
    cv2.imwrite(path, 255 - image_file)
    np.testing.assert_array_equal(transform(dict(img_path=path))['img'], 255 - image_file)
    os.remove(path)
    with pytest.raises(ImageReadError, match='no such file'):
        transform(dict(img_path=path))
