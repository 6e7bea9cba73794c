import pytest
import torch

from mmpose_dark.utils.precision import autocast, without_autocast


def product() -> torch.dtype:
    return (torch.ones(2, 2) @ torch.ones(2, 2)).dtype


@pytest.mark.parametrize('choice', ['auto', 'bfloat16', torch.bfloat16, True])
@pytest.mark.parametrize('device', ['cpu', torch.device('cpu')])
def test_half_precision_within_the_block(device, choice):
    with autocast(device, choice):
        assert product() is torch.bfloat16
        with without_autocast(torch.device(device)):
            assert product() is torch.float32
    assert product() is torch.float32


@pytest.mark.parametrize('choice', [None, False, ''])
def test_no_choice_leaves_the_precision_as_it_is(choice):
    with autocast('cpu', choice):
        assert product() is torch.float32
    with torch.autocast('cpu', torch.bfloat16), autocast('cpu', choice):
        assert product() is torch.bfloat16


@pytest.mark.parametrize(
    ('choice', 'message'), [('float16', 'float16 needs CUDA'), ('half', "'half' is unknown; use one")]
)
def test_a_choice_that_the_device_cannot_compute_in(choice, message):
    with pytest.raises(ValueError, match=message):
        autocast('cpu', choice)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a CUDA device')
def test_auto_on_cuda_is_float16():
    with autocast('cuda', 'auto'):
        ones = torch.ones(2, 2, device='cuda')
        assert (ones @ ones).dtype is torch.float16
