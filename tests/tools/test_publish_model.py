import hashlib
import re

import pytest
import torch

from mmpose_dark.checkpoint import CheckpointError, load_checkpoint, load_state_dict_file


@pytest.fixture
def net():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))


def of_a_run(net, **changes):
    meta = dict(epoch=3, iter=12, cfg='model = dict()', dataset_meta=dict(sigmas=[0.1]), experiment_name='secret/path')
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.ones(2, 3, 8, 8)).sum().backward()
    optimizer.step()
    whole = dict(
        meta=meta, state_dict=net.state_dict(), optimizer=optimizer.state_dict(), param_schedulers=[{}],
        message_hub=dict(log_scalars={}),
    )  # fmt: skip
    return whole | changes


def publish(call_tool, folder, checkpoint, **kwargs):
    torch.save(checkpoint, folder / 'epoch_3.pth')
    return call_tool('misc/publish_model.py', folder / 'epoch_3.pth', folder / 'out' / 'net.pth', **kwargs)


def test_only_what_is_needed_is_left(call_tool, net, tmp_path):
    said = publish(call_tool, tmp_path, of_a_run(net))
    (path,) = (tmp_path / 'out').iterdir()
    assert str(path) in said
    digits = re.fullmatch(r'net-([0-9a-f]{8})_20\d{6}\.pth', path.name)[1]
    assert hashlib.sha256(path.read_bytes()).hexdigest().startswith(digits)
    content = load_state_dict_file(path)
    assert set(content) == {'meta', 'state_dict'}
    assert content['meta'] == dict(epoch=3, iter=12, cfg='model = dict()', dataset_meta=dict(sigmas=[0.1]))
    for name, value in net.state_dict().items():
        assert torch.equal(content['state_dict'][name], value)
    load_checkpoint(net, path.as_uri())  # the hash in the name is checked
    path.write_bytes(path.read_bytes()[:-1] + b'x')
    with pytest.raises(CheckpointError, match=f'its SHA-256 is not {digits}'):
        load_checkpoint(net, path.as_uri())


def test_views_do_not_carry_what_they_are_cut_from(call_tool, tmp_path):
    publish(call_tool, tmp_path, dict(state_dict=dict(a=torch.zeros(1_000_000)[:2])))
    (path,) = (tmp_path / 'out').iterdir()
    assert path.stat().st_size < 10_000


def test_other_families_keep_their_names_without_wrappers(call_tool, net, tmp_path):
    weights = {f'module.{name}': value for name, value in net.state_dict().items()}
    publish(call_tool, tmp_path, dict(epoch=1, best_state_dict=weights, optimizer={}))
    (path,) = (tmp_path / 'out').iterdir()
    assert list(load_state_dict_file(path)['state_dict']) == list(net.state_dict())


@pytest.mark.parametrize(
    ('checkpoint', 'says'),
    [
        (dict(state_dict=dict(a=torch.tensor([1.0, float('nan')]), b=torch.ones(1))), '1 tensors hold NaN or infinity'),
        (dict(epoch=3), 'no weights found'),
    ],
)
def test_what_is_not_fit_to_be_published(call_tool, tmp_path, checkpoint, says):
    assert says in publish(call_tool, tmp_path, checkpoint, status=2)
    assert not (tmp_path / 'out').exists()


def test_a_date_that_is_none(call_tool, tmp_path):
    assert '--date is a date as' in call_tool('misc/publish_model.py', 'a.pth', 'b', '--date', 'today', status=2)
