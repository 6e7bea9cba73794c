"""Images of every format that is read, against Pillow: alpha is dropped, orientation applied, and nothing else done."""

import io

import numpy as np
import pytest

from mmpose_dark.data_check.image_files import read_image_file
from mmpose_dark.datasets import ImageReadError
from mmpose_dark.datasets.transforms.decoding import decode_image
from mmpose_dark.datasets.transforms.image_header import exif_orientation, image_size

Image = pytest.importorskip('PIL.Image')
ImageOps = pytest.importorskip('PIL.ImageOps')

ROWS, COLUMNS = np.mgrid[:40, :60]
RGB = np.dstack([COLUMNS * 4, ROWS * 6, 255 - COLUMNS * 4]).astype(np.uint8)
ALPHA = (COLUMNS * 4).astype(np.uint8)
LOSSLESS = [
    ('PNG', {}),
    ('TIFF', {}),
    ('TIFF', dict(compression='tiff_lzw')),
    ('TIFF', dict(compression='tiff_deflate')),
    ('WEBP', dict(lossless=True, exact=True)),
    ('BMP', {}),
    ('JPEG2000', {}),
]
ORIENTED = [
    ('JPEG', dict(quality=95)),
    ('PNG', {}),
    ('WEBP', dict(lossless=True)),
    ('TIFF', {}),
    ('AVIF', dict(quality=95)),
]
WORST = 3  # of 255, mean, of formats with losses: two decoders round in their own ways


def encoded(image, kind, **options) -> bytes:
    file = io.BytesIO()
    try:
        image.save(file, kind, **options)
    except (OSError, KeyError) as err:  # this Pillow was built without the format
        pytest.skip(str(err))
    return file.getvalue()


def decoded(content, **options) -> np.ndarray:
    return decode_image(content, 'x', **options)[..., ::-1]


def seen(content) -> np.ndarray:
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert('RGB'))


@pytest.mark.parametrize(('kind', 'options'), LOSSLESS)
@pytest.mark.parametrize('alpha', ['none', 'half', 'varying'])
def test_alpha_is_dropped(kind, options, alpha):
    image = Image.fromarray(RGB)
    if alpha != 'none':
        image.putalpha(128 if alpha == 'half' else Image.fromarray(ALPHA))
    np.testing.assert_array_equal(decoded(encoded(image, kind, **options)), RGB)


def test_alpha_that_the_colours_are_multiplied_with_is_divided_out():
    opacity = np.full((40, 60), 128, np.uint8)
    premultiplied = np.dstack([np.rint(RGB * (128 / 255)).astype(np.uint8), opacity])
    content = encoded(Image.fromarray(premultiplied, 'RGBA'), 'TIFF')
    at = content.find(b'\x52\x01\x03\x00\x01\x00\x00\x00\x02\x00')
    content = content[: at + 8] + b'\x01' + content[at + 9 :]  # ExtraSamples: associated
    assert np.abs(decoded(content).astype(int) - RGB).max() <= 1


@pytest.mark.parametrize(('kind', 'options'), ORIENTED)
@pytest.mark.parametrize('orientation', range(1, 9))
def test_orientation(kind, options, orientation, tmp_path):
    exif = Image.Exif()
    exif[0x112] = orientation
    content = encoded(Image.fromarray(RGB), kind, exif=exif, **options)
    expected = seen(content)
    assert expected.shape[:2] == ((60, 40) if orientation > 4 else (40, 60))
    for image, wanted in ((decoded(content), expected), (decoded(content, ignore_orientation=True), RGB)):
        assert image.shape == wanted.shape
        assert np.abs(image.astype(int) - wanted).mean() < WORST
    assert exif_orientation(content) == orientation
    path = tmp_path / f'a.{kind.lower()}'
    path.write_bytes(content)
    found = read_image_file(str(path))
    assert (found.size_wh, found.stored_wh) == (expected.shape[1::-1], (60, 40))


@pytest.mark.parametrize('mode', ['L', 'LA', 'P', '1', 'CMYK'])
@pytest.mark.parametrize('kind', ['PNG', 'TIFF', 'BMP', 'GIF', 'PPM', 'WEBP', 'JPEG'])
def test_modes(mode, kind):
    image = Image.fromarray(RGB)
    try:
        content = encoded(image.quantize(64) if mode == 'P' else image.convert(mode), kind)
    except (pytest.skip.Exception, ValueError):
        pytest.skip(f'{kind} has no {mode}')
    assert np.abs(decoded(content).astype(int) - seen(content)).mean() < WORST


def test_sixteen_bits():
    values = (COLUMNS * 1000).astype(np.uint16)
    for kind in ('PNG', 'TIFF'):
        content = encoded(Image.fromarray(values), kind)
        np.testing.assert_array_equal(decoded(content), np.repeat((values >> 8)[..., None], 3, 2))


def test_the_first_of_several_images():
    other = [Image.fromarray(255 - RGB)]
    for kind, options in (('TIFF', {}), ('WEBP', dict(lossless=True)), ('PNG', {})):
        content = encoded(Image.fromarray(RGB), kind, save_all=True, append_images=other, **options)
        np.testing.assert_array_equal(decoded(content), RGB)


def test_floating_point_files_are_refused():
    for start in (b'Pf\n60 40\n-1.0\n', b'#?RADIANCE\n'):
        with pytest.raises(ImageReadError, match='floating-point values'):
            decode_image(start + bytes(9600), 'a.pfm')


@pytest.mark.parametrize(
    ('kind', 'options'),
    [*LOSSLESS, *ORIENTED, ('WEBP', {}), ('GIF', {}), ('PPM', {}), ('JPEG', dict(progressive=True))],
)
def test_sizes_are_read_from_the_header(kind, options):
    for alpha in (False, True):
        image = Image.fromarray(RGB)
        if alpha and kind not in ('JPEG', 'PPM', 'GIF'):
            image.putalpha(Image.fromarray(ALPHA))
        assert image_size(encoded(image, kind, **options)) == (60, 40)
