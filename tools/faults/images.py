"""Files that are no images, or not whole ones, alone and in archives, read in this process."""

import io
import os
import random
import resource
import shutil
import tarfile
import time
import zipfile
from pathlib import Path

import numpy as np
from outcome import Outcome

__all__ = ['damaged_images']

_SECONDS, _MEGABYTES = 5.0, 400
_NUMBERS = (b'\xff\xff\xff\xff', b'\x7f\xff\xff\xff', bytes(4), b'\xff\x7f\xff\x7f')
_SUFFIXES = ('.jpg', '.png', '.webp', '.bmp', '.tiff')


def damaged_images(tries: int, seed: int, folder: Path) -> Outcome:
    """Read damaged files, archives and things that are no files: an image of a sane size, or one line with the name."""
    from mmpose_dark.data_check.image_files import read_image_file
    from mmpose_dark.datasets import LoadImage
    from mmpose_dark.datasets.errors import ImageReadError
    from mmpose_dark.datasets.transforms.quiet import without_stderr

    found = Outcome('damaged images, archives, pipes, giants: an image or one line with the name, cut ones never whole')
    rng, good = random.Random(seed), _good()
    for _ in range(tries):
        place = folder / 'try'
        place.mkdir()
        what, path, backend, whole = _made(rng, good, place)
        before, started, problem, image = _peak(), time.monotonic(), '', None
        try:
            with without_stderr():  # what the decoders say of each file
                image = LoadImage(backend_args=backend)(dict(img_path=str(path)))['img']
            if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
                problem = f'{image.dtype} {image.shape}'
        except ImageReadError as err:
            problem = '' if _named(path) in str(err) and '\n' not in str(err) else f'{err}'
        except Exception as err:
            problem = f'{type(err).__name__}: {err}'
        with without_stderr():
            strict = read_image_file(str(path), backend_args=backend)
        if image is not None and not whole and strict.problem is None:
            problem = problem or 'is not whole, and the strict check does not see it'
        if image is None and strict.problem is None:
            problem = problem or 'cannot be read, and the check says that it can'
        seconds, memory = time.monotonic() - started, _peak() - before
        if seconds > _SECONDS or memory > _MEGABYTES:
            problem = problem or f'{seconds:.1f} s, {memory:.0f} MB'
        found.note(problem and f'{what}: {problem}')
        shutil.rmtree(place)
    return found


def _named(path: Path) -> str:
    return str(path).replace('\0', '\\x00')


def _good() -> dict[str, bytes]:
    import cv2

    rows, columns = np.mgrid[:120, :160]
    noise = np.random.default_rng(0).normal(0, 12, (120, 160, 3))
    image = (np.dstack([columns, rows, 255 - columns]) + noise).clip(0, 255).astype(np.uint8)
    return {suffix: cv2.imencode(suffix, image)[1].tobytes() for suffix in _SUFFIXES}


def _made(rng: random.Random, good: dict[str, bytes], folder: Path) -> tuple[str, Path, dict | None, bool]:
    """Make something to read; return what it is, its path, the backend, and whether all of an image may be there."""
    suffix = rng.choice(_SUFFIXES)
    path, data = folder / f'a{suffix}', good[suffix]
    kind = rng.choice(('bytes', 'bytes', 'bytes', 'cut', 'cut', 'padded', 'archive', 'archive', 'no file'))
    if kind == 'bytes':
        path.write_bytes(_changed(data, rng))
        return f'changed {suffix}', path, None, True
    if kind in ('cut', 'padded'):
        length = rng.randrange(0, int(len(data) * 0.97))
        rest = len(data) - length
        end = b'' if kind == 'cut' else rng.choice((bytes(rest), rng.randbytes(rest), data[:rest]))
        path.write_bytes(data[:length] + end)
        # In BMP and TIFF all bytes are pixels, and nearly all in WebP, so that others in their place cannot be told;
        # of JPEGs filled with noise that ends as one, about 1 in 3,000 cannot.
        free = suffix in ('.bmp', '.tiff') or (suffix == '.webp' and any(end))
        free = free or (suffix == '.jpg' and b'\xff\xd9' in end)
        return f'{kind} {suffix} at {length}', path, None, (kind == 'padded' and free) or end == data[length:]
    if kind == 'archive':
        backend = rng.choice(('zip', 'tar'))
        archive = folder / f'all.{backend}'
        content = _changed(_archive(backend, good), rng)
        archive.write_bytes(content)
        return f'{suffix} in a changed {backend}', path, dict(backend=backend, path=str(archive)), True
    return _no_file(rng, path)


def _no_file(rng: random.Random, path: Path) -> tuple[str, Path, dict | None, bool]:
    kind = rng.choice(('pipe', 'device', 'folder', 'giant', 'empty', 'missing', 'link to itself', 'NUL', 'text'))
    if kind == 'pipe':
        os.mkfifo(path)
    elif kind == 'device':
        path = Path(rng.choice(('/dev/zero', '/dev/null', '/dev/urandom')))
    elif kind == 'folder':
        path.mkdir()
    elif kind == 'giant':
        with path.open('wb') as file:
            file.truncate(rng.choice((1 << 33, 1 << 40)))
    elif kind == 'empty':
        path.write_bytes(b'')
    elif kind == 'link to itself':
        path.symlink_to(path)
    elif kind == 'NUL':
        path = Path(f'{path}\0.jpg')
    elif kind == 'text':
        path.write_text(rng.choice(('<html>404</html>', 'version https://git-lfs.github.com/spec/v1', '{}')))
    return kind, path, None, False


def _archive(kind: str, good: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    if kind == 'zip':
        with zipfile.ZipFile(file, 'w') as archive:
            for suffix, data in good.items():
                archive.writestr(f'a{suffix}', data)
    else:
        with tarfile.open(fileobj=file, mode='w') as archive:
            for suffix, data in good.items():
                entry = tarfile.TarInfo(f'a{suffix}')
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
    return file.getvalue()


def _changed(data: bytes, rng: random.Random) -> bytes:
    """Flip, overwrite, cut or repeat something; headers are as likely as all the rest."""
    changed = bytearray(data)
    place = rng.randrange(min(len(changed), 64) if rng.random() < 0.5 else len(changed))
    kind = rng.randrange(5)
    if kind <= 1:
        changed[place] ^= 1 << rng.randrange(8)
    elif kind == 2:
        changed[place : place + rng.randrange(1, 32)] = rng.randbytes(rng.randrange(32))
    elif kind == 3:
        changed[place : place + 4] = rng.choice(
            (b'\xff\xff\xff\xff', b'\x7f\xff\xff\xff', bytes(4), b'\xff\x7f\xff\x7f')
        )
    else:
        for _ in range(rng.randrange(2, 20)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
