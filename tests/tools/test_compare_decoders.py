"""compare_decoders: each column is what tools/test.py gives with that decoder."""

import json

import numpy as np
import pytest


@pytest.mark.slow
def test_columns_are_those_of_the_test_tool(tiny_config, random_checkpoint, call_tool, tmp_path):
    out, maps = tmp_path / 'ways.json', tmp_path / 'maps.npy'
    printed = call_tool(
        'analysis_tools/compare_decoders.py', tiny_config, random_checkpoint, '--kernels', 3, 5, '--out', out,
        '--heatmaps', maps, '--work-dir', tmp_path / 'w',
    )  # fmt: skip
    ways = json.loads(out.read_text())
    assert list(ways) == ['quarter-pixel', 'DARK, kernel 3', 'DARK, kernel 5']
    assert all(way in printed for way in ways)
    assert np.load(maps).shape == (2, 17, 16, 16)
    decoder = 'model.head.decoder.'
    for way, options in (
        ('quarter-pixel', [f'{decoder}unbiased=False']),
        ('DARK, kernel 5', [f'{decoder}unbiased=True', f'{decoder}blur_kernel_size=5']),
    ):
        single = tmp_path / 'single.json'
        call_tool('test.py', tiny_config, random_checkpoint, '--out', single, '--work-dir', tmp_path / 'w', '--cfg-options', *options)  # fmt: skip # noqa: E501
        assert ways[way] == pytest.approx(json.loads(single.read_text()), abs=1e-6)
