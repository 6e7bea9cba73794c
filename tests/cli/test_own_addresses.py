"""Which addresses and interfaces are this machine's."""

import sys

import pytest

from mmpose_dark.cli.own_addresses import check_is_own, free_port, interface_towards
from mmpose_dark.utils.errors import StateError


@pytest.mark.parametrize('host', ['127.0.0.1', 'localhost'])
def test_own_addresses(host):
    check_is_own(host)


@pytest.mark.parametrize(
    ('host', 'told'),
    [
        ('192.0.2.1', 'MASTER_ADDR=192.0.2.1 is no address of this machine, which is the first one'),
        ('no.such.host.invalid', 'MASTER_ADDR=no.such.host.invalid: this name is not known'),
    ],
)
def test_addresses_of_others(host, told):
    with pytest.raises(StateError, match=told):
        check_is_own(host)


def test_a_free_port_is_free():
    assert 0 < free_port() < 2**16


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='names of interfaces')
def test_the_interface_of_the_loopback():
    assert interface_towards('127.0.0.1') == 'lo'
    assert interface_towards('no.such.host.invalid') is None
