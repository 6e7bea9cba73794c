'use strict';
// Drawing of poses on the canvas over the image. Positions are pixels of the image; a whole number is a pixel's centre.

const SIDES = {left: '#22c55e', right: '#ff8a1f', middle: '#3b9dff'};

function visiblePeople(people, look) {
  return people.filter((person) => person.score >= look.personThr);
}

function pointsOf(person, look) {
  return look.quarter && person.quarter_pixel ? person.quarter_pixel : person.keypoints;
}

function drawPeople(ctx, people, about, look) {
  const size = Math.max(1.2, look.unit * 2.2);
  for (const person of visiblePeople(people, look)) {
    const points = pointsOf(person, look);
    const shown = person.keypoint_scores.map((score) => score >= look.kptThr);
    ctx.globalAlpha = person.filled ? 0.45 : 1;
    if (look.boxes) drawBox(ctx, person, look, size);
    ctx.lineCap = 'round';
    for (const [a, b] of about.skeleton) {
      if (!shown[a] || !shown[b]) continue;
      const side = about.sides[a] === about.sides[b] ? about.sides[a] : 'middle';
      line(ctx, points[a], points[b], 'rgba(0,0,0,.55)', size * 1.9);
      line(ctx, points[a], points[b], SIDES[side], size * 1.15);
    }
    points.forEach((point, i) => {
      if (!shown[i]) return;
      if (look.ellipses && !look.quarter && person.covariances && person.covariances[i]) {
        ellipse(ctx, point, person.covariances[i], SIDES[about.sides[i]], look.unit);
      }
      disc(ctx, point, size * 1.35, SIDES[about.sides[i]]);
    });
    ctx.globalAlpha = 1;
  }
}

function drawBox(ctx, person, look, size) {
  const [x1, y1, x2, y2] = person.bbox;
  ctx.lineWidth = size * 0.7;
  ctx.strokeStyle = person.track_id > 0 ? `hsl(${(person.track_id * 67) % 360} 75% 55%)` : 'rgba(255,255,255,.85)';
  ctx.strokeRect(x1, y1, x2 - x1, y2 - y1);
  if (person.track_id > 0) {
    ctx.font = `600 ${Math.max(10, look.unit * 14)}px system-ui, sans-serif`;
    ctx.fillStyle = ctx.strokeStyle;
    ctx.fillText(String(person.track_id), x1 + 3 * look.unit, y1 - 4 * look.unit);
  }
}

function line(ctx, a, b, color, width) {
  ctx.beginPath();
  ctx.strokeStyle = color;
  ctx.lineWidth = width;
  ctx.moveTo(a[0] + 0.5, a[1] + 0.5);
  ctx.lineTo(b[0] + 0.5, b[1] + 0.5);
  ctx.stroke();
}

function disc(ctx, point, radius, color) {
  ctx.beginPath();
  ctx.arc(point[0] + 0.5, point[1] + 0.5, radius, 0, 7);
  ctx.fillStyle = color;
  ctx.fill();
  ctx.lineWidth = radius * 0.4;
  ctx.strokeStyle = 'rgba(255,255,255,.9)';
  ctx.stroke();
}

function ellipse(ctx, point, [xx, xy, yy], color, unit) {
  const mean = (xx + yy) / 2, half = Math.hypot((xx - yy) / 2, xy);
  if (!(mean - half > 0)) return;
  ctx.beginPath();
  ctx.ellipse(point[0] + 0.5, point[1] + 0.5, Math.sqrt(mean + half), Math.sqrt(mean - half),
              0.5 * Math.atan2(2 * xy, xx - yy), 0, 7);
  ctx.fillStyle = color + '33';
  ctx.fill();
  ctx.strokeStyle = color;
  ctx.lineWidth = Math.max(0.6, unit * 0.9);
  ctx.stroke();
}

// A grey heatmap as colours over the part of the image that the network saw.
function drawHeatmap(ctx, image, matrix) {
  const canvas = document.createElement('canvas');
  canvas.width = image.width;
  canvas.height = image.height;
  const small = canvas.getContext('2d');
  small.drawImage(image, 0, 0);
  const data = small.getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < data.data.length; i += 4) {
    const v = data.data[i] / 255;
    data.data[i] = 255 * Math.min(1, 0.35 + v);
    data.data[i + 1] = 255 * Math.max(0, Math.min(1, 2 * v - 0.6));
    data.data[i + 2] = 255 * Math.max(0, 0.55 - v);
    data.data[i + 3] = 235 * Math.min(1, 0.18 + v);
  }
  small.putImageData(data, 0, 0);
  ctx.save();
  const [a, b, c, d, e, f] = matrix;
  ctx.transform(a, b, c, d, e + 0.5, f + 0.5);
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(canvas, -0.5, -0.5);
  ctx.restore();
}

// The decoded point on its heatmap: DARK's as a cross, quarter-pixel's as a ring.
function drawDecoded(ctx, person, k, unit) {
  const cross = 9 * unit, [x, y] = person.keypoints[k];
  for (const [color, width] of [['#000', 3.4], ['#fff', 1.6]]) {
    line(ctx, [x - cross, y], [x + cross, y], color, width * unit);
    line(ctx, [x, y - cross], [x, y + cross], color, width * unit);
    if (person.quarter_pixel) {
      const [qx, qy] = person.quarter_pixel[k];
      ctx.beginPath();
      ctx.arc(qx + 0.5, qy + 0.5, 6 * unit, 0, 7);
      ctx.strokeStyle = color;
      ctx.lineWidth = width * unit;
      ctx.stroke();
    }
  }
}
