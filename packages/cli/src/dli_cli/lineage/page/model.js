// What the page knows: tables, columns, and the ways between them.
const data = JSON.parse(document.getElementById("data").textContent);
const { nodes, edges } = data;
const flows = data.flows.map(([source, from, target, to, making, ...clauses]) => ({ source, from, target, to, making, clauses }));
const FILTER = "filter";

const key = (node, column) => `${node}:${column}`;
const grouped = (items, keyOf) => {
  const groups = new Map();
  items.forEach((item, index) => {
    const at = keyOf(item);
    if (groups.has(at)) groups.get(at).push(index);
    else groups.set(at, [index]);
  });
  return groups;
};
const flowsInto = grouped(flows, (flow) => key(flow.target, flow.to));
const flowsFrom = grouped(flows, (flow) => key(flow.source, flow.from));
const edgesInto = grouped(edges, (edge) => edge.target);
const edgesFrom = grouped(edges, (edge) => edge.source);

const nothingLit = () => ({ nodes: new Set(), columns: new Set(), edges: new Set(), flows: new Set(), up: 0, down: 0 });

// The way of one column, both ways. A column that only decides about rows ends the way: what is
// made of those rows is no longer made of it.
function columnPath(node, column) {
  const lit = nothingLit();
  lit.nodes.add(node);
  lit.columns.add(key(node, column));
  lit.up = follow(lit, node, column, flowsInto, (flow) => [flow.source, flow.from]);
  lit.down = follow(lit, node, column, flowsFrom, (flow) => [flow.target, flow.to]);
  return lit;
}

function follow(lit, node, column, ways, end) {
  const seen = new Set([key(node, column)]);
  const open = [[node, column]];
  while (open.length) {
    const here = open.pop();
    for (const index of ways.get(key(...here)) ?? []) {
      const flow = flows[index];
      const [next, at] = end(flow);
      lit.flows.add(index);
      lit.nodes.add(next);
      if (at < 0) continue;
      lit.columns.add(key(next, at));
      if (seen.has(key(next, at))) continue;
      seen.add(key(next, at));
      if (flow.making !== FILTER) open.push([next, at]);
    }
  }
  return seen.size - 1;
}

function tablePath(node) {
  const lit = nothingLit();
  lit.nodes.add(node);
  lit.up = reach(lit, node, edgesInto, (edge) => edge.source);
  lit.down = reach(lit, node, edgesFrom, (edge) => edge.target);
  return lit;
}

function reach(lit, node, ways, end) {
  const seen = new Set([node]);
  const open = [node];
  while (open.length) {
    for (const index of ways.get(open.pop()) ?? []) {
      const next = end(edges[index]);
      lit.edges.add(index);
      lit.nodes.add(next);
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return seen.size - 1;
}
