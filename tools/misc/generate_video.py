#!/usr/bin/env python
"""Draw a video of moving people, and write it with its truth: keypoints, boxes and who is who in every frame."""

import json
import os.path as osp
import sys
from pathlib import Path

sys.path.insert(0, osp.dirname(osp.dirname(osp.dirname(osp.abspath(__file__)))))

from mmpose_dark.cli.arguments import make_parser
from mmpose_dark.cli.errors import user_errors
from mmpose_dark.synthetic.video_settings import CAMERAS, PLOTS, VideoSettings


def main() -> None:
    """Read the command line, draw and write."""
    parser = make_parser(__doc__)
    parser.add_argument(
        'out', type=Path, help='file to write, ending in .mp4; the truth goes to the same name in .json'
    )
    parser.add_argument('--frames', type=int, default=150)
    parser.add_argument('--fps', type=float, default=25.0)
    parser.add_argument('--width', type=int, default=320)
    parser.add_argument('--height', type=int, default=240)
    parser.add_argument('--people', type=int, default=4)
    parser.add_argument('--plot', choices=PLOTS, default='mixed')
    parser.add_argument('--camera', choices=CAMERAS, default='still')
    parser.add_argument('--occluders', type=int, default=0, help='objects before the people')
    parser.add_argument('--seed', type=int, default=0)
    args = vars(parser.parse_args())
    out, seed = args.pop('out'), args.pop('seed')

    from mmpose_dark.synthetic.video_writing import write_drawn_video

    truth = write_drawn_video(out, VideoSettings(**args), seed)
    print(f'{out}: {args["frames"]} frames; truth in {truth}, {json.loads(truth.read_text())["people"]} people')


if __name__ == '__main__':
    with user_errors('generate_video.py'):
        main()
