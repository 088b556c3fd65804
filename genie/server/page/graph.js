// The graph of a pipeline: nodes and edges as SVG, messages as dots on one canvas above them.
import { html, useEffect, useRef, useSignal } from "./vendor.js";
import { toneOf } from "./ui.js";

const WIDTH = 172;
const HEIGHT = 46;
const PAD = 28;
const SMALLEST = 0.72;
const MOST_DOTS = 1_500;
const TRAVEL_MS = 700;

const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function pathOf(source, target) {
  const x1 = source.x + PAD + WIDTH, y1 = source.y + PAD + HEIGHT / 2;
  const x2 = target.x + PAD, y2 = target.y + PAD + HEIGHT / 2;
  if (x2 > x1) {
    const bend = Math.max(24, (x2 - x1) / 2);
    return [x1, y1, x1 + bend, y1, x2 - bend, y2, x2, y2];
  }
  const below = Math.max(y1, y2) + HEIGHT; // leads back: around below
  return [x1, y1, x1 + 40, below, x2 - 40, below, x2, y2];
}

function pointOn([x0, y0, x1, y1, x2, y2, x3, y3], t) {
  const u = 1 - t;
  const [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
  return [a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3];
}

function stateOf(figures, seen) {
  if (figures?.suspended) return "warn";
  if (figures?.held) return "hold";
  return seen?.last ? toneOf(seen.last) : "";
}

/**
 * @param {{topology: any, agents: Record<string, any>, counted: any, picked: string, pick: (id: string) => void, send: {current: any}}} props
 */
export function Drawing({ topology, agents, counted, picked, pick, send }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const frame = useRef(/** @type {HTMLElement | null} */ (null));
  const zoom = useSignal(1);
  const nodes = new Map(topology.nodes.map((node) => [node.id, node]));
  const width = Math.max(...topology.nodes.map((node) => node.x)) + WIDTH + 2 * PAD;
  const height = Math.max(...topology.nodes.map((node) => node.y)) + HEIGHT + 2 * PAD + 12;
  const paths = new Map(topology.edges.filter((edge) => edge.target !== "(caller)")
    .map((edge) => [`${edge.source}→${edge.target}`, pathOf(nodes.get(edge.source), nodes.get(edge.target))]));
  useEffect(() => {
    const fit = new ResizeObserver(([entry]) => (zoom.value = Math.min(1, Math.max(SMALLEST, (entry.contentRect.width - 2) / width))));
    fit.observe(frame.current);
    return () => fit.disconnect();
  }, [width]);
  useEffect(() => {
    const motion = animate(canvas.current, paths, nodes, width, height);
    send.current = motion.add;
    return () => {
      send.current = null;
      motion.stop();
    };
  }, [topology]);
  const key = (event, id) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      pick(id);
    }
  };
  return html`<div class="graph" role="group" ref=${frame} aria-label="Graph of the pipeline; the table below shows the same">
    <div class="stage" style=${{ width: `${width}px`, height: `${height}px`, zoom: zoom.value }}>
      <svg width=${width} height=${height} role="presentation">
        ${[...paths].map(([name, p]) => {
          const [source, target] = name.split("→");
          const lit = picked === source ? " lit" : picked === target ? " lit-in" : "";
          return html`<path key=${name} class=${`edge${lit}`} d=${`M${p[0]} ${p[1]}C${p.slice(2).join(" ")}`} />`;
        })}
        ${topology.nodes.map((node) => {
          const figures = agents[node.id];
          const seen = counted.agents.get(node.id);
          const waiting = (figures?.queued || 0) + (figures?.held || 0);
          const ended = Object.entries(seen?.counts || {}).filter(([kind]) => ["handled", "answered"].includes(kind)).reduce((sum, [, n]) => sum + n, 0);
          const below = figures?.suspended ? "suspended" : figures ? `${figures.handled ?? 0} handled${waiting ? ` · ${waiting} wait` : ""}` : ended ? `${ended} handled` : { agent: "quiet", join: "join", caller: "asks, and is answered" }[node.kind];
          return html`<g key=${node.id} class=${`node ${node.kind} ${stateOf(figures, seen)}`} transform=${`translate(${node.x + PAD} ${node.y + PAD})`} role="button" tabindex="0"
              aria-pressed=${picked === node.id} onClick=${() => pick(node.id)} onKeyDown=${(event) => key(event, node.id)}>
            <rect width=${WIDTH} height=${HEIGHT} rx="10" />
            ${waiting ? html`<rect class="depth" x="6" y=${HEIGHT - 6} height="3" rx="1.5" width=${Math.min(WIDTH - 12, 8 + waiting * 3)} />` : null}
            <text x="10" y="19">${cut(node.title, 20)}</text>${" "}<text class="small" x="10" y="36">${cut(below, 24)}</text></g>`;
        })}
      </svg><canvas ref=${canvas} aria-hidden="true"></canvas></div></div>`;
}

/** One animation loop for all dots; it sleeps when there are none, and draws nothing where motion is unwanted. */
function animate(canvas, paths, nodes, width, height) {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const scale = Math.min(2, devicePixelRatio || 1);
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  let dots = [];
  let frame = 0;
  let colours = {};
  let coloured = 0;
  const colour = (tone, now) => {
    if (now - coloured > 1_000) {
      const style = getComputedStyle(canvas);
      colours = Object.fromEntries(["good", "bad", "warn", "hold", "info", "mute"].map((one) => [one, style.getPropertyValue(`--${one}`)]));
      coloured = now;
    }
    return colours[tone];
  };
  const draw = (now) => {
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const left = [];
    for (const dot of dots) {
      const t = Math.max(0, (now - dot.at) / TRAVEL_MS); // on a busy machine a frame begins before the dots that it draws
      if (t >= 1) continue;
      left.push(dot);
      pen.beginPath();
      pen.fillStyle = colour(dot.tone, now);
      if (dot.path) {
        const [x, y] = pointOn(dot.path, t);
        pen.arc(x, y, 4, 0, 7);
      } else {
        pen.globalAlpha = 1 - t;
        pen.arc(dot.x, dot.y, 4 + 7 * t, 0, 7);
      }
      pen.fill();
      pen.globalAlpha = 1;
    }
    dots = left;
    frame = dots.length ? requestAnimationFrame(draw) : 0;
  };
  const add = (event) => {
    if (still.matches || document.hidden || dots.length >= MOST_DOTS) return;
    const sender = event.sender.startsWith("caller") ? "(caller)" : event.sender;
    const at = performance.now();
    if (event.kind === "started") {
      const path = paths.get(`${sender}→${event.recipient}`);
      if (path) dots.push({ at, path, tone: "info" });
    } else if (event.kind !== "accepted") {
      const node = nodes.get(event.recipient || sender);
      if (node) dots.push({ at, x: node.x + PAD + WIDTH - 12, y: node.y + PAD + 12, tone: toneOf(event.kind) });
    }
    if (!frame && dots.length) frame = requestAnimationFrame(draw);
  };
  return { add, stop: () => cancelAnimationFrame(frame) };
}
