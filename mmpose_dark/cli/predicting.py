"""What `mmpose-dark predict` does with its arguments: sources, boxes, network, tracks, files."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .box_arguments import box_file, box_format
from .detector_arguments import make_detector
from .network_arguments import Network, choose_network, load_network
from .status import INTERRUPTED, OK, SOME_UNUSABLE

if TYPE_CHECKING:
    from ..inference import BoxFile, Inferencer
    from ..inference.labelling import Outcome
    from ..inference.sinks import BaseSink
    from ..inference.sources import BaseSource
    from ..utils.interrupts import Interrupts

__all__ = ['predict']

NONE, TWO_PASS = 'none', 'two-pass'
_NAMED = 20  # of what could not be used


@dataclass
class _Job:
    """A source with what is made of it.

    Attributes:
        source: images, a video or a stream.
        sinks: that write.
        smooth: name of the smoother; 'none' for none.
        track: name of the tracker; 'none' for none.
    """

    source: 'BaseSource'
    sinks: 'list[BaseSink]'
    smooth: str
    track: str


def predict(args: argparse.Namespace) -> int:
    """Find the people of all sources, write them, and return the exit status.

    Args:
        args: of the command's parser.

    Raises:
        UserError: before the work where that can be known; what was written until then stays.
    """
    from ..inference.sources import open_sources
    from ..utils.interrupts import Interrupts

    network = choose_network(args)
    if network.note:
        print(f'note: {network.note}')
    sources = open_sources(args.source, fps=args.fps)
    jobs = [_job(source, args) for source in sources]
    _check_files(jobs, args, network)
    boxes = _box_source(args, sources)
    model = load_network(args, network)
    batch_size = args.batch_size
    if batch_size == 'auto':
        from ..inference.batch_size import auto_batch_size

        batch_size = auto_batch_size(model)
        print(f'--batch-size auto: {batch_size} people a batch are the fastest here')
    worst = OK
    with Interrupts() as interrupts:
        for job in jobs:
            inferencer = _inferencer(model, job, args, batch_size=batch_size, detector=boxes.detector)
            outcome = _label(job, inferencer, boxes, interrupts)
            worst = max(worst, _report(job, outcome, inferencer, args))
            if outcome.interrupted:
                print('interrupted: what was finished is written', file=sys.stderr)
                return INTERRUPTED
    return worst


def _job(source: 'BaseSource', args: argparse.Namespace) -> _Job:
    from ..inference.sinks import make_sinks

    moving = source.info.is_moving
    names = args.save or (['video', 'csv'] if moving else ['images', 'csv'])
    looks = dict(kpt_thr=args.kpt_thr, draw_bbox=args.draw_bbox, draw_covariance=args.draw_covariance)
    sinks = make_sinks(names, Path(args.out_dir), source.info.stem, **looks)
    track = (args.track or 'kalman') if moving else NONE
    smooth = NONE if track == NONE else args.smooth or 'default'
    if smooth == 'default':
        smooth = TWO_PASS if source.info.kind == 'video' else 'kalman'
    return _Job(source, sinks, smooth, track)


def _check_files(jobs: Sequence[_Job], args: argparse.Namespace, network: Network) -> None:
    """Stop before the work where an output cannot be written, would be written twice, or would replace an input."""
    from ..utils.errors import InputError
    from ..utils.output_paths import check_outputs

    inputs = [path for job in jobs for path in job.source.inputs]
    inputs += [
        p
        for p in (args.bboxes, args.detector, network.config, network.checkpoint, args.calibration)
        if p and Path(p).is_file()
    ]
    seen: set[Path] = set()
    for job in jobs:
        for sink in job.sinks:
            for path in sink.outputs:
                if path in seen:
                    raise InputError(f'{path} would be written twice; leave out a source or a format')
                seen.add(path)
            if sink.writes_folder:
                check_outputs(folders=sink.outputs)
            else:
                check_outputs(sink.outputs, inputs=inputs)
        if job.smooth == TWO_PASS and job.source.info.kind == 'stream':
            raise InputError(
                f'{job.source.info.name}: --smooth two-pass needs the whole video, and a stream has no end; use kalman '
                'or one-euro'
            )


@dataclass
class _Boxes:
    """Where the boxes come from: one of these.

    Attributes:
        detector: looks for people; None where boxes are given.
        file: boxes of images by their names.
        same: boxes of every image.
        box_format: of the given ones.
    """

    detector: Callable | None = None
    file: 'BoxFile | None' = None
    same: list[list[float]] | None = None
    box_format: str = 'xyxy'

    def of(self, path: str) -> list | None:
        """Return the boxes of an image; None to ask the detector."""
        if self.file is not None:
            return self.file.boxes_for(path) or []
        return self.same


def _box_source(args: argparse.Namespace, sources: 'Sequence[BaseSource]') -> _Boxes:
    from ..inference import WholeImage
    from ..utils.errors import InputError

    if args.bboxes:
        moving = [source.info.name for source in sources if source.info.is_moving]
        if moving:
            raise InputError(
                f'--bboxes {args.bboxes} has boxes of images by their names, and {moving[0]} is a video: use --bbox, '
                '--whole-image or --detector'
            )
        images = [path for source in sources for path in source.inputs]
        return _Boxes(file=box_file(args, images), box_format=box_format(args))
    if args.bbox:
        return _Boxes(same=args.bbox, box_format=box_format(args))
    if args.whole_image:
        return _Boxes(detector=WholeImage())
    return _Boxes(detector=make_detector(args.detector, score_thr=args.bbox_thr))


def _inferencer(
    model: object, job: _Job, args: argparse.Namespace, *, batch_size: int | None, detector: Callable | None
) -> 'Inferencer':
    from ..inference import Inferencer
    from ..inference.people_choice import PeopleChoice
    from ..inference.smoothing import make_smoother
    from ..inference.tracking import make_tracker

    choice = PeopleChoice(
        max_people=args.max_people,
        region=args.region,
        nms_thr=args.nms_thr,
        detect_every=args.detect_every if job.source.info.is_moving else 1,
    )
    return Inferencer(
        model,
        batch_size=batch_size,
        num_workers=args.num_workers,
        detector=detector,
        choice=choice,
        tracker=None if job.track == NONE else make_tracker(job.track),
        smoother=None if job.smooth in (NONE, TWO_PASS) else make_smoother(job.smooth),
    )


def _label(job: _Job, inferencer: 'Inferencer', boxes: _Boxes, interrupts: 'Interrupts') -> 'Outcome':
    from ..inference.labelling import label_source
    from ..inference.smoothing import make_smoother

    return label_source(
        job.source,
        inferencer,
        job.sinks,
        bboxes=boxes.of if boxes.detector is None else None,
        bbox_format=boxes.box_format,
        whole=make_smoother(TWO_PASS) if job.smooth == TWO_PASS else None,
        interrupts=interrupts,
    )


def _report(job: _Job, outcome: 'Outcome', inferencer: 'Inferencer', args: argparse.Namespace) -> int:
    """Say what came out of a source, and return the exit status."""
    info, moving = job.source.info, job.source.info.is_moving
    unit = 'frames' if moving else 'images'
    told = f'{info.name}: {outcome.people} people in {outcome.frames} {unit}'
    if job.track != NONE:
        told += f', {len(outcome.tracks)} tracks'
    if outcome.filled:
        told += f', {outcome.filled} filled into gaps'
    rate = outcome.frames / max(outcome.seconds, 1e-9)
    print(f'{told}; {outcome.seconds:.1f} s, {rate:.1f} {unit}/s', flush=True)
    print(f'  busy: {inferencer.times}')
    written = [str(path) for sink in job.sinks for path in sink.outputs if path.exists()]
    print(f'  written: {", ".join(written) or "nothing, as there was no frame"}')
    for note in [*job.source.notes, *([f'{job.source.dropped} late frames were left out'] * bool(job.source.dropped))]:
        print(f'  {note}')
    bad = outcome.bad
    if not bad:
        return OK
    print(f'{len(bad)} of {outcome.frames + len(bad)} {unit} of {info.name} could not be used:', file=sys.stderr)
    print(*(f'  {line}' for line in bad[:_NAMED]), sep='\n', file=sys.stderr)
    if len(bad) > _NAMED:
        print(f'  and {len(bad) - _NAMED} more', file=sys.stderr)
    return SOME_UNUSABLE
