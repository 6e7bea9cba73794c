"""What limits a step, in plain words."""

from .clock import BACKWARD, LOADER, METRIC, NETWORK, OPTIMIZER, REST, TRANSFER
from .profile import LoaderSettings, Profile, StepSettings

__all__ = ['advise', 'rate_text']

_NOTABLE = 0.1  # share of a step from which on a phase is worth a word
_MARGIN = 1.2  # how much faster than the network the loader should be


def rate_text(rate: float) -> str:
    """Return samples a second with two digits or more.

    >>> rate_text(1234.5), rate_text(3.21)
    ('1234', '3.2')
    """
    return f'{rate:.0f}' if rate >= 10 else f'{rate:.1f}'


def advise(profile: Profile) -> list[str]:
    """Say what limits the step and what to change, most important first.

    >>> from mmpose_dark.engine.profiling import StepTimes
    >>> steps = [StepTimes({'loader': 0.001, 'network': 0.03, 'backward': 0.06}, 32)]
    >>> settings = StepSettings('train', 'cuda', precision='float16', channels_last=True, cores=8)
    >>> advise(Profile(steps, 900.0, settings, LoaderSettings(4, True, True, 2)))
    ['The network is the limit and the loader has time to spare: nothing here is worth changing.']
    """
    share = {row.phase: row.share for row in profile.rows}
    rate, wanted = profile.loader_rate, profile.network_rate
    waits, slow = share[LOADER] >= _NOTABLE, rate < wanted
    found = []
    if waits or slow:
        found.append(_limit_text(share[LOADER], rate, wanted))
        found += _loader_advice(profile)
    elif rate < _MARGIN * wanted:
        found.append(
            f'The loader just keeps up ({rate_text(rate)} samples/s for {rate_text(wanted)}): one worker more if there '
            'is a core for it, before anything makes the network faster.'
        )
    others = _step_advice(share, profile.settings, profile.loader)
    if not found and others:
        found.append('The loader is not the limit.')
    if not found and not others:
        return ['The network is the limit and the loader has time to spare: nothing here is worth changing.']
    return found + others


def _limit_text(waiting: float, rate: float, wanted: float) -> str:
    if waiting >= _NOTABLE:
        return (
            f'The loader is the limit: {100 * waiting:.0f} % of the time goes by waiting for data; with data at hand '
            f'the steps would be {1 / max(1 - waiting, 1e-9):.1f} times as fast.'
        )
    return (
        'The loader will be the limit once its prefetched batches are used up: it gives '
        f'{rate_text(rate)} samples/s, the rest of the step takes {rate_text(wanted)}.'
    )


def _loader_advice(profile: Profile) -> list[str]:
    settings, loader = profile.settings, profile.loader
    name = f'{settings.mode}_dataloader'
    found = []
    needed = max(
        loader.workers + 1, round(_MARGIN * max(loader.workers, 1) * profile.network_rate / profile.loader_rate)
    )
    most = settings.cores if settings.device != 'cpu' else settings.cores - 1
    if loader.workers < most:
        found.append(
            f'More workers: {loader.workers} now, {min(needed, most)} for this network on {settings.cores} cores '
            f'({name}.num_workers, --num-workers).'
        )
    if settings.device == 'cpu' and loader.workers + settings.threads > settings.cores:
        found.append(
            f'The network computes with {settings.threads} threads beside {loader.workers} workers on '
            f'{settings.cores} cores, so they take time from each other: compare OMP_NUM_THREADS='
            f'{max(1, settings.cores - max(loader.workers, 1))}; less work a sample helps both.'
        )
    if loader.workers and not loader.persistent:
        found.append(f'Workers start anew in each epoch: {name}.persistent_workers=True.')
    if settings.device == 'cuda' and not loader.pinned:
        found.append(f'Batches are copied from pageable memory: {name}.pin_memory=True.')
    if settings.targets_in_loader:
        found.append('Workers make heatmaps and send them: without GenerateTarget the head makes them on the device.')
    if settings.mode == 'train' and not settings.reduced:
        found.append(
            'Less work a sample: images much larger than the people in them are decoded at reduced scale with '
            'LoadImage.reduce_to=(width, height) of the network input in the training pipeline; or store them smaller.'
        )
    if not settings.packed:
        found.append(
            'Many small files on a slow or distant disk are faster from one archive: tools/misc/pack_images.py '
            '(a second run is no test of that: the system keeps files in memory).'
        )
    if loader.workers and not loader.single_thread:
        found.append(
            f'A worker should use one thread: leave {name}.worker_init_fn out, or call cv2.setNumThreads(0) in yours.'
        )
    return found


def _step_advice(share: dict[str, float], settings: StepSettings, loader: LoaderSettings) -> list[str]:
    found = []
    name = f'{settings.mode}_dataloader'
    network = share[NETWORK] + share.get(BACKWARD, 0.0)
    if network >= 0.5:
        changes = [] if settings.channels_last else ['--channels-last']
        if settings.precision == 'float32':
            changes.append('--amp' + ('' if settings.device == 'cuda' else ' (if the processor computes in bfloat16)'))
        if changes:
            found.append(f'The network takes {100 * network:.0f} % of the time: compare {" and ".join(changes)}.')
        if settings.mode == 'test' and settings.flip_test:
            found.append(
                'The flip test runs the network twice: model.test_cfg.flip_test=False halves that, for less AP.'
            )
    if settings.device == 'cuda' and share[TRANSFER] >= _NOTABLE:
        changes = [] if loader.pinned else [f'{name}.pin_memory=True']
        changes.append('model.data_preprocessor.non_blocking=True')
        found.append(f'Transfer takes {100 * share[TRANSFER]:.0f} %: {" and ".join(changes)}.')
    if settings.mode == 'train' and share[METRIC] >= _NOTABLE:
        found.append(f'Training accuracy takes {100 * share[METRIC]:.0f} %: a larger model.head.acc_interval.')
    if settings.device == 'cuda' and share.get(OPTIMIZER, 0.0) >= _NOTABLE:
        found.append(
            f'The optimizer takes {100 * share[OPTIMIZER]:.0f} %: optim_wrapper.optimizer.fused=True for Adam, AdamW '
            'and SGD, or a larger batch.'
        )
    if share[REST] >= 2 * _NOTABLE:
        found.append(
            f'{100 * share[REST]:.0f} % go to hooks and bookkeeping: a larger batch, or fewer hooks in each iteration.'
        )
    return found
