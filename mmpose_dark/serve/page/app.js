'use strict';
// The page: uploads, asks how far it is, and draws what came back. All of it talks to its own server only.

const $ = (id) => document.getElementById(id);
const state = {about: null, token: null, file: null, url: null, result: null, boxes: [], drag: null, map: null, live: null};

async function ask(path, options) {
  const response = await fetch(path, options);
  const isJson = (response.headers.get('content-type') || '').includes('json');
  const body = response.status === 204 ? null : isJson ? await response.json() : await response.blob();
  if (!response.ok) throw new Error((body && (body.error || body.detail)) || `the server answers ${response.status}`);
  return body;
}

function say(text, bad) {
  $('status').textContent = text;
  $('status').classList.toggle('bad', Boolean(bad));
}

function look() {
  return {
    kptThr: Number($('kpt-thr').value), personThr: Number($('person-thr').value), ellipses: $('ellipses').checked,
    boxes: $('show-boxes').checked, quarter: $('quarter').checked, unit: state.unit || 1,
  };
}

// --- uploading -------------------------------------------------------------------------------------------------

async function upload(file, keepBoxes) {
  stopCamera();
  await forget();
  if (!keepBoxes) state.boxes = [];
  Object.assign(state, {file, result: null, map: null});
  show(file);
  const query = new URLSearchParams({name: file.name});
  if (state.boxes.length) query.set('boxes', JSON.stringify(state.boxes));
  say(`Uploading ${file.name} …`);
  enable(false);
  $('cancel').hidden = false;
  try {
    const job = await ask(`/api/jobs?${query}`, {method: 'POST', body: file});
    state.token = job.token;
    await wait(job.token);
  } catch (error) {
    say(error.message, true);
  }
  $('cancel').hidden = true;
  $('progress').hidden = true;
}

async function wait(token) {
  for (let pause = 80; state.token === token; pause = Math.min(pause * 1.3, 700)) {
    const job = await ask(`/api/jobs/${token}`);
    if (job.state === 'done') return showResult(await ask(`/api/jobs/${token}/result`));
    if (job.state === 'failed' || job.state === 'cancelled') throw new Error(`${job.name}: ${job.error || job.state}`);
    $('progress').hidden = false;
    if (job.total) { $('progress').value = job.done / job.total; } else { $('progress').removeAttribute('value'); }
    say(job.state === 'waiting' ? `Waiting: ${job.before} before this one` :
        `Finding poses: ${job.done}${job.total ? ` of ${job.total}` : ''} frames`);
    await new Promise((done) => setTimeout(done, pause));
  }
}

async function forget() {
  const token = state.token;
  state.token = null;
  if (token) await fetch(`/api/jobs/${token}`, {method: 'DELETE'}).catch(() => {});
}

function show(file) {
  if (state.url) URL.revokeObjectURL(state.url);
  state.url = URL.createObjectURL(file);
  const isVideo = file.type.startsWith('video');
  for (const id of ['image', 'video', 'live']) $(id).hidden = true;
  $('empty').hidden = true;
  const target = $(isVideo ? 'video' : 'image');
  target.hidden = false;
  target.src = state.url;
  if (!isVideo) target.alt = file.name;
}

// --- showing ---------------------------------------------------------------------------------------------------

function showResult(result) {
  state.result = result;
  const isVideo = result.kind === 'video';
  const people = isVideo ? new Set(result.frames.flatMap((f) => f.people.map((p) => p.track_id))).size : result.people.length;
  const what = isVideo ? `${people} tracks in ${result.frames.length} frames` : people === 1 ? '1 person' : `${people} people`;
  say(`${state.file.name}: ${what}`);
  enable(true);
  $('quarter').disabled = !state.about.has_quarter_pixel || isVideo;
  if ($('quarter').disabled) document.querySelector('[name=decoding][value=dark]').checked = true;
  fillMaps(isVideo ? [] : result.people);
  fillTable(isVideo ? [] : result.people);
  $('links').replaceChildren(...result.downloads.map((name) => {
    const link = document.createElement('a');
    link.className = 'link';
    link.href = `/api/jobs/${state.token}/files/${name}`;
    link.download = '';
    link.textContent = {json: 'JSON Lines', csv: 'CSV', coco: 'COCO', drawn: 'Drawn image', video: 'Drawn video'}[name];
    return link;
  }));
  if (matchMedia('(max-width: 760px)').matches) $('stage').scrollIntoView({block: 'start'});
  redraw();
}

function enable(on) {
  for (const id of ['view', 'downloads']) $(id).disabled = !on;
  $('boxes').disabled = !on || state.result.kind !== 'image';
  $('maps').disabled = !on || state.result.kind !== 'image' || !state.result.people.length;
}

function fillMaps(people) {
  const options = (texts) => texts.map((text, i) => new Option(text, i - 1));
  $('person').replaceChildren(...people.map((p, i) => new Option(`${i + 1}, score ${p.score.toFixed(2)}`, i)));
  $('keypoint').replaceChildren(...options(['none', ...state.about.keypoint_names.map((name) => name.replaceAll('_', ' '))]));
}

function fillTable(people) {
  const rows = [];
  people.forEach((person, p) => state.about.keypoint_names.forEach((name, k) => {
    const row = document.createElement('tr');
    const [x, y] = pointsOf(person, look())[k], score = person.keypoint_scores[k];
    const covariance = person.covariances && person.covariances[k];
    const spread = covariance ? Math.sqrt((covariance[0] + covariance[2]) / 2).toFixed(1) : '';
    row.classList.toggle('faint', score < look().kptThr);
    for (const text of [p + 1, name.replaceAll('_', ' '), x.toFixed(1), y.toFixed(1), score.toFixed(2), spread]) {
      row.insertCell().textContent = text;
    }
    rows.push(row);
  }));
  $('table').tBodies[0].replaceChildren(...rows);
  $('table').hidden = !rows.length;
}

function media() {
  return ['image', 'video', 'live'].map($).find((element) => !element.hidden);
}

function redraw() {
  const element = media(), canvas = $('overlay'), ctx = canvas.getContext('2d');
  if (!element) { canvas.width = canvas.height = 0; return; }
  const width = element.naturalWidth || element.videoWidth, height = element.naturalHeight || element.videoHeight;
  if (!width) return;
  const box = element.getBoundingClientRect(), stage = $('stage').getBoundingClientRect();
  const ratio = window.devicePixelRatio || 1;
  canvas.style.left = `${box.left - stage.left}px`;
  canvas.style.top = `${box.top - stage.top}px`;
  canvas.style.width = `${box.width}px`;
  canvas.style.height = `${box.height}px`;
  canvas.width = Math.round(box.width * ratio);
  canvas.height = Math.round(box.height * ratio);
  ctx.setTransform(canvas.width / width, 0, 0, canvas.height / height, 0, 0);
  state.unit = width / Math.max(1, box.width);
  const now = look();
  const people = state.live ? state.live.people || [] : peopleNow(element);
  if (state.map) drawHeatmap(ctx, state.map.image, state.map.matrix);
  if (people && !state.map) drawPeople(ctx, people, state.about, now);
  if (state.map) drawDecoded(ctx, state.map.person, state.map.keypoint, state.unit);
  ctx.setLineDash([6 * state.unit, 4 * state.unit]);
  ctx.lineWidth = 2 * state.unit;
  ctx.strokeStyle = '#ffd400';
  for (const [x1, y1, x2, y2] of state.drag ? [...state.boxes, state.drag] : state.boxes) {
    ctx.strokeRect(x1, y1, x2 - x1, y2 - y1);
  }
  ctx.setLineDash([]);
}

function peopleNow(element) {
  const result = state.result;
  if (!result) return null;
  if (result.kind !== 'video') return result.people;
  const time = element.currentTime + 1e-3;
  let low = 0, high = result.frames.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((result.frames[middle].time ?? 0) <= time) { low = middle; } else { high = middle - 1; }
  }
  return result.frames[low].people;
}

async function showMap() {
  const k = Number($('keypoint').value), p = Number($('person').value);
  state.map = null;
  if (k >= 0 && state.result.people[p]) {
    const image = new Image();
    image.src = `/api/jobs/${state.token}/heatmaps/${p}/${k}`;
    await image.decode();
    const person = state.result.people[p];
    state.map = {image, matrix: person.heatmap_to_image, person, keypoint: k};
    say(`Heatmap of ${state.about.keypoint_names[k].replaceAll('_', ' ')}: highest value ${person.heatmap_max[k]}; ` +
        'the cross is DARK' + (person.quarter_pixel ? ', the ring quarter-pixel' : ''));
  }
  redraw();
}

// --- boxes -----------------------------------------------------------------------------------------------------

function placeOf(event) {
  const box = $('overlay').getBoundingClientRect(), element = media();
  return [(event.clientX - box.left) / box.width * element.naturalWidth,
          (event.clientY - box.top) / box.height * element.naturalHeight];
}

function addBox([ax, ay, bx, by]) {
  const box = [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)].map((v) => Math.round(v));
  if (box[2] - box[0] < 2 || box[3] - box[1] < 2) { say('A box needs a width and a height.', true); return; }
  state.boxes.push(box);
  say(`${state.boxes.length} boxes are drawn; “Find poses again” uses them.`);
  redraw();
}

$('draw-box').addEventListener('click', () => {
  const on = $('draw-box').getAttribute('aria-pressed') !== 'true';
  $('draw-box').setAttribute('aria-pressed', on);
  $('stage').classList.toggle('drawing', on);
});
$('overlay').addEventListener('pointerdown', (event) => {
  const [x, y] = placeOf(event);
  state.drag = [x, y, x, y];
  $('overlay').setPointerCapture(event.pointerId);
});
$('overlay').addEventListener('pointermove', (event) => {
  if (!state.drag) return;
  state.drag.splice(2, 2, ...placeOf(event));
  redraw();
});
$('overlay').addEventListener('pointerup', () => {
  const box = state.drag;
  state.drag = null;
  if (box) addBox(box);
});
$('clear-boxes').addEventListener('click', () => { state.boxes = []; redraw(); });
$('box-form').addEventListener('submit', (event) => {
  event.preventDefault();
  addBox(['x1', 'y1', 'x2', 'y2'].map((name) => Number(event.target.elements[name].value)));
});
$('again').addEventListener('click', () => upload(state.file, true));

// --- camera ----------------------------------------------------------------------------------------------------

async function startCamera() {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({video: {width: {ideal: 640}}, audio: false});
    await forget();
    Object.assign(state, {result: null, map: null, boxes: [], live: {stream, people: []}});
    for (const id of ['image', 'video', 'empty']) $(id).hidden = true;
    $('live').hidden = false;
    $('live').srcObject = stream;
    await $('live').play();
    $('camera').setAttribute('aria-pressed', 'true');
    $('view').disabled = false;
    fillTable([]);
    watch(state.live);
  } catch (error) {
    say(`The camera cannot be used: ${error.message}`, true);
  }
}

async function watch(live) {
  const canvas = document.createElement('canvas');
  while (state.live === live) {
    canvas.width = $('live').videoWidth;
    canvas.height = $('live').videoHeight;
    canvas.getContext('2d').drawImage($('live'), 0, 0);
    const blob = await new Promise((done) => canvas.toBlob(done, 'image/jpeg', 0.85));
    const start = performance.now();
    try {
      live.people = (await ask('/api/frame', {method: 'POST', body: blob})).people;
      say(`Camera: ${live.people.length} people, ${Math.round(performance.now() - start)} ms a frame`);
    } catch (error) {
      say(error.message, true);
      break;
    }
    redraw();
  }
}

function stopCamera() {
  if (!state.live) return;
  for (const track of state.live.stream.getTracks()) track.stop();
  state.live = null;
  $('camera').setAttribute('aria-pressed', 'false');
  $('live').hidden = true;
}

$('camera').addEventListener('click', () => {
  if (!state.live) { startCamera(); return; }
  stopCamera();
  say('The camera is off.');
  redraw();
});

// --- the rest --------------------------------------------------------------------------------------------------

$('file').addEventListener('change', (event) => event.target.files[0] && upload(event.target.files[0]));
$('cancel').addEventListener('click', async () => { await forget(); say('Cancelled.'); });
for (const kind of ['dragenter', 'dragover']) {
  document.addEventListener(kind, (event) => { event.preventDefault(); $('drop').classList.add('over'); });
}
for (const kind of ['dragleave', 'drop']) {
  document.addEventListener(kind, (event) => { event.preventDefault(); $('drop').classList.remove('over'); });
}
document.addEventListener('drop', (event) => event.dataTransfer.files[0] && upload(event.dataTransfer.files[0]));
for (const id of ['kpt-thr', 'person-thr', 'ellipses', 'show-boxes']) {
  $(id).addEventListener('input', () => {
    $('kpt-out').textContent = Number($('kpt-thr').value).toFixed(2);
    $('person-out').textContent = Number($('person-thr').value).toFixed(2);
    if (state.result && state.result.kind === 'image') fillTable(state.result.people);
    redraw();
  });
}
for (const radio of document.querySelectorAll('[name=decoding]')) {
  radio.addEventListener('change', () => { if (state.result) fillTable(state.result.people || []); redraw(); });
}
for (const id of ['person', 'keypoint']) $(id).addEventListener('change', showMap);
$('image').addEventListener('load', redraw);
$('video').addEventListener('loadedmetadata', redraw);
$('video').addEventListener('error', () => {  // this browser cannot play it: the drawn one is H.264
  if (state.result && state.result.downloads.includes('video') && !$('video').src.includes('/api/')) {
    $('video').src = `/api/jobs/${state.token}/files/video`;
  }
});
function follow() { if (state.result && state.result.kind === 'video') redraw(); requestAnimationFrame(follow); }
requestAnimationFrame(follow);
new ResizeObserver(redraw).observe($('stage'));
window.addEventListener('pagehide', () => state.token && navigator.sendBeacon && forget());

ask('/api/about').then((about) => {
  state.about = about;
  $('network').textContent = about.title;
  $('limits').textContent = `Up to ${about.limits.max_upload_mb} MB, videos up to ${about.limits.max_seconds} s.`;
  $('boxes-help').textContent = about.has_detector
    ? 'A detector finds people; boxes of your own replace it.' : 'Without boxes, the whole image is one person.';
}).catch((error) => say(error.message, true));
