"""The server with the shipped networks, and drawn people."""

import argparse
import time
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

pytest.importorskip('fastapi')
pytest.importorskip('httpx')


@pytest.fixture(scope='session')
def drawn() -> np.ndarray:
    """An image of drawn people."""
    from mmpose_dark.synthetic.video import DrawnVideo
    from mmpose_dark.synthetic.video_settings import VideoSettings

    settings = VideoSettings(frames=200, people=2, plot='stay', width=240, height=180)
    return DrawnVideo(settings, seed=5).image(60)


@pytest.fixture(scope='session')
def png(drawn: np.ndarray) -> bytes:
    return cv2.imencode('.png', drawn)[1].tobytes()


@pytest.fixture(scope='session')
def pose_model():
    from mmpose_dark.cli.network_arguments import add_network_arguments, choose_network, load_network

    parser = argparse.ArgumentParser()
    add_network_arguments(parser)
    args = parser.parse_args(['--model', 'demo', '--device', 'cpu'])
    return load_network(args, choose_network(args))


@pytest.fixture
def make_client(pose_model) -> Iterator:
    """Return a client of a server with the given limits."""
    from fastapi.testclient import TestClient

    from mmpose_dark.serve import Limits, PoseService, create_app
    from mmpose_dark.synthetic.people_detector import shipped_detector

    clients = []

    def make(**limits):
        chosen = Limits(**limits)
        app = create_app(PoseService(pose_model, shipped_detector(), chosen, title='demo'), chosen)
        client = TestClient(app)
        client.__enter__()
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def ended():
    """Return a function that waits for a job and returns how it ended."""

    def wait(client, token: str) -> dict:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            state = client.get(f'/api/jobs/{token}').json()
            if state['state'] not in ('waiting', 'running'):
                return state
            time.sleep(0.02)
        raise AssertionError(f'the job did not end: {state}')

    return wait
