"""Person detectors in ONNX, as others publish them."""

import os
from collections.abc import Sequence

import cv2
import numpy as np

from ...deploy.onnx_session import OnnxFileError, OnnxSession
from ...evaluation.functional import nms
from ...utils.errors import InputError
from .base import BaseDetector
from .forms import FORMS, Form, find_form
from .letterbox import PLACES, Letterbox

__all__ = ['OnnxDetector']

_COLORS = ('BGR', 'RGB')
_BATCH = 4  # images; more do not make a detector faster on a CPU


class OnnxDetector(BaseDetector):
    """Finds people by a detector in an ONNX file, in float32.

    Its form is recognised by the shapes of its outputs (see `FORMS`), and says which colours, mean and std are usual;
    all can be said otherwise.

    Args:
        path_or_url: of the file.
        score_thr: boxes with lower scores are left out.
        nms_thr: of two boxes that overlap more than this (intersection over union) the one with the lower score is
            left out; read for forms without NMS inside.
        form: ``'boxes5'``, ``'yolox'`` or ``'nanodet'``; None: by the outputs.
        label: number of the class of people.
        input_size: (width, height); needed where the file takes any.
        letterbox: where in the input the image is: ``'top left'`` or ``'centre'``.
        pad: grey value beside the image.
        color: ``'BGR'`` or ``'RGB'``.
        mean: of each channel, 0..255; is subtracted.
        std: of each channel; it is divided by.
        backend: ``'auto'``, ``'openvino'`` or ``'onnxruntime'``.

    Raises:
        OnnxFileError: the file cannot be run, or is no detector of a known form.
        InputError: another value than these.
        MissingPackageError: nothing that runs ONNX files is installed.
    """

    def __init__(
        self,
        path_or_url: str | os.PathLike,
        score_thr: float = 0.4,
        nms_thr: float = 0.6,
        *,
        form: str | None = None,
        label: int = 0,
        input_size: tuple[int, int] | None = None,
        letterbox: str = 'top left',
        pad: int = 114,
        color: str | None = None,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        backend: str = 'auto',
    ) -> None:
        _check(score_thr, nms_thr, form, letterbox, color)
        if backend == 'openvino-bf16':
            raise InputError('a detector in bfloat16 puts boxes tens of pixels away: use openvino or onnxruntime')
        self.session = OnnxSession(path_or_url, backend=backend)
        self.name = self.session.path.stem
        self.score_thr, self.nms_thr, self.label = score_thr, nms_thr, label
        self.input_size = _input_size(self.session, input_size)
        self.form = FORMS[form] if form else self._recognised()
        self.box = Letterbox(self.input_size, centred=letterbox == PLACES[1], pad=pad)
        self.swaps = (color or self.form.color) == 'RGB'
        self.mean = np.asarray(self.form.mean if mean is None else mean, np.float32).reshape(-1, 1, 1)
        self.std = np.asarray(self.form.std if std is None else std, np.float32).reshape(-1, 1, 1)
        self.normalises = bool(self.mean.any() or (self.std != 1).any())
        # After NMS inside the network the number of boxes is one for the whole batch: one image at a time.
        self.batch_size = _BATCH if self.session.fixed_batch is None and self.form.needs_nms else 1

    def _recognised(self) -> Form:
        width, height = self.input_size
        outputs = self.session(np.zeros((1, 3, height, width), np.float32))
        form = find_form([output.shape[1:] for output in outputs], self.input_size)
        if form is None:
            known = '; '.join(f'{f.name}: {f.looks}' for f in FORMS.values())
            raise OnnxFileError(
                f'{self.session.path}: is no person detector of a known form: from {self.session.input} it gives '
                f'{", ".join(map(str, self.session.outputs))}. Known: {known}. `form` says it where shapes do not'
            )
        return form

    def __call__(self, images: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return boxes (N, 5) with scores for each image (H, W, 3), see `BaseDetector`."""
        found: list[np.ndarray] = []
        for start in range(0, len(images), self.batch_size):
            batch = [self.box.put(image) for image in images[start : start + self.batch_size]]
            outputs = self.session(self._normalised(np.stack([canvas for canvas, _ in batch])))
            for i, (_, factor_and_offset) in enumerate(batch):
                boxes, scores = self.form.read(
                    [output[i] for output in outputs], self.input_size, self.label, self.score_thr
                )
                found.append(self._kept(boxes, scores, factor_and_offset, images[start + i].shape[:2]))
        return found

    def _normalised(self, canvases: np.ndarray) -> np.ndarray:
        """(B, h, w, 3) uint8 BGR to (B, 3, h, w) float32."""
        planes = cv2.dnn.blobFromImages(canvases, swapRB=self.swaps)
        if self.normalises:
            planes -= self.mean
            planes /= self.std
        return planes

    def _kept(
        self, boxes: np.ndarray, scores: np.ndarray, place: tuple[float, float, float], hw: tuple[int, int]
    ) -> np.ndarray:
        """Choose boxes, bring them into the image and cut them at its edges."""
        usable = (scores >= self.score_thr) & np.isfinite(boxes).all(1)
        boxes, scores = self.box.take_back(boxes[usable], place), scores[usable]
        boxes = boxes.clip(0, (hw[1], hw[0], hw[1], hw[0]))
        usable = (boxes[:, 2] > boxes[:, 0] + 1) & (boxes[:, 3] > boxes[:, 1] + 1)
        boxes, scores = boxes[usable], scores[usable]
        found = np.column_stack([boxes, scores]).astype(np.float32).reshape(-1, 5)
        kept = nms(found, self.nms_thr) if self.form.needs_nms else np.argsort(-found[:, 4], kind='stable')
        return found[kept]


def _check(score_thr: float, nms_thr: float, form: str | None, letterbox: str, color: str | None) -> None:
    for name, value in (('score_thr', score_thr), ('nms_thr', nms_thr)):
        if not 0 <= value <= 1:
            raise InputError(f'OnnxDetector: {name} must be between 0 and 1, got {value}')
    for name, value, known in (('form', form, FORMS), ('letterbox', letterbox, PLACES), ('color', color, _COLORS)):
        if value is not None and value not in known:
            raise InputError(f'OnnxDetector: {name} {value!r} is not one of {", ".join(map(repr, known))}')


def _input_size(session: OnnxSession, given: tuple[int, int] | None) -> tuple[int, int]:
    """Return (width, height) of the input."""
    shape = session.input.shape
    if len(shape) != 4 or shape[1] not in (3, None):
        raise OnnxFileError(f'{session.path}: is no person detector: its input is {session.input}, not (B, 3, H, W)')
    size = given or (shape[3], shape[2])
    if None in size:
        raise OnnxFileError(
            f'{session.path}: takes images of any size ({session.input}): give input_size=(width, height)'
        )
    for have, need in zip(size, (shape[3], shape[2]), strict=True):
        if need not in (None, have):
            raise OnnxFileError(f'{session.path}: input_size={size}, but its input is {session.input}')
    return size
