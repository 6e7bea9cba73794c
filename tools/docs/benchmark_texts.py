"""What docs/benchmarks.md says on each benchmark, and what to draw of it."""

from typing import NamedTuple

__all__ = ['ABOUT', 'INTRO', 'NO_GPU', 'About']

INTRO = """# Benchmarks

Written by `python tools/docs/benchmarks.py` from the json files in [docs/benchmarks](benchmarks). Do not edit it by
hand.

Each table comes from one run of one program in [tools/benchmarks](../tools/benchmarks), which times ours and a plain
baseline one after the other: calls to warm up, then the median of the measured calls, with the middle half of them in
brackets. On a GPU the clock stops when the device has finished. Compare ratios, not milliseconds, with other machines.
A `speedup` is the baseline's time over ours; **bold** where it is below 1, which means that ours is slower.

```bash
make bench                                                  # on a quiet machine
python tools/docs/benchmarks.py --from work_dirs/benchmarks  # this page and its drawings
```
"""
NO_GPU = """
No GPU was at hand for these timings: every row was measured on a CPU. `make bench ARGS='--device cuda'` measures one;
the second command then adds its tables to this page.
"""


class About(NamedTuple):
    """What the page says on a benchmark, and what its drawing shows.

    ``series``: columns of a sweep to draw and their names, the baseline first; ``floor``: that column and its name;
    ``ratios``: columns to divide, with the name of the quotient; ``growth``: draw the sweep's slopes.
    """

    title: str
    text: str
    series: dict[str, str] = {}  # noqa: RUF012
    floor: tuple[str, str] = ('', '')
    ratios: tuple[tuple[str, str, str], ...] = ()
    growth: bool = False


ABOUT = {
    'decode': About(
        'Decoding: heatmaps to keypoints',
        """
`codec.batch_decode` against the DARK paper's post-processing as the reference toolboxes run it: one keypoint at a time,
with OpenCV, on one core. `floor` is one read of the heatmaps (their maximum), without which no peak is found.
`difference_px` is the largest difference between our keypoints and the loops', in pixels of the network's input.
Quarter-pixel decoding is what DARK is compared with in the paper. `combined` is UDP's combined target, three maps a
keypoint, and `combined_loop` its reference, which blurs each of the three with OpenCV.
""",
        {'loop': 'DARK, loop', 'dark': 'DARK, ours', 'quarter_pixel': 'quarter-pixel, ours'},
        ('floor', 'one read of the maps'),
        (('loop', 'dark', 'loop / dark'), ('dark', 'floor', 'dark / floor')),
    ),
    'encode': About(
        'Encoding: keypoints to target heatmaps',
        """
`codec.batch_encode` against drawing one keypoint after the other with NumPy: `loop` draws an unbiased target over the
whole map, `patch_loop` a biased one, a patch of three sigma to each side. `floor` is one write of memory of the maps'
size. `patch_loop` leaves the rest of its maps as the zeros that the system promises, and the first to read them pays
for them; ours are written. `difference` is the largest difference of a target's value.
""",
        {
            'loop': 'unbiased, loop',
            'unbiased': 'unbiased, ours',
            'biased': 'biased, ours',
            'patch_loop': 'biased, loop',
        },
        ('floor', 'one write of the maps'),
        (('loop', 'unbiased', 'loop / unbiased'), ('unbiased', 'floor', 'unbiased / floor')),
    ),
    'evaluate': About(
        'Evaluation: the size of COCO val',
        """
`CocoMetric` from samples to the ten metrics, reading the annotation file included, against xtcocotools as its users run
it, on people generated from a seed. AP must agree; the program fails where it does not. The `part` rows say where
`CocoMetric`'s time goes; the row of `json.loads` and `np.concatenate` is Python's own reading of the annotation file
and NumPy's joining of the samples' arrays, and nothing else. Where `msgspec` is installed, it reads the file.
""",
    ),
    'pipeline': About(
        'A training sample',
        """
One sample through the whole training pipeline of the recipes, one thread, against nothing but decoding its JPEG and
warping it once. People of one image that are asked for in a row share the decoding of their image, as in testing;
apart is what shuffled training sees.
""",
        floor=('decode + warp', 'JPEG decode + warp'),
    ),
    'inference': About(
        'Inference',
        """
The network rows: backbone and head on one batch of crops, with the ways of [inference.md](inference.md), against eager
float32 PyTorch. `difference` is the largest one of a heatmap's value, over the largest value; the weights are
random, so what it does to AP stands in inference.md, measured on a trained network. The image rows:
from files to keypoints, against calling `inference_topdown` for one image after the other.
""",
    ),
    'exported': About(
        'Exported graphs: crops to keypoints',
        """
`mmpose-dark export` to ONNX, normalisation and decoding inside, against the same way in eager PyTorch. The ways take
turns. `difference_px` is the largest difference of a keypoint in pixels of the input among those that have the same
peak (weights are random, so a map may have two alike); `same_peak` is their share.
""",
    ),
    'testing': About(
        'A whole test',
        """
What `tools/test.py` does once everything is built, from image files to AP, against backbone and head alone on the same
crops in memory, twice a person for the flip test. They take turns. `over the network` is what the whole takes more, in
hundredths of the network's time; the aim is 5. Loader workers take the cores from a network on the CPU, so they do not
help there.
""",
    ),
    'train_step': About(
        'A training step',
        """
A whole step (forward, loss, backward, optimizer) with targets that the head makes on the device, against the same step
with heatmaps that a loader worker made and shipped. `worker` is what a worker needs for such a batch, without and with
heatmaps. `speedup` is shipped over on device with the worker's time hidden, `speedup with worker` with what the
heatmaps cost the worker added; below 1 ours is slower. `of float32` compares precisions, targets on the device.
`difference` is that of the two losses, relative, in float32.
""",
    ),
    'startup': About(
        'Starting',
        """
Seconds from the command to the end of the process, for help texts, imports, and one image from the command to the
drawing. Every program is a new process; they run in turn. `of python` and `of torch` compare with `python -c pass` and
`python -c "import torch"` of the same run.
""",
    ),
    'busy_machine': About(
        'Beside another program',
        """
Milliseconds a training step (8 people, 64x48) and a DARK decoding (64 people), `alone` and `beside` another program
that keeps a core busy; `slower` is the quotient. OpenMP's threads wait `spinning` by themselves, and one that must
share its core then holds up all; `sleeping` at once, they are slow to wake. `as here`, a thousand turns and then
sleep, is what `import mmpose_dark` lets them do.
""",
    ),
    'time_video': About(
        'A video',
        """
Frames a second of `Inferencer` and of all that `mmpose-dark predict` does, against a script of fifty lines: read a
frame with OpenCV, run the detector, cut each person out, run the network on one person at a time in ONNX Runtime,
decode by the paper's loop. Both run the same two networks without a flip test; the detector's alone is half of the
baseline's time, and bounds what is possible while it looks at every frame. Of `--detect-every 3` more people come, as
boxes follow those whom the detector loses. The program is [time_video.py](../tools/analysis_tools/time_video.py); it
needs a video and two networks, which are not part of the project, and `make bench` leaves it out.
""",
    ),
    'scale': About(
        'How cost grows',
        """
Time and memory against one factor at a time, each point in a process of its own with one torch thread; slopes by
least squares in the log-log plot, dashed what is hoped for: a time slope of 1, as an item then costs the same however
many there are (-1 for workers), and a memory slope of 0 for images, of which names alone are kept (half a kilobyte
each), and of at most 1 for data that is kept. Time is that of the processor, which other programs hardly change;
Ray's is that on the wall. A smaller time slope means that costs which do not grow are shared. `more time` and `more
memory` are what one more costs, between the last two points.

- images, people, keypoints: `mmpose-dark predict` over a folder of 320x240 images with given boxes into a CSV file, by
  a network that is made small (64x48), so that what is around it shows. Memory is all that is resident at the peak.
- workers: `predict --engine ray`, rates between the first finished shards and the last; memory is that of all
  processes, pages that they share counted once.
- a training set: from an annotation file like COCO's (as many images and polygons a person) to the first batch; a
  loader worker's own pages are `own of a worker`. Memory is what comes on top of the program, at the peak and when the
  batch is there. The peak is the reading of the json file: its text, twice, and four times that as Python's objects.
- evaluation: `CocoMetric` with OKS-NMS, 64 samples a call; memory is what comes on top of the program.
""",
        growth=True,
    ),
    'constants': About(
        'What an image and a person cost',
        """
The constants of the cost model in [scale.md](scale.md), on one core.
""",
    ),
    'tried': About('Tried instead', ''),
}
