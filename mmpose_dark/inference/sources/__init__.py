"""Sources: where images and frames come from. The names are imported on first use."""

from ...utils.lazy import lazy_names

_HOMES = {
    'IMAGE_SUFFIXES': 'image_files',
    'VIDEO_SUFFIXES': 'video_file',
    'ArraySource': 'still_images',
    'BaseSource': 'base',
    'Image': 'image_files',
    'ImageFiles': 'still_images',
    'ImageSequence': 'image_sequence',
    'JpegStream': 'jpeg_stream',
    'LiveSource': 'live',
    'VideoError': 'video_decoder',
    'VideoFile': 'video_file',
    'find_images': 'image_files',
    'images_of': 'image_files',
    'is_one_image': 'image_files',
    'open_source': 'opening',
    'open_sources': 'opening',
    'passed_over': 'image_files',
}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
