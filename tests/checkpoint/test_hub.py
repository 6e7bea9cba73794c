"""``hf://`` URLs, over a hub on the loopback interface that answers as Hugging Face's does."""

import hashlib
import http.server
import threading

import pytest
import torch
from torch import nn

from mmpose_dark.checkpoint import CheckpointError, hub, load_checkpoint, load_state_dict_file
from mmpose_dark.checkpoint.hub import HubFile, parse_hub

COMMIT, LATER = 'a' * 40, 'b' * 40


class _Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self._answer(with_body=False)

    def do_GET(self):
        self._answer(with_body=True)

    def _answer(self, *, with_body):
        server = self.server
        server.requests.append(f'{self.command} {self.path}')
        if server.failures:
            return self._headers(server.failures.pop(0), {})
        if self.path.startswith('/cdn/'):
            content = server.contents[self.path.removeprefix('/cdn/')]
            self._headers(200, {'Content-Length': len(content), 'ETag': '"cdn"'})
            if with_body:
                self.wfile.write(content[: server.cut])
            return None
        repository, _, rest = self.path[1:].partition('/resolve/')
        revision, _, file = rest.partition('/')
        if repository in server.renamed:
            return self._headers(307, {'Location': f'/{server.renamed[repository]}/resolve/{rest}'})
        if repository in server.refused:
            status, code = server.refused[repository]
            return self._headers(status, {'X-Error-Code': code} if code else {})
        if repository not in server.repositories:
            return self._headers(401, {'X-Error-Code': 'RepoNotFound'})
        commit = server.revisions.get(revision, revision if len(revision) == 40 else None)
        if commit is None:
            return self._headers(404, {'X-Error-Code': 'RevisionNotFound'})
        content = server.repositories[repository].get((commit, file))
        if content is None:
            return self._headers(404, {'X-Error-Code': 'EntryNotFound'})
        digest = hashlib.sha256(content).hexdigest()
        server.contents[digest] = content
        told = {'X-Repo-Commit': commit, 'X-Linked-Etag': f'"{server.says or digest}"', 'Content-Length': 0}
        if server.is_small:  # a file that is not kept apart: its tag is no SHA-256, and it comes at once
            told = {'X-Repo-Commit': commit, 'ETag': '"0123"', 'Content-Length': len(content)}
            self._headers(200, told)
            if with_body:
                self.wfile.write(content)
            return None
        return self._headers(302, told | {'Location': f'/cdn/{digest}'})

    def _headers(self, status, headers):
        self.send_response(status)
        for name, value in ({'Content-Length': 0} | headers).items():
            self.send_header(name, str(value))
        self.end_headers()


@pytest.fixture
def fake(monkeypatch, cache):
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), _Handler)
    server.daemon_threads = True
    server.requests, server.contents, server.failures, server.renamed, server.refused = [], {}, [], {}, {}
    server.revisions, server.repositories = {'main': COMMIT, 'v1': COMMIT, 'refs%2Fpr%2F1': LATER}, {}
    server.cut, server.says, server.is_small = None, None, False
    thread = threading.Thread(target=server.serve_forever, kwargs=dict(poll_interval=0.01), daemon=True)
    thread.start()
    monkeypatch.setenv('HF_ENDPOINT', f'http://127.0.0.1:{server.server_port}/')
    monkeypatch.delenv('HF_HUB_OFFLINE', raising=False)
    monkeypatch.setattr(hub, '_WAITS', (0.0,))
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def network(tmp_path):
    """A file, and the network that it is of."""
    safetensors = pytest.importorskip('safetensors.torch')
    net = nn.Linear(3, 2)
    path = tmp_path / 'a.safetensors'
    safetensors.save_file(net.state_dict(), path)
    return path.read_bytes(), net


def test_a_file_is_fetched_once_and_its_hash_compared(fake, network, cache, log):
    content, net = network
    fake.repositories['owner/name'] = {(COMMIT, 'model.safetensors'): content}
    for _ in range(2):
        other = nn.Linear(3, 2)
        load_checkpoint(other, 'hf://owner/name')
        assert torch.equal(other.weight, net.weight)
    assert sum(request.startswith('GET /cdn/') for request in fake.requests) == 1
    assert f'hf://owner/name@{COMMIT} stays the same' in log.text
    assert (cache / 'hub' / 'owner--name' / COMMIT / 'model.safetensors').read_bytes() == content
    assert 'its hash is right' in log.text


def test_a_branch_that_moves_is_fetched_anew_and_a_commit_is_not_asked_for(fake, tmp_path):
    path = tmp_path / 'a.pth'
    torch.save({'a': torch.ones(2)}, path)
    fake.repositories['o/n'] = {(COMMIT, 'w/a.pth'): path.read_bytes()}
    assert load_state_dict_file('hf://o/n/w/a.pth')['a'].tolist() == [1, 1]
    torch.save({'a': torch.zeros(2)}, path)
    fake.repositories['o/n'][LATER, 'w/a.pth'] = path.read_bytes()
    fake.revisions['main'] = LATER
    assert load_state_dict_file('hf://o/n/w/a.pth')['a'].tolist() == [0, 0]
    before = len(fake.requests)
    assert load_state_dict_file(f'hf://o/n@{COMMIT}/w/a.pth')['a'].tolist() == [1, 1]
    assert len(fake.requests) == before
    assert load_state_dict_file('hf://o/n@refs%2Fpr%2F1/w/a.pth')['a'].tolist() == [0, 0]


def test_a_repository_that_was_renamed(fake, network):
    content, _ = network
    fake.repositories['new/name'] = {(COMMIT, 'model.safetensors'): content}
    fake.renamed['old/name'] = 'new/name'
    assert load_state_dict_file('hf://old/name')['weight'].shape == (2, 3)


def test_offline(fake, network, monkeypatch, log):
    content, _ = network
    fake.repositories['o/n'] = {(COMMIT, 'model.safetensors'): content}
    monkeypatch.setenv('HF_HUB_OFFLINE', '1')
    with pytest.raises(CheckpointError, match=r'hf://o/n: the hub cannot be reached .*no copy.* HF_ENDPOINT') as info:
        load_state_dict_file('hf://o/n')
    assert '\n' not in str(info.value)
    assert fake.requests == []
    monkeypatch.delenv('HF_HUB_OFFLINE')
    load_state_dict_file('hf://o/n')
    monkeypatch.setenv('HF_ENDPOINT', 'http://127.0.0.1:9')  # nobody listens there
    assert load_state_dict_file('hf://o/n')['weight'].shape == (2, 3)
    assert f'the copy of {COMMIT} in the cache is used' in log.text
    with pytest.raises(CheckpointError, match='no copy'):
        load_state_dict_file('hf://o/n@v2')


def test_a_server_that_fails_once_is_asked_again(fake, network):
    content, _ = network
    fake.repositories['o/n'] = {(COMMIT, 'model.safetensors'): content}
    fake.failures = [503]
    assert load_state_dict_file('hf://o/n')['weight'].shape == (2, 3)
    fake.failures = [503, 503]
    fake.revisions['v9'] = LATER
    with pytest.raises(CheckpointError, match='it answers 503'):
        load_state_dict_file('hf://o/n@v9')


@pytest.mark.parametrize(
    ('url', 'words'),
    [
        ('hf://no/such', r'no such repository, or it is private \(401\)'),
        ('hf://gated/net', r'accepted the terms \(401\).*browser at http://.*/gated/net.*pass its path'),
        ('hf://closed/net', r'accepted the terms \(403\)'),
        ('hf://o/n@v7', r"no revision 'v7' \(404\)"),
        ('hf://o/n/b.safetensors', r"no file 'b.safetensors' at revision 'main' \(404\).*hf://o/n/FILE"),
    ],
)
def test_what_the_hub_refuses_is_one_line(fake, url, words):
    fake.repositories['o/n'] = {}
    fake.refused = {'gated/net': (401, 'GatedRepo'), 'closed/net': (403, '')}
    with pytest.raises(CheckpointError, match=words) as info:
        load_state_dict_file(url)
    assert '\n' not in str(info.value)


def test_content_of_another_hash_is_not_kept(fake, network, cache):
    content, _ = network
    fake.repositories['o/n'] = {(COMMIT, 'model.safetensors'): content}
    fake.says = 'c' * 64
    with pytest.raises(CheckpointError, match='the hub says cccccccc'):
        load_state_dict_file('hf://o/n')
    assert not list(cache.rglob('model.safetensors'))


def test_small_files_have_no_hash_which_is_said(fake, network, log):
    content, _ = network
    fake.repositories['o/n'] = {(COMMIT, 'model.safetensors'): content}
    fake.is_small = True
    assert load_state_dict_file('hf://o/n')['bias'].shape == (2,)
    assert 'gives no SHA-256' in log.text


def test_a_folder_may_stand_for_the_hub(monkeypatch, tmp_path, cache):
    monkeypatch.setenv('MMPOSE_DARK_MIRROR', f'https://huggingface.co={tmp_path}')
    monkeypatch.delenv('HF_ENDPOINT', raising=False)
    folder = tmp_path / 'o' / 'n' / 'resolve' / 'main'
    folder.mkdir(parents=True)
    torch.save({'a': torch.ones(1)}, folder / 'a.pth')
    assert load_state_dict_file('hf://o/n/a.pth')['a'].tolist() == [1]


@pytest.mark.parametrize(
    'url', ['hf://name', 'hf://o/n@', 'hf://o/n/../x', 'hf://o/../x', 'hf://o/n@..', 'hf://o/n@a b']
)
def test_urls_of_no_form(url):
    with pytest.raises(CheckpointError, match=r'not of the form hf://OWNER/NAME'):
        parse_hub(url)


def test_urls():
    assert parse_hub('hf://o/n') == HubFile('o/n', 'main', 'model.safetensors')
    assert parse_hub('HF://o/n@v1') == HubFile('o/n', 'v1', 'model.safetensors')
    assert parse_hub('https://o/n') is None
