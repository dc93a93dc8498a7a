// Draws the figures of templates/ui/chart.html with Chart.js, in the colours that css/charts.css gives them.
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from "chart.js";

/**
 * ui.charts.Chart as JSON.
 * @typedef {object} ChartData
 * @property {"bar" | "line"} kind
 * @property {string[]} titles
 * @property {{ label: string, values: (number | null)[] }[]} series
 * @property {string[]} ticks
 * @property {number[]} hours
 * @property {number} decimals
 * @property {number | null} maximum
 */
/** @typedef {{ text: string, surface: string, grid: string, series: string[] }} ChartColors */

const SECOND_LINE_DASH = [6, 4];
const HOURS_PER_TICK = 6;

Chart.register(
  BarController,
  BarElement,
  CategoryScale,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
);

/**
 * @param {HTMLElement} figure
 * @returns {ChartColors}
 */
const readColors = (figure) => {
  const style = getComputedStyle(figure);
  const keys = [...figure.querySelectorAll(".chart-key")];
  return {
    text: style.color,
    surface: style.backgroundColor,
    grid: style.borderTopColor,
    series: keys.map((key) => getComputedStyle(key).color),
  };
};

/**
 * @param {ChartData} data
 * @param {ChartColors} colors
 * @returns {import("chart.js").ChartDataset<"bar" | "line", any>[]}
 */
const listDatasets = (data, colors) =>
  data.series.map(({ label, values }, index) => {
    const color = colors.series[index] ?? colors.text;
    const shared = { label, borderColor: color, backgroundColor: color, hoverBackgroundColor: color };
    if (data.kind === "bar") return { ...shared, type: "bar", data: values };
    return {
      ...shared,
      type: "line",
      data: values.map((y, place) => ({ x: data.hours[place], y })),
      borderDash: index ? SECOND_LINE_DASH : [],
      borderWidth: 2,
      pointRadius: values.length === 1 ? 3 : 0,
      pointHoverBackgroundColor: color,
      pointHoverBorderColor: color,
      spanGaps: true,
    };
  });

/**
 * @param {ChartData} data
 * @param {ChartColors} colors
 * @returns {import("chart.js").ScaleChartOptions<"bar" | "line">["scales"]}
 */
const listScales = (data, colors) => {
  const ticks = { color: colors.text, maxRotation: 0, autoSkipPadding: 12 };
  const border = { color: colors.grid };
  const grid = { display: false };
  const format = formatterOf(data);
  const scales = {
    x:
      data.kind === "line"
        ? { type: "linear", min: 0, max: 24, ticks: { ...ticks, stepSize: HOURS_PER_TICK }, grid, border }
        : { type: "category", ticks, grid, border },
    y: {
      beginAtZero: true,
      max: data.maximum ?? undefined,
      suggestedMax: 1 / 10 ** data.decimals,
      ticks: {
        color: colors.text,
        maxTicksLimit: 5,
        precision: data.decimals,
        callback: (/** @type {string | number} */ value) => format(Number(value)),
      },
      grid: { color: colors.grid },
      border: { display: false },
    },
  };
  return /** @type {any} */ (scales);
};

/** @param {ChartData} data */
const formatterOf = ({ decimals }) => {
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  const format = new Intl.NumberFormat(document.documentElement.lang, digits);
  return (/** @type {number} */ value) => format.format(value);
};

/**
 * @param {ChartData} data
 * @param {ChartColors} colors
 * @returns {any}
 */
const tooltipOptions = (data, colors) => ({
  backgroundColor: colors.text,
  titleColor: colors.surface,
  bodyColor: colors.surface,
  displayColors: data.series.length > 1,
  callbacks: {
    title: (/** @type {{ dataIndex: number }[]} */ items) => data.titles[items[0]?.dataIndex ?? -1] ?? "",
    label: (/** @type {any} */ item) => `${item.dataset.label}: ${formatterOf(data)(item.parsed.y)}`,
  },
});

/**
 * @param {HTMLElement} figure
 * @param {HTMLCanvasElement} canvas
 * @param {ChartData} data
 */
const drawChart = (figure, canvas, data) => {
  const colors = readColors(figure);
  Chart.getChart(canvas)?.destroy();
  new Chart(canvas, {
    data: { datasets: listDatasets(data, colors), labels: data.ticks },
    options: {
      animation: false,
      font: { family: getComputedStyle(figure).fontFamily },
      interaction: { mode: "index", intersect: false },
      maintainAspectRatio: false,
      plugins: { tooltip: tooltipOptions(data, colors) },
      scales: listScales(data, colors),
    },
  });
};

const drawCharts = () => {
  for (const figure of document.querySelectorAll("[data-chart]")) {
    const canvas = figure.querySelector("canvas");
    const data = figure.querySelector("script")?.textContent;
    if (figure instanceof HTMLElement && canvas && data) drawChart(figure, canvas, JSON.parse(data));
  }
};

drawCharts();
// A canvas keeps the colours that it was drawn in: it is drawn anew when the theme changes.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawCharts);
new MutationObserver(drawCharts).observe(document.documentElement, {
  attributeFilter: ["class", "data-theme"],
});
