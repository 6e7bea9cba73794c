import pytest
import torch
from mmengine.model import BaseModel
from torch import nn

from mmpose_dark.engine import amp
from mmpose_dark.engine.amp import AmpOptimWrapper
from mmpose_dark.utils.device import resolve_device
from mmpose_dark.utils.precision import amp_dtype


class Line(BaseModel):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 1)

    def forward(self, inputs, mode='loss'):
        out = self.fc(inputs)
        self.seen = out.dtype
        return dict(loss=(out.float() - inputs.sum(1, keepdim=True)).square().mean())


def test_choice_of_type_on_the_cpu():
    assert amp_dtype('auto', 'cpu') is torch.bfloat16
    assert amp_dtype(None, 'cpu') is torch.bfloat16
    assert amp_dtype(torch.bfloat16, 'cpu') is torch.bfloat16
    with pytest.raises(ValueError, match=r"float16 needs CUDA.*'bfloat16'"):
        amp_dtype('float16', 'cpu')
    with pytest.raises(ValueError, match="'bf16' is unknown; use one of auto, float16, bfloat16"):
        amp_dtype('bf16', 'cpu')


def test_trains_in_bfloat16_with_float32_weights_and_no_scaling():
    torch.manual_seed(0)
    model = Line()
    wrapper = AmpOptimWrapper(optimizer=torch.optim.SGD(model.parameters(), lr=0.05), clip_grad=dict(max_norm=5.0))
    inputs = torch.randn(64, 8)
    losses = [float(model.train_step(dict(inputs=inputs), wrapper)['loss']) for _ in range(60)]
    assert model.seen is torch.bfloat16
    assert model.fc.weight.dtype is torch.float32
    assert losses[-1] < 0.05 * losses[0]
    assert wrapper.loss_scaler.get_scale() == 1.0


def test_accumulation_steps_every_other_time():
    model = Line()
    wrapper = AmpOptimWrapper(optimizer=torch.optim.SGD(model.parameters(), lr=0.1), accumulative_counts=2)
    wrapper.initialize_count_status(model, 0, 10)
    before = model.fc.weight.detach().clone()
    model.train_step(dict(inputs=torch.ones(2, 8)), wrapper)
    assert torch.equal(model.fc.weight, before)
    model.train_step(dict(inputs=torch.ones(2, 8)), wrapper)
    assert not torch.equal(model.fc.weight, before)


def test_state_round_trip_and_state_of_a_plain_wrapper():
    model = Line()
    wrapper = AmpOptimWrapper(optimizer=torch.optim.Adam(model.parameters()))
    model.train_step(dict(inputs=torch.ones(2, 8)), wrapper)
    state = wrapper.state_dict()
    other = AmpOptimWrapper(optimizer=torch.optim.Adam(model.parameters()))
    other.load_state_dict(state)
    assert 'loss_scaler' in state  # the argument is not modified
    assert other.optimizer.state_dict()['state'][0]['step'] == 1
    other.load_state_dict({k: v for k, v in state.items() if k != 'loss_scaler'})


def test_loss_scale_must_make_sense():
    optimizer = torch.optim.SGD(Line().parameters(), lr=0.1)
    AmpOptimWrapper(optimizer=optimizer, loss_scale=128.0)
    AmpOptimWrapper(optimizer=optimizer, loss_scale=dict(init_scale=2.0))
    with pytest.raises(TypeError, match="loss_scale is 'dynamic', a number or a dict"):
        AmpOptimWrapper(optimizer=optimizer, loss_scale='static')


@pytest.mark.parametrize(('loss_scale', 'after'), [(64.0, 64.0), (dict(init_scale=64.0, growth_interval=1), 128.0)])
def test_gradients_are_scaled_and_overflow_leaves_a_step_out(monkeypatch, loss_scale, after):
    """float16 with its scaling belongs to CUDA; torch's scaler itself works on the CPU as well."""
    monkeypatch.setattr(amp, 'amp_dtype', lambda choice, device: torch.float16)
    model = Line()
    wrapper = AmpOptimWrapper(optimizer=torch.optim.SGD(model.parameters(), lr=0.1), loss_scale=loss_scale)
    weight = model.fc.weight.detach().clone()
    wrapper.update_params(model.fc.weight.sum())
    assert torch.allclose(model.fc.weight, weight - 0.1)
    assert wrapper.loss_scaler.get_scale() == after
    wrapper.update_params(model.fc.weight.sum() * float('inf'))
    assert torch.allclose(model.fc.weight, weight - 0.1)
    assert wrapper.loss_scaler.get_scale() == (64.0 if isinstance(loss_scale, float) else after / 2)
    state = wrapper.state_dict()
    other = AmpOptimWrapper(optimizer=torch.optim.SGD(model.parameters(), lr=0.1))
    other.load_state_dict(state)
    assert other.loss_scaler.get_scale() == wrapper.loss_scaler.get_scale()


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a CUDA device')
@pytest.mark.parametrize('dtype', ['float16', 'bfloat16'])
def test_trains_on_cuda(dtype):
    torch.manual_seed(0)
    model = Line().cuda()
    wrapper = AmpOptimWrapper(optimizer=torch.optim.SGD(model.parameters(), lr=0.05), dtype=dtype)
    inputs = torch.randn(64, 8, device='cuda')
    losses = [float(model.train_step(dict(inputs=inputs), wrapper)['loss']) for _ in range(60)]
    assert model.seen is getattr(torch, dtype)
    assert wrapper.loss_scaler.is_enabled() == (dtype == 'float16')
    assert losses[-1] < 0.05 * losses[0]


def test_device_names():
    assert resolve_device('cpu').type == 'cpu'
    assert resolve_device('auto').type in ('cpu', 'cuda', 'mps')
    with pytest.raises(ValueError, match="device 'gpu' is unknown; use auto, cpu, cuda"):
        resolve_device('gpu')
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match=r"device 'cuda' is not here.*'auto' or 'cpu'"):
            resolve_device('cuda')
