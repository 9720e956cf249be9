// Where everything stands. Layers and their order are computed before; heights change here.
const WIDTH = 250, GAP = 110, HEAD = 48, ROW = 22, BETWEEN = 18, BEND = 8;
const { layers } = data;
const items = layers.reduce((most, layer) => Math.max(most, ...layer), nodes.length - 1) + 1;
const left = new Float64Array(items);
const top_ = new Float64Array(items);
const size = new Float64Array(items).fill(BEND);
const before = Array.from({ length: items }, () => []);
const after = Array.from({ length: items }, () => []);
layers.forEach((layer, index) => layer.forEach((item) => { left[item] = index * (WIDTH + GAP); }));
for (const { route } of edges) {
  for (let i = 1; i < route.length; i += 1) {
    after[route[i - 1]].push(route[i]);
    before[route[i]].push(route[i - 1]);
  }
}
const routes = new Map(edges.map((edge) => [key(edge.source, edge.target), edge]));

function place(heights) {
  heights.forEach((height, node) => { size[node] = height; });
  for (const layer of layers) {
    let y = 0;
    for (const item of layer) { top_[item] = y; y += size[item] + BETWEEN; }
    for (const item of layer) top_[item] -= y / 2;
  }
  for (let round = 0; round < 10; round += 1) {
    if (round % 2) for (let i = layers.length - 2; i >= 0; i -= 1) settle(layers[i], after);
    else for (let i = 1; i < layers.length; i += 1) settle(layers[i], before);
  }
}

// Each item as near as it can be to the middle of its neighbours, in the given order and without
// overlap: an isotonic regression, by pooling neighbours that would overlap.
function settle(layer, neighbours) {
  const pools = [];
  let offset = 0;
  for (const item of layer) {
    const near = neighbours[item];
    let wanted = top_[item];
    if (near.length) {
      let middle = 0;
      for (const other of near) middle += top_[other] + size[other] / 2;
      wanted = middle / near.length - size[item] / 2;
    }
    const weight = near.length ? near.length : 0.01;
    pools.push({ sum: (wanted - offset) * weight, weight, count: 1 });
    while (pools.length > 1) {
      const [upper, lower] = pools.slice(-2);
      if (upper.sum / upper.weight <= lower.sum / lower.weight) break;
      pools.pop();
      upper.sum += lower.sum;
      upper.weight += lower.weight;
      upper.count += lower.count;
    }
    offset += size[item] + BETWEEN;
  }
  let index = 0;
  offset = 0;
  for (const pool of pools) {
    for (let i = 0; i < pool.count; i += 1, index += 1) {
      top_[layer[index]] = pool.sum / pool.weight + offset;
      offset += size[layer[index]] + BETWEEN;
    }
  }
}

// A line from `start` (the y at the source) to `end` (at the target), by the bends of its edge.
function line(source, target, start, end) {
  const edge = routes.get(key(source, target));
  if (source === target) {
    const x = left[source] + WIDTH;
    return `M${x} ${start}C${x + 60} ${start} ${x + 60} ${end} ${x} ${end}`;
  }
  const backwards = edge ? edge.route[0] !== source : left[source] > left[target];
  const bends = edge ? edge.route.slice(1, -1) : [];
  if (backwards) bends.reverse();
  const side = backwards ? -1 : 1;
  const near = (item) => left[item] + (backwards ? WIDTH : 0);
  const far = (item) => left[item] + (backwards ? 0 : WIDTH);
  let x = far(source), y = start, text = `M${x} ${y}`;
  const to = (nextX, nextY) => {
    const pull = Math.max(Math.abs(nextX - x) / 2, 30) * side;
    text += `C${x + pull} ${y} ${nextX - pull} ${nextY} ${nextX} ${nextY}`;
    x = nextX; y = nextY;
  };
  for (const bend of bends) {
    const middle = top_[bend] + size[bend] / 2;
    to(near(bend), middle);
    text += `H${far(bend)}`;
    x = far(bend);
  }
  to(near(target), end);
  return text;
}

function bounds() {
  const box = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity };
  nodes.forEach((_, node) => {
    box.x0 = Math.min(box.x0, left[node]); box.x1 = Math.max(box.x1, left[node] + WIDTH);
    box.y0 = Math.min(box.y0, top_[node]); box.y1 = Math.max(box.y1, top_[node] + size[node]);
  });
  return nodes.length ? box : { x0: 0, y0: 0, x1: 1, y1: 1 };
}
