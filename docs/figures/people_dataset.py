"""Draw docs/figures/people_dataset.png: drawn people, and below them their true keypoints.

Run from anywhere: ``python docs/figures/people_dataset.py``.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from mmpose_dark.keypoint_sets.definitions import parse_pose_metainfo
from mmpose_dark.synthetic import draw_scene
from mmpose_dark.visualization import contact_sheet, draw_people

OUT = Path(__file__).with_suffix('.png')
NUMBERS = (2, 4, 19, 21)  # of the demo's validation images


def main() -> None:
    """Draw the figure."""
    meta = parse_pose_metainfo(dict(from_file='coco'))
    plain, marked = [], []
    for number in NUMBERS:
        scene = draw_scene(np.random.default_rng((0, 1, number)))
        image = np.ascontiguousarray(scene.image[..., ::-1])
        points = np.stack([person.keypoints for person in scene.people])
        plain.append(image)
        marked.append(
            draw_people(
                image,
                points[..., :2],
                scores=(points[..., 2] > 0).astype(float),
                links=meta['skeleton_links'],
                kpt_colors=meta['keypoint_colors'],
                link_colors=meta['skeleton_link_colors'],
            )
        )
    sheet = contact_sheet(plain + marked, columns=len(NUMBERS), background=255)
    small = Image.fromarray(sheet).resize((1000, round(1000 * sheet.shape[0] / sheet.shape[1])), Image.LANCZOS)
    small.quantize(256, dither=Image.Dither.NONE).save(OUT, optimize=True)


if __name__ == '__main__':
    main()
