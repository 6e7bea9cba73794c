"""A heatmap network in an ONNX file in place of a model's own modules: our crops, flip test and codec around it."""

import os
from typing import TYPE_CHECKING

import numpy as np
import torch
from mmengine.logging import print_log

from ..models import BasePoseEstimator, TopDown
from ..models.outputs import Outputs
from ..utils.errors import InputError
from .onnx_session import OnnxFileError, OnnxSession

if TYPE_CHECKING:
    from .acceleration import Acceleration

__all__ = ['OnnxNetwork', 'use_onnx_file']


class OnnxNetwork:
    """From images (B, 3, H, W) to heatmaps (B, K, H', W'), by an ONNX file.

    Args:
        path_or_url: of the file.
        backend: see `OnnxSession`.
    """

    def __init__(self, path_or_url: str | os.PathLike, *, backend: str = 'auto') -> None:
        self.session = OnnxSession(path_or_url, backend=backend, threads=torch.get_num_threads())

    def __call__(self, inputs: torch.Tensor) -> Outputs:
        """Run images (B, 3, H, W), normalised, on the CPU."""
        outputs = tuple(map(torch.from_numpy, self.session(inputs.detach().float().cpu().numpy())))
        outputs = tuple(output.to(inputs.device) for output in outputs)
        return outputs[0] if len(outputs) == 1 else outputs

    def accelerate(self, options: 'Acceleration') -> None:
        """Run the file as the options say.

        Raises:
            InputError: options that are for networks of torch.
        """
        wrong = [name for name in ('amp', 'compile', 'fuse_conv_bn', 'channels_last') if getattr(options, name)]
        if wrong:
            raise InputError(
                f'{self.session.path} is run as it is: {" and ".join(wrong)} is for networks of torch, leave it out'
            )
        if options.backend not in ('torch', 'auto', self.session.backend):
            self.session = OnnxSession(self.session.path, backend=options.backend, threads=torch.get_num_threads())


def use_onnx_file(model: BasePoseEstimator, path_or_url: str | os.PathLike) -> None:
    """Let an ONNX file compute the outputs of a model; it must have the sizes that the model's config says.

    Args:
        model: a `TopDown` with a head and its decoder.
        path_or_url: of the file.

    Raises:
        OnnxFileError: it cannot be run, or is of another input size, number of keypoints or heatmap size.
        InputError: the model is none whose network can be replaced.
    """
    if not isinstance(model, TopDown) or not model.with_head or model.head.decoder is None:
        raise InputError(f'{path_or_url}: an ONNX file stands for the network of a TopDown with a head and a decoder')
    network = OnnxNetwork(path_or_url)
    _check_sizes(network.session, model)
    model.use_network(network)
    model.eval()
    print_log(
        f'{network.session.path}: runs in {network.session.backend} on the CPU; {network.session.input} -> '
        f'{", ".join(map(str, network.session.outputs))}',
        logger='current',
    )


def _check_sizes(session: OnnxSession, model: TopDown) -> None:
    """Compare input, number of heatmaps and their size with what the config says."""
    codec = model.head.decoder
    (width, height), (map_width, map_height) = codec.input_size, codec.heatmap_size
    wanted = (3, height, width)
    shape = session.input.shape
    if len(shape) != 4 or any(have not in (None, need) for have, need in zip(shape[1:], wanted, strict=True)):
        raise OnnxFileError(
            f'{session.path}: its input is {session.input}, the config has crops (B, 3, {height}, {width}): take the '
            'config of that size, or export the network with this one'
        )
    outputs = session(np.zeros((1, *wanted), np.float32))
    channels = getattr(getattr(model.head, 'final_layer', None), 'out_channels', None)
    found = outputs[0].shape[1:]
    if len(outputs) != 1 or len(found) != 3 or found[1:] != (map_height, map_width) or channels not in (None, found[0]):
        raise OnnxFileError(
            f'{session.path}: gives {", ".join(map(str, session.outputs))}, the config needs heatmaps '
            f'(B, {channels or "K"}, {map_height}, {map_width}): take the config of that network'
        )
