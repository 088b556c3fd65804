"use strict";
// Draws the charts of a page from the JSON block "charts": canvas id -> what its chart shows. Amounts come as exact
// decimal text; a number is made of one for the length of a bar alone, and what is printed is the text.
(() => {
  const root = document.documentElement;
  const specs = JSON.parse(document.getElementById("charts").textContent);
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const SHAPES = { unusual_amount: "rectRot", duplicate: "rect", first_large_payee: "triangle" };
  const drawn = [];

  // --- numbers and colours ---

  const plotted = (text) => (text === null ? null : Number(text));
  const all = (texts) => texts.map(plotted);

  function grouped(text) {
    if (text === null || text === undefined) return "–";
    const [, sign, whole, rest] = /^([-+]?)(\d+)(.*)$/.exec(String(text));
    return sign + whole.replace(/\B(?=(\d{3})+$)/g, ",") + rest;
  }

  function short(value) {
    const size = Math.abs(value);
    for (const [unit, sign] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]]) {
      if (size >= unit && (unit > 1e3 || size >= 1e4)) return `${Number((value / unit).toPrecision(4))}${sign}`;
    }
    return grouped(Number(value.toPrecision(6)));
  }

  // Powers of ten alone are named on a logarithmic axis.
  function time(us) {
    if (!Number.isInteger(Math.log10(us))) return null;
    return us < 1e3 ? `${us} µs` : us < 1e6 ? `${us / 1e3} ms` : `${us / 1e6} s`;
  }

  function palette() {
    const style = getComputedStyle(root);
    return new Proxy({}, { get: (_, name) => style.getPropertyValue(`--${name}`).trim() });
  }

  const pale = (colour) => `${colour}66`;
  const narrow = () => window.innerWidth < 600;

  function monthNames(months, notes = []) {
    return months.map((month, place) => {
      const [year, number] = month.split("-");
      return [MONTHS[number - 1], place === 0 || number === "01" ? year : "", notes[place]].filter(Boolean);
    });
  }

  // Breaks a name after spaces and the joints of its parts.
  function wrapped(name, most, rows = 2) {
    const lines = [""];
    for (const word of name.split(/(?<=[ _.:])/)) {
      const last = lines.length - 1;
      if (lines[last] && lines[last].length + word.trimEnd().length > most) lines.push(word);
      else lines[last] += word;
    }
    const shown = lines.slice(0, rows).map((line) => line.trimEnd()).map((line) => (line.length > most + 4 ? `${line.slice(0, most + 3)}…` : line));
    if (lines.length > rows) shown[rows - 1] = `${shown[rows - 1].replace(/…$/, "")}…`;
    return shown;
  }

  // --- what charts share ---

  const bars = (label, data, colour, more = {}) => ({
    type: "bar", label, data, backgroundColor: colour, borderRadius: 3, borderSkipped: "start", maxBarThickness: 72, ...more,
  });

  const line = (label, data, colour, more = {}) => ({
    type: "line", label, data, borderColor: colour, backgroundColor: colour, borderWidth: 2, pointRadius: 3, tension: 0, ...more,
  });

  function axis(colours, more = {}) {
    return {
      border: { display: false }, ...more,
      grid: { color: (at) => (at.tick && at.tick.value === 0 ? colours.zero : colours.grid), drawTicks: false, ...more.grid },
      ticks: { color: colours.muted, padding: 8, ...more.ticks },
    };
  }

  const amounts = (colours, more = {}) => axis(colours, { ...more, ticks: { callback: short, maxTicksLimit: 7, ...more.ticks } });
  const names = (colours, more = {}) => axis(colours, {
    ...more, grid: { display: false }, ticks: { color: colours.ink, maxRotation: 0, autoSkipPadding: 6, ...more.ticks },
  });

  function options(colours, scales, told, more = {}) {
    return {
      responsive: true, maintainAspectRatio: false, animation: false, scales, ...more,
      interaction: { mode: "index", intersect: false, ...more.interaction },
      plugins: {
        legend: { display: false },
        tooltip: {
          backgroundColor: colours.ink, titleColor: colours.card, bodyColor: colours.card, padding: 10, boxPadding: 4,
          callbacks: told,
        },
        ...more.plugins,
      },
    };
  }

  // Writes what a bar stands for behind its end.
  const ends = (texts, colours, marks = []) => ({
    id: "ends",
    afterDatasetsDraw(chart) {
      const { ctx, scales } = chart;
      ctx.save();
      ctx.font = `12px ${Chart.defaults.font.family}`;
      ctx.fillStyle = colours.ink;
      ctx.textBaseline = "middle";
      chart.getDatasetMeta(0).data.forEach((bar, place) => {
        const mark = marks[place] ? scales.x.getPixelForValue(marks[place]) : 0;
        ctx.fillText(texts[place], Math.max(bar.x, bar.base, mark) + 9, bar.y);
      });
      ctx.restore();
    },
  });

  // Draws the usual month across its bar.
  const usual = (values, colours) => ({
    id: "usual",
    afterDatasetsDraw(chart) {
      const { ctx, scales } = chart;
      ctx.save();
      ctx.fillStyle = colours.net;
      ctx.strokeStyle = colours.card;
      chart.getDatasetMeta(0).data.forEach((bar, place) => {
        if (values[place] === null) return;
        const x = scales.x.getPixelForValue(values[place]);
        const half = bar.height / 2 + 4;
        ctx.strokeRect(x - 2, bar.y - half, 4, 2 * half);
        ctx.fillRect(x - 1.5, bar.y - half, 3, 2 * half);
      });
      ctx.restore();
    },
  });

  // Numbers the points, so that the table can be read beside them.
  const numbers = (points, colours) => ({
    id: "numbers",
    afterDatasetsDraw(chart) {
      const { ctx } = chart;
      ctx.save();
      ctx.font = `600 12px ${Chart.defaults.font.family}`;
      ctx.textAlign = "center";
      ctx.lineWidth = 3;
      ctx.strokeStyle = colours.card;
      ctx.fillStyle = colours.ink;
      chart.getDatasetMeta(0).data.forEach((point, place) => {
        if (points[place].number > 20) return;
        const y = point.y < chart.chartArea.top + 22 ? point.y + 20 : point.y - 11;
        ctx.strokeText(points[place].number, point.x, y);
        ctx.fillText(points[place].number, point.x, y);
      });
      ctx.restore();
    },
  });

  function horizontal(spec, colours, values, texts, told, { marks = [], most = 34, ...more }) {
    // Room for the text behind each bar: a shorter bar leaves some of it itself.
    const reach = values.map((value, place) => Math.max(value, marks[place] || 0));
    const largest = Math.max(...reach, 0) || 1;
    const width = narrow() ? 160 : 320;
    const room = Math.max(...texts.map((text, place) => 6.8 * text.length - width * (1 - reach[place] / largest)));
    return {
      height: 44 + spec.names.length * (narrow() ? 38 : most),
      type: "bar",
      options: options(colours, {
        x: amounts(colours, { beginAtZero: true, max: largest, ticks: { maxTicksLimit: narrow() ? 4 : 7, includeBounds: false } }),
        y: names(colours, { ticks: { autoSkip: false, crossAlign: "far", callback: (place) => wrapped(spec.names[place], narrow() ? 13 : 24) } }),
      }, told, { indexAxis: "y", layout: { padding: { right: room + 14 } }, interaction: { axis: "y" } }),
      ...more,
    };
  }

  // --- the charts ---

  const kinds = {
    months(spec, c) {
      const faded = (colour) => spec.complete.map((complete) => (complete === false ? pale(colour) : colour));
      const texts = [spec.net, spec.income, spec.spending];
      return {
        height: narrow() ? 260 : 320,
        type: "bar",
        data: {
          labels: monthNames(spec.months, spec.complete.map((complete) => (complete === false ? "part" : ""))),
          datasets: [
            line("Net", all(spec.net), c.net, { order: 0, pointBackgroundColor: c.card, pointBorderWidth: 2 }),
            bars("Income", all(spec.income), faded(c.income), { order: 1 }),
            bars("Spending", all(spec.spending), faded(c.spending), { order: 2 }),
          ],
        },
        options: options(c, {
          x: names(c),
          y: amounts(c, { beginAtZero: true }),
        }, {
          title: ([at]) => spec.months[at.dataIndex] + (spec.complete[at.dataIndex] === false ? " (part)" : ""),
          label: (at) => ` ${at.dataset.label}: ${grouped(texts[at.datasetIndex][at.dataIndex])} ${spec.currency}`,
        }, { datasets: { bar: { categoryPercentage: Math.min(0.72, 0.16 * spec.months.length), barPercentage: 0.92 } } }),
      };
    },

    categories(spec, c) {
      const over = spec.change.map((change) => change !== null && !/^[-+]?[0.]+$/.test(change) && change[0] === "+");
      const texts = spec.latest.map((latest, place) => {
        const change = spec.change[place];
        return narrow() ? grouped(latest) : `${grouped(latest)}${change === null ? "" : `  (${grouped(change)})`}`;
      });
      return horizontal(spec, c, all(spec.latest), texts, {
        title: ([at]) => spec.names[at.dataIndex],
        label: (at) => [
          ` Latest month: ${grouped(spec.latest[at.dataIndex])} ${spec.currency}`,
          ` Usual: ${grouped(spec.baseline[at.dataIndex])}`,
          ` Change: ${grouped(spec.change[at.dataIndex])}`,
        ],
      }, {
        data: {
          labels: spec.names,
          datasets: [bars("Latest month", all(spec.latest), over.map((is) => (is ? c.spending : c.income)), {
            maxBarThickness: 16,
          })],
        },
        marks: all(spec.baseline),
        plugins: [usual(all(spec.baseline), c), ends(texts, c, all(spec.baseline))],
      });
    },

    forecast(spec, c) {
      return {
        height: 280,
        type: "bar",
        data: {
          labels: monthNames(spec.months),
          datasets: [
            line("Net", all(spec.net), c.net, { pointBackgroundColor: c.card, pointBorderWidth: 2 }),
            line("Expected", all(spec.expected), c.net, { borderDash: [5, 4], pointRadius: 4 }),
            bars(spec.interval, spec.low.map((low, place) => (low === null ? null : [plotted(low), plotted(spec.high[place])])), c.band, {
              categoryPercentage: 1, barPercentage: 1, borderRadius: 0, order: 9, borderSkipped: false, inflateAmount: 0,
              maxBarThickness: Infinity,
            }),
          ],
        },
        options: options(c, { x: names(c), y: amounts(c) }, {
          title: ([at]) => spec.months[at.dataIndex],
          label: (at) => {
            const place = at.dataIndex;
            if (at.datasetIndex === 0) return ` Net: ${grouped(spec.net[place])} ${spec.currency}`;
            if (at.datasetIndex === 1) return ` Expected: ${grouped(spec.expected[place])} ${spec.currency}`;
            return ` ${spec.interval}: ${grouped(spec.low[place])} to ${grouped(spec.high[place])}`;
          },
        }),
      };
    },

    anomalies(spec, c) {
      return {
        height: 280,
        type: "bar",
        data: {
          labels: monthNames(spec.months),
          datasets: [
            {
              type: "scatter", label: "Unusual", order: 0,
              // Between two names of the axis, which takes such a place only as it is.
              parsing: false, data: spec.points.map((point) => ({ x: point.at, y: plotted(point.amount) })),
              pointStyle: spec.points.map((point) => SHAPES[point.kind]), radius: 8, hoverRadius: 10,
              backgroundColor: c.mark, borderColor: c.card, borderWidth: 1.5, clip: false,
            },
            bars("Spending", all(spec.spending), c.pale, { order: 1, categoryPercentage: 0.84, barPercentage: 1, maxBarThickness: 120 }),
          ],
        },
        options: options(c, {
          x: names(c),
          y: amounts(c, { beginAtZero: true }),
        }, {
          title: ([at]) => (at.datasetIndex ? spec.months[at.dataIndex] : `${spec.points[at.dataIndex].number}. ${spec.points[at.dataIndex].merchant}`),
          label: (at) => {
            if (at.datasetIndex) return ` Spending: ${grouped(spec.spending[at.dataIndex])} ${spec.currency}`;
            const point = spec.points[at.dataIndex];
            return [` ${grouped(point.amount)} ${spec.currency}, ${point.date}`, ` ${point.what}`];
          },
        }, { interaction: { mode: "nearest", intersect: true, axis: "xy" } }),
        plugins: [numbers(spec.points, c)],
      };
    },

    charges(spec, c) {
      const texts = spec.yearly.map((yearly, place) => {
        const due = spec.active[place] ? `next ${spec.due[place]}` : "overdue";
        return narrow() ? grouped(yearly) : `${grouped(yearly)}  ·  ${due}`;
      });
      return horizontal(spec, c, all(spec.yearly), texts, {
        title: ([at]) => spec.names[at.dataIndex],
        label: (at) => [` ${grouped(spec.yearly[at.dataIndex])} ${spec.currency} a year`, ` Next due: ${spec.due[at.dataIndex]}`],
      }, {
        data: {
          labels: spec.names,
          datasets: [bars("A year", all(spec.yearly), spec.active.map((active) => (active ? c.income : pale(c.income))), { maxBarThickness: 16 })],
        },
        plugins: [ends(texts, c)],
        most: Math.max(34, Math.min(52, 240 / spec.names.length)),
      });
    },

    ratio(spec, c) {
      return {
        height: 280,
        type: "bar",
        data: {
          labels: spec.names,
          datasets: [
            bars("Ratio", spec.ratio, c.income, { maxBarThickness: 56, order: 1 }),
            line("Bare asyncio", spec.names.map(() => 1), c.zero, { borderDash: [5, 4], pointRadius: 0, order: 0 }),
          ],
        },
        options: options(c, { x: names(c, { title: { display: true, text: "fan-out", color: c.muted } }), y: axis(c, { beginAtZero: true }) }, {
          title: ([at]) => `fan-out ${spec.names[at.dataIndex]}`,
          label: (at) => ` ${at.dataset.label}: ${at.datasetIndex ? 1 : spec.ratio[at.dataIndex].toFixed(3)}`,
        }),
        plugins: [tops(spec.ratio.map((ratio) => ratio.toFixed(2)), c)],
      };
    },

    latency(spec, c) {
      const shown = [["p50_us", "p50", c.income, "circle"], ["p95_us", "p95", c.spending, "rect"], ["p99_us", "p99", c.mark, "triangle"]];
      return {
        height: 280,
        type: "line",
        data: {
          labels: spec.names,
          datasets: [
            ...shown.map(([name, label, colour, shape]) => line(label, spec[name], colour, { pointStyle: shape, pointRadius: 4 })),
            line("Bare asyncio, p50", spec.baseline_p50_us, c.zero, { borderDash: [5, 4] }),
          ],
        },
        options: options(c, {
          x: names(c, { offset: true, title: { display: true, text: "fan-out", color: c.muted } }),
          y: amounts(c, { type: "logarithmic", ticks: { callback: time, maxTicksLimit: 20 } }),
        }, {
          title: ([at]) => `fan-out ${spec.names[at.dataIndex]}`,
          label: (at) => ` ${at.dataset.label}: ${grouped(at.parsed.y)} µs`,
        }),
      };
    },

    throughput(spec, c) {
      return {
        height: 260,
        type: "bar",
        data: { labels: spec.names, datasets: [bars("Deliveries a second", spec.rate, c.income, { maxBarThickness: 72 })] },
        options: options(c, { x: names(c, { title: { display: true, text: "fan-out", color: c.muted } }), y: amounts(c, { beginAtZero: true, grace: "8%" }) }, {
          title: ([at]) => `fan-out ${spec.names[at.dataIndex]}`,
          label: (at) => ` ${grouped(spec.rate[at.dataIndex])} deliveries a second`,
        }),
        plugins: [tops(spec.rate.map(grouped), c)],
      };
    },

    columns(spec, c) {
      const hues = [c.income, c.spending, c.mark];
      const inks = [c.net, c.mark, c.zero];
      const labels = spec.at.map((text) => wrapped(text, narrow() ? 8 : 14));
      const texts = [...spec.bars, ...spec.lines];
      return {
        height: narrow() ? 260 : 300,
        type: "bar",
        data: {
          labels,
          datasets: [
            ...spec.bars.map(([label, values], place) => bars(label, all(values), hues[place % 3], { order: place + 4, maxBarThickness: 56 })),
            ...spec.lines.map(([label, values], place) => line(label, all(values), inks[place % 3], {
              order: place, spanGaps: true, pointBackgroundColor: c.card, pointBorderWidth: 2, pointRadius: labels.length > 24 ? 0 : 3,
              borderDash: place ? [5, 4] : [],
            })),
          ],
        },
        options: options(c, {
          x: names(c, spec.bars.length ? {} : { offset: true }),
          y: amounts(c, { beginAtZero: spec.bars.length > 0, title: { display: Boolean(spec.unit), text: spec.unit, color: c.muted } }),
        }, {
          title: ([at]) => spec.at[at.dataIndex],
          label: (at) => ` ${at.dataset.label}: ${grouped(texts[at.datasetIndex][1][at.dataIndex])} ${spec.unit}`,
        }),
      };
    },

    bars(spec, c) {
      const texts = spec.sizes.map((size) => `${grouped(size)} ${spec.unit}`);
      return horizontal(spec, c, all(spec.sizes), texts, {
        title: ([at]) => spec.names[at.dataIndex], label: (at) => ` ${texts[at.dataIndex]}`,
      }, {
        data: { labels: spec.names, datasets: [bars(spec.unit, all(spec.sizes), c.income, { maxBarThickness: 16 })] },
        plugins: [ends(texts, c)],
      });
    },

    course(spec, c) {
      const hues = [c.income, c.spending, c.mark, c.net, c.zero];
      return {
        height: 280,
        type: "line",
        data: {
          labels: spec.at,
          datasets: spec.lines.map(([label, values], place) => line(label, values, hues[place % 5], {
            pointRadius: 0, pointHitRadius: 8, spanGaps: true, borderDash: place === 4 ? [5, 4] : [],
          })),
        },
        options: options(c, {
          x: names(c, { ticks: { maxTicksLimit: narrow() ? 4 : 10 } }),
          y: amounts(c, { beginAtZero: true, title: { display: true, text: spec.unit, color: c.muted } }),
        }, { label: (at) => ` ${at.dataset.label}: ${short(at.parsed.y)} ${spec.unit}` }),
      };
    },

    tally(spec, c) {
      const hues = { good: c.income, warn: c.spending, bad: c.mark };
      return horizontal(spec, c, spec.counts, spec.counts.map(grouped), {
        title: ([at]) => spec.names[at.dataIndex], label: (at) => ` ${grouped(spec.counts[at.dataIndex])}`,
      }, {
        data: {
          labels: spec.names,
          datasets: [bars("Times", spec.counts, spec.moods.map((mood) => hues[mood]), { maxBarThickness: 16 })],
        },
        plugins: [ends(spec.counts.map(grouped), c)],
      });
    },

    lanes(spec, c) {
      const hues = { good: c.income, warn: c.spending, bad: c.mark };
      return {
        height: 60 + (narrow() ? 44 : 34) * spec.names.length,
        type: "scatter",
        data: {
          datasets: [{
            label: "Steps", data: spec.steps.map(([at, lane]) => ({ x: at, y: lane })), radius: 5, hoverRadius: 7, clip: false,
            backgroundColor: spec.steps.map((step) => hues[step[2]]), borderColor: c.card, borderWidth: 1,
          }],
        },
        options: options(c, {
          x: amounts(c, { title: { display: true, text: spec.axis || "virtual seconds from its start", color: c.muted } }),
          y: axis(c, {
            reverse: true, min: -0.5, max: spec.names.length - 0.5,
            afterBuildTicks: (scale) => { scale.ticks = spec.names.map((_, place) => ({ value: place })); },
            ticks: { color: c.ink, autoSkip: false, callback: (place) => wrapped(spec.names[place] || "", narrow() ? 15 : 24, 3) },
          }),
        }, { title: () => "", label: (at) => ` ${spec.steps[at.dataIndex][3]}` }, {
          interaction: { mode: "nearest", intersect: true, axis: "xy" },
        }),
        plugins: [causes(spec, c)],
      };
    },
  };

  // Joins each step to the one that caused it.
  const causes = (spec, colours) => ({
    id: "causes",
    beforeDatasetsDraw(chart) {
      const { ctx } = chart;
      const points = chart.getDatasetMeta(0).data;
      ctx.save();
      ctx.strokeStyle = colours.zero;
      ctx.lineWidth = 1;
      for (const [from, to] of spec.arrows) {
        ctx.beginPath();
        ctx.moveTo(points[from].x, points[from].y);
        ctx.lineTo(points[to].x, points[to].y);
        ctx.stroke();
      }
      ctx.restore();
    },
  });

  // Writes what an upright bar stands for above it.
  function tops(texts, colours) {
    return {
      id: "tops",
      afterDatasetsDraw(chart) {
        const { ctx } = chart;
        ctx.save();
        ctx.font = `600 12px ${Chart.defaults.font.family}`;
        ctx.fillStyle = colours.ink;
        ctx.textAlign = "center";
        ctx.textBaseline = "bottom";
        chart.getDatasetMeta(0).data.forEach((bar, place) => ctx.fillText(texts[place], bar.x, bar.y - 5));
        ctx.restore();
      },
    };
  }

  // --- drawing, and drawing again ---

  function draw() {
    while (drawn.length) drawn.pop().destroy();
    const colours = palette();
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.font.size = narrow() ? 11 : 12;
    for (const [id, spec] of Object.entries(specs)) {
      const canvas = document.getElementById(id);
      try {
        const { height, ...config } = kinds[spec.kind](spec, colours);
        canvas.parentElement.style.height = `${height}px`;
        drawn.push(new Chart(canvas, config));
      } catch (error) { // one renderer's chart with wrong data takes no other chart away
        console.error(`the chart ${id} cannot be drawn: ${error.message}`);
        canvas.closest("figure").querySelector("details").open = true;
        canvas.parentElement.remove();
        delete specs[id];
      }
    }
  }

  let opened = [];

  function printing(is) {
    const every = [...document.querySelectorAll("details:not([data-shut])")];
    if (is) opened = every.map((details) => details.open);
    root.toggleAttribute("data-print", is);
    every.forEach((details, place) => { details.open = is || opened[place]; });
    draw();
  }

  root.classList.add("js");
  if (window.parent !== window) { // in a frame, whose page is told how high it has to be
    root.classList.add("framed");
    const theme = () => (root.dataset.theme = window.location.hash.slice(1));
    theme();
    window.addEventListener("hashchange", () => {
      theme();
      draw();
    });
    const told = () => window.parent.postMessage({ height: Math.ceil(document.body.getBoundingClientRect().height) }, "*");
    new ResizeObserver(told).observe(document.body);
    window.addEventListener("load", told); // a frame that is out of sight is not observed
  }
  for (const details of document.querySelectorAll("details[data-fold]")) details.open = false;
  draw();
  let folded = narrow();
  window.addEventListener("resize", () => {
    if (narrow() !== folded) {
      folded = narrow();
      draw();
    }
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  window.addEventListener("beforeprint", () => printing(true));
  window.addEventListener("afterprint", () => printing(false));
})();
