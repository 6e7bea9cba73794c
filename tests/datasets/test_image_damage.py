"""Inputs that are no images, or no whole ones: a name and a reason, no grey pixels, no hang, no memory."""

import io
import os
import socket
import struct
import zipfile
import zlib

import cv2
import numpy as np
import pytest

from mmpose_dark.data_check.image_files import read_image_file
from mmpose_dark.datasets import ImageReadError, LoadImage
from mmpose_dark.datasets.storage import ZipBackend
from mmpose_dark.datasets.transforms.decoding import decode_image
from mmpose_dark.utils.errors import InputError


def noisy(height=240, width=320) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    noise = np.random.default_rng(0).normal(0, 12, (height, width, 3))
    return (np.dstack([columns * 0.7, rows, 255 - columns * 0.7]) + noise).clip(0, 255).astype(np.uint8)


def jpeg(image=None, *options) -> bytes:
    return cv2.imencode('.jpg', noisy() if image is None else image, list(options))[1].tobytes()


PROGRESSIVE = (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
RESTARTS = (cv2.IMWRITE_JPEG_RST_INTERVAL, 8)


@pytest.mark.parametrize('options', [(), RESTARTS, (cv2.IMWRITE_JPEG_OPTIMIZE, 1)])
@pytest.mark.parametrize('part', [0.1, 0.5, 0.9])
@pytest.mark.parametrize('ending', ['marker', 'tail', 'zeros and marker', 'many markers'])
def test_half_a_jpeg_that_was_made_to_look_whole(options, part, ending):
    whole = jpeg(None, *options)
    half = whole[: int(len(whole) * part)]
    lost = len(whole) - len(half)
    end = {
        'marker': b'\xff\xd9',
        'tail': whole[-64:],
        'zeros and marker': bytes(lost - 2) + b'\xff\xd9',
        'many markers': b'\xff\xd9' * (lost // 2),
    }[ending]
    for strict in (False, True):
        decode_image(whole, 'a.jpg', strict=strict)
        if ending == 'tail' and not strict:
            continue  # the pixels of the tail may hide what is missing
        with pytest.raises(ImageReadError, match='damaged'):
            decode_image(half + end, 'a.jpg', strict=strict)


@pytest.mark.parametrize('options', [(), RESTARTS, PROGRESSIVE])
def test_noise_in_place_of_data_is_seen_by_the_strict_check(options):
    """Noise is decoded to pixels, and ends the image or has markers that cannot stand there."""
    whole, rng = jpeg(None, *options), np.random.default_rng(3)
    decode_image(whole, 'a.jpg', strict=True)
    for part in (0.2, 0.5, 0.8):
        half = whole[: int(len(whole) * part)]
        noise = rng.integers(0, 256, len(whole) - len(half), dtype=np.uint8).tobytes()
        with pytest.raises(ImageReadError, match=r'damaged|no image'):  # a decoder may see it first
            decode_image(half + noise + b'\xff\xd9', 'a.jpg', strict=True)


def test_a_chunk_that_says_it_is_enormous():
    """A decoder takes the memory first: 2 GB."""
    whole = bytearray(cv2.imencode('.png', noisy())[1].tobytes())
    at = whole.find(b'IDAT') - 4
    whole[at : at + 4] = b'\x7f\xff\xff\xff'
    with pytest.raises(ImageReadError, match='truncated'):
        decode_image(bytes(whole), 'a.png')


@pytest.mark.parametrize('part', [0.3, 0.6, 0.9, 0.99])
def test_part_of_a_progressive_jpeg_is_seen_by_the_strict_check(part):
    whole = jpeg(None, *PROGRESSIVE)
    decode_image(whole, 'a.jpg', strict=True)
    with pytest.raises(ImageReadError, match='damaged'):
        decode_image(whole[: int(len(whole) * part)] + b'\xff\xd9', 'a.jpg', strict=True)


@pytest.mark.parametrize('options', [(), PROGRESSIVE, RESTARTS, (cv2.IMWRITE_JPEG_OPTIMIZE, 1)])
@pytest.mark.parametrize('value', [0, 128, 255])
def test_whole_images_that_are_flat_or_have_grey_borders_are_not_accused(options, value):
    image = noisy(400, 600)
    image[:60], image[-60:] = value, value
    for whole in (image, np.full((300, 400, 3), value, np.uint8), np.full((8, 8, 3), value, np.uint8)):
        np.testing.assert_array_equal(
            decode_image(jpeg(whole, *options), 'a.jpg', strict=True),
            cv2.imdecode(np.frombuffer(jpeg(whole, *options), np.uint8), cv2.IMREAD_COLOR),
        )


@pytest.mark.parametrize('suffix', ['.png', '.webp'])
@pytest.mark.parametrize('padding', ['none', 'zeros', 'tail'])
def test_half_of_other_files(suffix, padding):
    whole = cv2.imencode(suffix, noisy())[1].tobytes()
    half = whole[: len(whole) // 2]
    lost = len(whole) - len(half)
    end = dict(none=b'', zeros=bytes(lost), tail=bytes(lost - 64) + whole[-64:])[padding]
    decode_image(whole, 'a', strict=True)
    with pytest.raises(ImageReadError):
        decode_image(half + end, 'a')


def test_bytes_behind_an_image_do_no_harm():
    for suffix in ('.jpg', '.png'):
        whole = cv2.imencode(suffix, noisy())[1].tobytes()
        np.testing.assert_array_equal(
            decode_image(whole + b'what a phone adds' * 9, 'a', strict=True), decode_image(whole, 'a')
        )


# ---------------------------------------------------------------------------------- no files


def load(path, **options):
    return LoadImage(**options)(dict(img_path=str(path)))['img']


def test_pipes_devices_sockets_and_folders(tmp_path):
    os.mkfifo(tmp_path / 'pipe.jpg')
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(tmp_path)  # the name of a socket may not be long
        server.bind('s.jpg')
        for path, kind in (
            (tmp_path / 'pipe.jpg', 'a pipe'),
            (tmp_path / 's.jpg', 'a socket'),
            ('/dev/zero', 'a device'),
            (tmp_path, 'a folder'),
        ):
            with pytest.raises(ImageReadError, match=f'it is {kind}, an image file is needed'):
                load(path)
            assert kind in read_image_file(str(path)).problem


@pytest.mark.parametrize('name', ['a\0b.jpg', '\ud800.jpg'])
def test_names_that_no_file_can_have(name):
    with pytest.raises(ImageReadError, match='no file can have this name'):
        load(name)


def test_a_sparse_giant_is_not_read(tmp_path):
    path = tmp_path / 'giant.jpg'
    with open(path, 'wb') as file:
        file.truncate(1 << 40)
    with pytest.raises(ImageReadError, match=r'1099511627776 bytes are more than .*raise max_pixels'):
        load(path)
    assert 'max_pixels' in read_image_file(str(path)).problem


def png_of(width, height) -> bytes:
    """A small file that says it is large."""

    def chunk(kind, content):
        return struct.pack('>I', len(content)) + kind + content + struct.pack('>I', zlib.crc32(kind + content))

    head = chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0))
    return b'\x89PNG\r\n\x1a\n' + head + chunk(b'IDAT', zlib.compress(bytes(1000))) + chunk(b'IEND', b'')


def test_more_pixels_than_allowed(tmp_path):
    path = tmp_path / 'bomb.png'
    path.write_bytes(png_of(30000, 30000))
    with pytest.raises(ImageReadError, match=r'30000 x 30000 pixels are more than max_pixels=134217728'):
        load(path)
    small = tmp_path / 'a.jpg'
    small.write_bytes(jpeg())
    assert load(small, max_pixels=320 * 240).shape == (240, 320, 3)
    with pytest.raises(ImageReadError, match='320 x 240 pixels are more than max_pixels=76799'):
        load(small, max_pixels=320 * 240 - 1)


@pytest.mark.parametrize('value', [0, -1, 1.5, True, '9', None])
def test_limits_are_whole_numbers(value):
    with pytest.raises(InputError, match='max_pixels must be a whole number above 0'):
        LoadImage(max_pixels=value)


# ---------------------------------------------------------------------------------- archives


def zip_of(path, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('a.jpg', content)
    path.write_bytes(file.getvalue())
    return file.getvalue()


def test_a_member_that_inflates_to_more_than_it_says(tmp_path):
    path = tmp_path / 'a.zip'
    content = bytearray(zip_of(path, bytes(1 << 24)))
    for at in (content.find(b'PK\x03\x04') + 22, content.find(b'PK\x01\x02') + 24):
        content[at : at + 4] = struct.pack('<I', 1000)
    path.write_bytes(content)
    with pytest.raises(ImageReadError, match='has more bytes instead of 1000'):
        load(tmp_path / 'a.jpg', backend_args=dict(backend='zip', path=str(path)))


def test_a_member_that_says_it_is_enormous(tmp_path):
    path = tmp_path / 'a.zip'
    content = bytearray(zip_of(path, bytes(1000)))
    at = content.find(b'PK\x01\x02') + 24
    content[at : at + 4] = struct.pack('<I', 0xFFFFFFF0)
    path.write_bytes(content)
    with pytest.raises(OSError, match='inflates to 4294967280 bytes, more than any image'):
        ZipBackend(str(path)).get(str(tmp_path / 'a.jpg'))


def test_a_flipped_bit_in_a_stored_member(tmp_path):
    path = tmp_path / 'a.zip'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('a.jpg', jpeg())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ImageReadError, match='checksum'):
        load(tmp_path / 'a.jpg', backend_args=dict(backend='zip', path=str(path)))
