// Draws every <canvas data-chart>: see routes/analytics/drawing.py for what it holds. Without this the tables remain.

const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const number = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 });
const fine = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 4 });
const precise = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 4 });
const drawn = new Map();

function colour(name, alpha = 1) {
  const value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  if (alpha === 1 || !/^#[0-9a-f]{6}$/i.test(value)) return value;
  return value + Math.round(alpha * 255).toString(16).padStart(2, "0");
}

function said(value, unit) {
  if (value === null || value === undefined) return "–";
  if (unit === "percent") return `${number.format(value)}%`;
  if (unit === "ms") return value < 1000 ? `${number.format(value)} ms` : `${number.format(value / 1000)} s`;
  return unit === "number" ? fine.format(value) : number.format(value);
}

function lines(spec) {
  return spec.series.flatMap((series) => {
    const main = {
      label: series.name, data: series.values, borderColor: colour(series.colour), backgroundColor: colour(series.colour),
      borderWidth: 2, pointRadius: spec.labels.length > 40 ? 0 : 2, pointHitRadius: 12, spanGaps: false, band: series,
    };
    if (!series.low) return [main];
    const edge = { borderWidth: 0, pointRadius: 0, pointHitRadius: 0, edge: true, label: "" };
    return [
      main,
      { ...edge, data: series.low, fill: false },
      { ...edge, data: series.high, fill: "-1", backgroundColor: colour(series.colour, 0.18) },
    ];
  });
}

function bars(spec) {
  return spec.series.map((series) => ({
    label: series.name, data: series.values, band: series, maxBarThickness: 34, borderRadius: 3,
    backgroundColor: colour(series.colour, 0.75), hoverBackgroundColor: colour(series.colour),
  }));
}

// The ends of each bar's interval.
const whiskers = {
  id: "whiskers",
  afterDatasetsDraw(chart) {
    if (chart.config.type !== "bar") return;
    const { ctx, scales } = chart;
    ctx.save();
    ctx.strokeStyle = colour("text");
    ctx.lineWidth = 1.25;
    chart.data.datasets.forEach((set, at) => {
      if (!set.band.low || !chart.isDatasetVisible(at)) return;
      chart.getDatasetMeta(at).data.forEach((bar, n) => {
        if (set.band.low[n] === null) return;
        const low = scales.y.getPixelForValue(set.band.low[n]), high = scales.y.getPixelForValue(set.band.high[n]);
        ctx.beginPath();
        ctx.moveTo(bar.x, low);
        ctx.lineTo(bar.x, high);
        for (const end of [low, high]) { ctx.moveTo(bar.x - 3, end); ctx.lineTo(bar.x + 3, end); }
        ctx.stroke();
      });
    });
    ctx.restore();
  },
};

function options(spec) {
  const most = Math.max(0, ...spec.series.flatMap((series) => [...(series.high || []), ...series.values]));
  const ticks = { color: colour("muted"), font: { size: 11 } };
  const grid = { color: colour("line") };
  return {
    animation: still.matches ? false : { duration: 250 },
    responsive: true,
    maintainAspectRatio: false,
    interaction: { mode: "index", intersect: false },
    scales: {
      x: { ticks: { ...ticks, maxRotation: 0, autoSkip: true, autoSkipPadding: 12 }, grid: { display: false } },
      y: {
        beginAtZero: true, grid, border: { display: false },
        max: spec.unit === "percent" && most > 80 ? 100 : undefined,
        ticks: { ...ticks, maxTicksLimit: 6, callback: (value) => said(value, spec.unit) },
      },
    },
    plugins: {
      legend: {
        display: spec.series.length > 1,
        labels: { color: colour("text"), boxWidth: 10, boxHeight: 10, filter: (item, data) => !data.datasets[item.datasetIndex].edge },
      },
      tooltip: {
        filter: (item) => !item.dataset.edge,
        callbacks: {
          label(item) {
            const { band } = item.dataset, at = item.dataIndex;
            const interval = band.low && band.low[at] !== null ? ` (${said(band.low[at], "")} to ${said(band.high[at], spec.unit)})` : "";
            return `${band.name}: ${said(band.values[at], spec.unit)}${interval}`;
          },
        },
      },
    },
  };
}

function draw(canvas) {
  const spec = JSON.parse(canvas.dataset.chart);
  drawn.get(canvas)?.destroy();
  canvas.parentElement.classList.add("drawn");
  drawn.set(canvas, new Chart(canvas, {
    type: spec.kind,
    data: { labels: spec.labels, datasets: spec.kind === "bar" ? bars(spec) : lines(spec) },
    options: options(spec),
    plugins: [whiskers],
  }));
}

function drawAll() {
  for (const canvas of drawn.keys()) if (!canvas.isConnected) { drawn.get(canvas).destroy(); drawn.delete(canvas); }
  document.querySelectorAll("canvas[data-chart]").forEach(draw);
}

drawAll();
dark.addEventListener("change", drawAll);
document.addEventListener("htmx:afterSettle", drawAll);
