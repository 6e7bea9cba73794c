"""The datasets that a config is made of, and their files."""

import copy
import dataclasses
from collections.abc import Hashable

from ..annotations import PERSON, AnnotationError, normal_coco, person_category, read_json
from ..config.tree import DatasetPart
from ..datasets.base_coco_style_dataset import BaseCocoStyleDataset
from ..datasets.coco_wholebody_dataset import CocoWholeBodyDataset
from ..datasets.mpii_dataset import MpiiDataset
from ..datasets.transforms.load_image import LoadImage
from ..keypoint_sets import WHOLEBODY_FIELDS
from ..registry import DATASETS, TRANSFORMS
from .coco_people import coco_people, read_annotations
from .kinds import is_subclass
from .mpii_people import mpii_people
from .people import People
from .records import check_categories, check_ids, check_images, check_usable
from .report import Finding, found

__all__ = ['Source', 'build_source', 'read_people']


@dataclasses.dataclass
class Source:
    """A dataset of a config that reads files itself.

    Attributes:
        place: in the config.
        dataset: built, its files not read.
        ignore_orientation: whether its images are read as stored, without their EXIF orientation.
        image_backend: of mmengine's file backend, for the images; None: files.
        people: of its annotation file, once read.
        person: the category of people in that file.
    """

    place: str
    dataset: BaseCocoStyleDataset
    ignore_orientation: bool = False
    image_backend: dict | None = None
    people: People | None = None
    person: Hashable = PERSON

    @property
    def folder(self) -> str:
        """Of its images."""
        return self.dataset.data_prefix.get('img', '')

    @property
    def has_own_format(self) -> bool:
        """Whether it reads its files in a way of its own, so that only samples can be looked at."""
        kind = type(self.dataset)
        known = (BaseCocoStyleDataset.load_data_list, MpiiDataset.load_data_list)
        return getattr(kind, 'load_data_list', None) not in known


def build_source(part: DatasetPart) -> Source:
    """Build a dataset without reading its files."""
    config = copy.deepcopy(dict(part.config))
    if is_subclass(config, DATASETS, BaseCocoStyleDataset):
        config['lazy_init'] = True
    loader = next((t for t in part.pipeline if is_subclass(t, TRANSFORMS, LoadImage)), {})
    return Source(
        part.place,
        DATASETS.build(config),
        ignore_orientation=loader.get('color_type') == 'color_ignore_orientation',
        image_backend=loader.get('backend_args'),
    )


def read_people(source: Source) -> list[Finding]:
    """Read a source's annotation file into ``source.people``, and check its records.

    Raises:
        AnnotationError: the file as a whole cannot be read.
    """
    dataset = source.dataset
    file, meta, hint = dataset.ann_file, dataset.metainfo, dataset.layout_hint()
    count, names = meta['num_keypoints'], list(meta['keypoint_id2name'].values())
    if isinstance(dataset, MpiiDataset):
        content = read_json(file, hint=hint, backend_args=dataset.backend_args)
        source.people, findings = mpii_people(content, file, count, folder=source.folder)
        return [*findings, *check_usable(source.people)]
    with_detections = bool(dataset.bbox_file)
    content = read_annotations(file, hint=hint, backend_args=dataset.backend_args, bare=with_detections)
    parts = tuple(WHOLEBODY_FIELDS.items()) if isinstance(dataset, CocoWholeBodyDataset) else ()
    given_ids = [ann.get('id') for ann in content['annotations']]
    content, problem = _normal(content, file, annotated=not with_detections)
    person = person_category(_categories(content))
    source.person = PERSON if person is None else person
    source.people, findings = coco_people(
        content, file, count, folder=source.folder, parts=parts, boxes_needed=dataset.test_mode
    )
    out = [*check_images(content['images'], file), *check_ids(source.people, given_ids), *findings]
    if not with_detections or content['annotations']:
        body = names[: parts[0][1]] if parts else names
        out += check_categories(content.get('categories'), source.people, body)
        out += check_usable(source.people, counted=slice(len(body)))
    if problem and not any(finding.severity == 'error' for finding in out):
        out.append(found('error', 'annotation-fields', problem, file=file))
    return out


def _normal(content: dict, file: str, *, annotated: bool) -> tuple[dict, str]:
    """The content as datasets and evaluators read it, or as it is and why they refuse it."""
    try:
        images, annotations, categories, _ = normal_coco(content, f'annotation file {file!r}', annotated=annotated)
    except AnnotationError as err:
        return content, str(err)
    listed = dict(categories=categories) if content.get('categories') else {}
    return dict(images=images, annotations=annotations, **listed), ''


def _categories(content: dict) -> list[dict]:
    """The categories whose id can be one."""
    listed = content.get('categories')
    listed = listed if isinstance(listed, list) else []
    return [c for c in listed if isinstance(c, dict) and isinstance(c.get('id'), int | str)]
