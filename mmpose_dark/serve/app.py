"""The server: the page, uploads, jobs, results. It answers to this machine's own names only."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from starlette.concurrency import run_in_threadpool

from ..utils.errors import InputError, StateError, UserError
from .jobs import Job, JobQueue
from .limits import Limits
from .service import FORMATS, PoseService, download_path, result_json

__all__ = ['create_app']

_PAGE = Path(__file__).with_name('page')
_FILES = {'app.js': 'text/javascript', 'draw.js': 'text/javascript', 'style.css': 'text/css'}
_LOCAL = ('localhost', '127.0.0.1', '[::1]', '::1', 'testserver')
_CAMERA_BYTES = 8_000_000
_HEADERS = {
    'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
    'Cross-Origin-Resource-Policy': 'same-origin',
}


def create_app(service: PoseService, limits: Limits, *, hosts: tuple[str, ...] = ()) -> FastAPI:
    """Return the application.

    Args:
        service: finds people.
        limits: of uploads and jobs.
        hosts: names that the server answers to, beside those of this machine's loopback: a page elsewhere that has its
            own name lead here is refused.
    """
    jobs = JobQueue(limits)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        jobs.close()

    app = FastAPI(title='mmpose_dark', docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.jobs = jobs
    _guard(app, (*_LOCAL, *hosts))
    _add_page(app, service)
    _add_jobs(app, service, jobs, limits)
    _add_results(app, service, jobs)
    return app


def _guard(app: FastAPI, hosts: tuple[str, ...]) -> None:
    """Refuse requests that come by another name or from another page; add headers; errors as json."""

    @app.middleware('http')
    async def check(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        host = urlsplit(f'//{request.headers.get("host", "")}').hostname or ''
        origin = request.headers.get('origin')
        foreign = origin is not None and urlsplit(origin).netloc != request.headers.get('host')
        if host not in hosts or foreign:
            response = JSONResponse(dict(error='this server answers to its own page only'), 403)
        else:
            response = await call_next(request)
        response.headers.update(_HEADERS)
        return response

    @app.exception_handler(UserError)
    async def told(request: Request, err: UserError) -> Response:
        status = 429 if isinstance(err, StateError) else 400
        return JSONResponse(dict(error=str(err)), status)


def _add_page(app: FastAPI, service: PoseService) -> None:
    @app.get('/')
    def index() -> Response:
        return Response((_PAGE / 'index.html').read_bytes(), media_type='text/html; charset=utf-8')

    @app.get('/static/{name}')
    def static(name: str) -> Response:
        if name not in _FILES:
            raise HTTPException(404)
        return Response((_PAGE / name).read_bytes(), media_type=f'{_FILES[name]}; charset=utf-8')

    @app.get('/api/about')
    def about() -> dict:
        return service.about()


def _add_jobs(app: FastAPI, service: PoseService, jobs: JobQueue, limits: Limits) -> None:
    async def received(request: Request, most: int, path: Path | None = None) -> bytes:
        """Take the body as it comes, and stop at the limit; into a file, or return it."""
        if int(request.headers.get('content-length') or 0) > most:
            raise HTTPException(413, f'more than {most / 1e6:g} MB')
        size, parts = 0, []
        file = None if path is None else open(path, 'wb')  # noqa: SIM115
        try:
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise HTTPException(413, f'more than {most / 1e6:g} MB')
                if file is None:
                    parts.append(part)
                else:
                    file.write(part)
        finally:
            if file is not None:
                file.close()
        if not size:
            raise HTTPException(400, 'the upload is empty')
        return b''.join(parts)

    @app.post('/api/jobs', status_code=202)
    async def start(request: Request, name: str = '', boxes: str = '') -> dict:
        given = _boxes(boxes)
        job = jobs.make(_shown_name(name))
        path = job.folder / 'upload'
        try:
            await received(request, limits.upload_bytes, path)
        except BaseException:  # too large, or whoever sent it has gone
            jobs.remove(job.token)
            raise
        jobs.submit(job, lambda job: service.label(job, path, given))
        return _status(jobs, job)

    @app.post('/api/frame')
    async def frame(request: Request) -> Response:
        content = await received(request, min(_CAMERA_BYTES, limits.upload_bytes))
        found = await run_in_threadpool(service.frame, content)
        return Response(json.dumps(found, allow_nan=False), media_type='application/json')

    @app.get('/api/jobs/{token}')
    def state(token: str) -> dict:
        return _status(jobs, _job(jobs, token))

    @app.delete('/api/jobs/{token}', status_code=204)
    def remove(token: str) -> None:
        jobs.remove(token)


def _add_results(app: FastAPI, service: PoseService, jobs: JobQueue) -> None:
    @app.get('/api/jobs/{token}/result')
    def result(token: str) -> Response:
        job = _job(jobs, token)
        if job.state != 'done':
            raise HTTPException(409, f'the job is {job.state}')
        return Response(result_json(job), media_type='application/json')

    @app.get('/api/jobs/{token}/heatmaps/{person}/{keypoint}')
    def heatmap(token: str, person: int, keypoint: int) -> Response:
        job = _job(jobs, token)
        return Response(service.heatmap(job, person, keypoint), media_type='image/png')

    @app.get('/api/jobs/{token}/files/{name}')
    def download(token: str, name: str) -> Response:
        job = _job(jobs, token)
        path = download_path(job, name) if job.state == 'done' else None
        if path is None:
            raise HTTPException(404)
        stem = Path(job.name).stem or 'result'
        return FileResponse(path, media_type=FORMATS[name][2], filename=f'{stem}_poses{FORMATS[name][1]}')


def _job(jobs: JobQueue, token: str) -> Job:
    job = jobs.get(token)
    if job is None:
        raise HTTPException(404, 'there is no such job; results are kept for a while only')
    return job


def _status(jobs: JobQueue, job: Job) -> dict:
    return dict(
        token=job.token, name=job.name, state=job.state, done=job.done, total=job.total, error=job.error,
        before=jobs.position(job) if job.state == 'waiting' else 0,
    )  # fmt: skip


def _shown_name(name: str) -> str:
    """Return a name to show: the last part of it, without control characters."""
    last = name.replace('\\', '/').rsplit('/', 1)[-1]
    return ''.join(c for c in last if c.isprintable())[:120] or 'upload'


def _boxes(text: str) -> list[list[float]] | None:
    """Read boxes that were drawn on the page."""
    if not text:
        return None
    try:
        boxes = json.loads(text)
        return [[float(v) for v in box] for box in boxes]
    except (ValueError, TypeError) as err:
        raise InputError(f'boxes must be a list of [left, top, right, bottom], got {text[:80]!r}') from err
