"""Checking all data of a config."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from ..annotations import AnnotationError, read_detections
from ..config.agreement import disagreements
from ..config.tree import dataset_of, datasets_of, evaluators_of
from ..datasets.coco_wholebody_dataset import CocoWholeBodyDataset
from ..registry import DATASETS
from ..utils.choices import PHASES
from ..utils.errors import InputError
from .boxes import check_areas, check_boxes
from .detections import check_detections
from .image_files import ImageFile, read_image_files, spread
from .images import check_image_files
from .keypoints import check_keypoints, check_sides, check_visibility
from .report import Report, Section, found
from .samples import check_samples
from .settings import check_build, check_definition, check_evaluators, check_metrics, check_network, needs_area
from .sigmas import check_sigmas
from .sources import Source, build_source, read_people
from .splits import check_splits

__all__ = ['PHASES', 'check_config']

Item = TypeVar('Item')
Track = Callable[[Iterable[Item], int, str], Iterable[Item]]


def check_config(
    config: Mapping[str, object],
    *,
    name: str = '',
    phases: Sequence[str] = PHASES,
    workers: int = 4,
    max_images: int | None = None,
    track: Track | None = None,
) -> Report:
    """Check the files behind a config's datasets, without stopping at the first trouble.

    Args:
        config: of a run; ``{phase}_dataloader``, ``{phase}_evaluator`` and ``model`` are looked at.
        name: of the config, for the report.
        phases: of ``'train'``, ``'val'`` and ``'test'``, those to check; what the config lacks is passed over.
        workers: images read at a time.
        max_images: read at most so many images of each dataset, evenly spread; 0 for none.
        track: shows progress: takes the things to loop over, their number and their name.

    Raises:
        ValueError: the config has data for none of the phases.
    """
    chosen = [p for p in phases if dataset_of(config, p)]
    if not chosen:
        raise InputError(
            f'there is no data to check: the config has no {" or ".join(f"{p}_dataloader" for p in phases)}'
        )
    report = Report(name)
    contradictions = [found('error', 'settings', line) for line in disagreements(_of_phases(config, chosen))]
    contradictions += check_build(config.get('model'))
    if contradictions:
        report.sections.append(Section('settings that must agree', findings=contradictions))
    sources: dict[str, list[Source]] = {}
    for phase in chosen:
        twin = next((p for p in sources if _same(config, p, phase)), None)
        if twin:
            sources[phase] = sources[twin]
            report.sections.append(Section(f'{phase}: the same data as {twin}'))
            continue
        sources[phase] = _read_phase(config, phase, report)
    image_files = _read_all([s for phase in sources.values() for s in phase], workers, max_images, track)
    by_place = {section.title: section for section in report.sections}
    done: set[str] = set()
    for phase, parts in sources.items():
        for source in parts:
            if source.place not in done and source.people is not None:
                done.add(source.place)
                evaluators = evaluators_of(config, phase)
                _check_source(source, by_place[source.place], image_files, evaluators, max_images)
    _try_metrics(config, sources, report)
    if 'train' in sources:
        for phase in chosen:
            if phase != 'train' and not any(sources[phase] is sources[p] for p in chosen[: chosen.index(phase)]):
                _compare(sources['train'], sources[phase], phase, image_files, report)
    return report


def _of_phases(config: Mapping, phases: Sequence[str]) -> dict[str, object]:
    """Return the parts of a config that these phases read. The number of keypoints has a check of its own."""
    loaders = [f'{phase}_dataloader' for phase in phases if phase != 'train']
    train = {'train_dataloader': config['train_dataloader']} if 'train' in phases else {}
    return train | {key: config[key] for key in ('model', *loaders) if config.get(key) is not None}


def _same(config: Mapping, phase: str, other: str) -> bool:
    return all(config.get(f'{phase}_{part}') == config.get(f'{other}_{part}') for part in ('dataloader', 'evaluator'))


def _read_phase(config: Mapping, phase: str, report: Report) -> list[Source]:
    """Build and read the datasets of a phase, each with a section of the report, and try some samples."""
    sources, sections = [], []
    for part in datasets_of(config, phase):
        section = Section(part.place)
        report.sections.append(section)
        sections.append(section)
        try:
            source = build_source(part)
        except (ValueError, OSError, KeyError, TypeError) as err:
            section.findings.append(found('error', 'dataset', f'the dataset cannot be built: {err}'))
            continue
        _describe(source, section)
        if source.has_own_format:
            message = f'{type(source.dataset).__name__} reads its files in its own way: only samples are checked'
            section.findings.append(found('note', 'format', message))
            continue
        section.findings += check_definition(source.dataset.metainfo)
        try:
            section.findings += read_people(source)
        except AnnotationError as err:
            section.findings.append(found('error', 'annotation-file', str(err), file=source.dataset.ann_file))
            continue
        sources.append(source)
    _try_samples(config, dataset_of(config, phase), sections)
    return sources


def _describe(source: Source, section: Section) -> None:
    dataset = source.dataset
    section.facts['class'] = type(dataset).__name__
    meta = getattr(dataset, 'metainfo', None) or {}
    if {'dataset_name', 'num_keypoints'} <= set(meta):  # datasets of mmengine have metainfo of their own kind
        section.facts['definition'] = f'{meta["dataset_name"]}, {meta["num_keypoints"]} keypoints'
    if hasattr(dataset, 'ann_file'):
        section.facts['annotations'] = dataset.ann_file
        section.facts['images'] = source.folder or '(paths of the annotations)'


def _try_samples(config: Mapping, whole: Mapping, sections: Sequence[Section]) -> None:
    """Build the phase's dataset as it is and run samples of it, if nothing is known to be wrong with it yet."""
    if any(f.severity == 'error' for section in sections for f in section.findings):
        return
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # what a dataset warns of is reported with the annotations
        try:
            dataset = DATASETS.build(dict(whole))
            sections[0].facts['samples'] = str(len(dataset))
        except (ValueError, OSError, KeyError, TypeError) as err:
            sections[0].findings.append(found('error', 'dataset', f'the dataset cannot be built: {err}'))
            return
        count = (getattr(dataset, 'metainfo', None) or {}).get('num_keypoints')
        if count is not None:
            sections[0].findings += check_network(config.get('model'), count)
            sections[0].findings += check_samples(dataset, num_keypoints=count)


def _try_metrics(config: Mapping, sources: Mapping[str, Sequence[Source]], report: Report) -> None:
    """Build the metrics of each phase and show them the dataset, as a run does, if nothing is known to be wrong yet."""
    done: list[Sequence[Source]] = []
    for phase, parts in sources.items():
        evaluators = evaluators_of(config, phase)
        places = {part.place for part in datasets_of(config, phase)}
        sections = [section for section in report.sections if section.title in places]
        failed = any(f.severity == 'error' for section in sections for f in section.findings)
        if not evaluators or not sections or parts in done or failed:  # without sections: a phase like an earlier one
            continue
        done.append(parts)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            sections[0].findings += check_metrics(evaluators, DATASETS.build(dict(dataset_of(config, phase))))


def _read_all(
    sources: Sequence[Source], workers: int, max_images: int | None, track: Track | None
) -> dict[str, ImageFile]:
    """Read each image of the sources once."""
    chosen: dict[str, dict | None] = {}
    for source in sources:
        paths = list(dict.fromkeys(record.path for record in source.people.images.values()))
        chosen.update((paths[i], source.image_backend) for i in spread(len(paths), max_images))
    image_files: dict[str, ImageFile] = {}
    for backend_args in {repr(v): v for v in chosen.values()}.values():
        paths = [path for path, used in chosen.items() if used == backend_args]
        found_files = read_image_files(paths, workers=workers, backend_args=backend_args)
        image_files.update(track(found_files, len(paths), 'images') if track else found_files)
    return image_files


def _check_source(
    source: Source, section: Section, image_files: Mapping[str, ImageFile], evaluators: list, max_images: int | None
) -> None:
    dataset, people = source.dataset, source.people
    ignore = source.ignore_orientation
    people.learn_sizes(image_files, ignore_orientation=ignore)
    read = sum(record.path in image_files for record in people.images.values())
    section.facts['people'] = f'{int(people.valid.sum())} usable of {len(people)} annotations'
    section.facts['image files'] = f'{read} of {len(people.images)} read'
    if max_images is not None and read < len(people.images):
        section.facts['image files'] += f' (--max-images {max_images})'
    out = section.findings
    out += check_image_files(
        people.images, image_files, file=people.file, folder=source.folder, ignore_orientation=ignore
    )
    if len(people):
        wholebody = isinstance(dataset, CocoWholeBodyDataset)
        out += check_visibility(people, values=() if wholebody else (0, 1, 2))
        out += check_keypoints(people)
        out += check_boxes(people)
        out += check_sides(people, dataset.metainfo['keypoint_name2id'])
        out += check_sigmas(people, dataset.metainfo['sigmas'])
        out += check_areas(people, needed=dataset.test_mode and needs_area(evaluators))
    if dataset.test_mode:
        out += check_evaluators(evaluators, people, headbox_file=getattr(dataset, 'headbox_file', None))
    _check_detection_files(source, section)


def _check_detection_files(source: Source, section: Section) -> None:
    dataset = source.dataset
    files = dataset.bbox_file or []
    for number, path in enumerate([files] if isinstance(files, str) else files):
        try:
            detections = read_detections(path, backend_args=dataset.backend_args)
        except AnnotationError as err:
            section.findings.append(found('error', 'detections', str(err), file=path))
            continue
        findings, summary = check_detections(
            detections,
            source.people,
            path,
            skip_unknown=bool(dataset.filter_cfg.get('skip_unknown_images')),
            score_thr=dataset.filter_cfg.get('bbox_score_thr'),
            person=source.person,
        )
        section.findings += findings
        section.facts[f'detections {number + 1}' if number else 'detections'] = f'{path}: {summary}'


def _compare(
    train: Sequence[Source], other: Sequence[Source], phase: str, image_files: Mapping[str, ImageFile], report: Report
) -> None:
    paths = [[r.path for s in part for r in s.people.images.values()] for part in (train, other)]
    findings = check_splits(*paths, image_files, phase=phase)
    if findings:
        report.sections.append(Section(f'train and {phase} together', findings=findings))
