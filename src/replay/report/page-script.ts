/**
 * The report's only script: tooltips, stepping by keys, hiding routers. Plain ECMAScript in a string, since the build
 * has no browser types and the page no second file; `test/integration/replay-report.test.ts` runs it in Chromium. Texts
 * only ever go through `textContent`.
 */
export const pageScript = `
(() => {
  'use strict';
  const data = JSON.parse(document.getElementById('data').textContent);
  const tip = document.getElementById('tip');
  const make = (tag, text, parent) => {
    const element = document.createElement(tag);
    if (text !== null) element.textContent = text;
    parent.append(element);
    return element;
  };
  const percent = (share) => (share * 100).toFixed(share < 0.1 ? 1 : 0) + ' %';
  const cost = (value) => {
    if (value === 0) return data.unit === 'usd' ? '$0' : '0 ' + data.unit;
    const digits = value < 1e-7 || value >= 1e7 ? value.toExponential(2)
      : value.toFixed(Math.max(0, Math.min(9, 2 - Math.floor(Math.log10(value)))));
    return data.unit === 'usd' ? '$' + digits : digits + ' ' + data.unit;
  };
  const row = (list, name, value) => { make('dt', name, list); make('dd', value, list); };

  const fill = (title, point, axis, shares) => {
    tip.replaceChildren();
    make('strong', title, tip);
    const list = make('dl', null, tip);
    if (axis !== null && point.setting !== null && point.setting !== undefined) {
      row(list, axis === 'lambda' ? '\\u03bb' : axis, String(Number(point.setting.toPrecision(3))));
    }
    if (data.hasCost) row(list, 'cost', cost(point.costUsd));
    row(list, 'quality', point.quality.toFixed(4));
    if (!shares) return;
    const order = [...shares.keys()].filter((m) => shares[m] >= 0.0005).sort((a, b) => shares[b] - shares[a]);
    for (const m of order.slice(0, 9)) {
      const bar = make('div', null, list);
      bar.className = 'bar';
      make('span', data.models[m].model, bar);
      make('span', percent(shares[m]), bar);
      make('i', null, bar).style.width = shares[m] * 100 + '%';
    }
    if (order.length > 9) row(list, order.length - 9 + ' more', percent(order.slice(9).reduce((sum, m) => sum + shares[m], 0)));
  };
  const put = (x, y) => {
    tip.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = tip;
    const left = x + 16 + width > document.documentElement.clientWidth ? x - 16 - width : x + 16;
    const top = y + 16 + height > document.documentElement.clientHeight ? y - 16 - height : y + 16;
    tip.style.left = Math.max(4, left) + window.scrollX + 'px';
    tip.style.top = Math.max(4, top) + window.scrollY + 'px';
  };
  let lit = null;
  const hide = () => { tip.hidden = true; lit?.classList.remove('on'); lit = null; };
  const tell = (key) => {
    const told = data.tips?.[key];
    if (told !== undefined) {
      tip.replaceChildren();
      make('strong', told.title, tip);
      const list = make('dl', null, tip);
      for (const [name, value] of told.rows) row(list, name, value);
      return;
    }
    const [kind, i, way] = key.split(':');
    if (kind === 'run') {
      const run = data.runs[i];
      fill(run.label, run.curve[way], run.axis, run.curve[way].shares);
    } else if (kind === 'model') fill(data.models[i].model, data.models[i], null, null);
    else fill(kind, data[kind], null, null);
  };
  const show = (element) => {
    lit?.classList.remove('on');
    lit = element;
    element.classList.add('on');
    tell(element.dataset.key);
    const { left, top, width, height } = element.getBoundingClientRect();
    put(left + width / 2, top + height / 2);
  };

  for (const element of document.querySelectorAll('[data-key]')) {
    element.addEventListener('pointerenter', () => show(element));
    element.addEventListener('pointerleave', hide);
  }
  for (const series of document.querySelectorAll('.series')) {
    let at = 0;
    const points = [...series.querySelectorAll('.point')]
      .sort((a, b) => a.cx.baseVal.value - b.cx.baseVal.value || b.cy.baseVal.value - a.cy.baseVal.value);
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };
    series.addEventListener('focus', () => { if (series.matches(':focus-visible')) show(points[at]); });
    series.addEventListener('blur', hide);
    series.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') hide();
      if (!(event.key in step)) return;
      event.preventDefault();
      at = Math.max(0, Math.min(points.length - 1, at + step[event.key]));
      show(points[at]);
    });
  }
  for (const box of document.querySelectorAll('[data-toggle]')) {
    box.addEventListener('change', () => {
      for (const series of document.querySelectorAll('[data-run="' + box.dataset.toggle + '"]')) {
        series.classList.toggle('off', !box.checked);
      }
    });
  }
  for (const figure of document.querySelectorAll('[data-shares]')) {
    const { shares, left, right, width } = figure.dataset;
    const run = data.runs[shares];
    const svg = figure.querySelector('svg');
    const guide = figure.querySelector('.guide');
    svg.addEventListener('pointermove', (event) => {
      const box = svg.getBoundingClientRect();
      const place = ((event.clientX - box.left) / box.width) * width;
      const part = Math.max(0, Math.min(1, (place - left) / (right - left)));
      const way = Math.round(part * (run.curve.length - 1));
      const x = Number(left) + (run.curve.length < 2 ? 0 : ((right - left) * way) / (run.curve.length - 1));
      guide.setAttribute('x1', x);
      guide.setAttribute('x2', x);
      guide.classList.add('on');
      fill(run.label, run.curve[way], run.axis, run.curve[way].shares);
      put(event.clientX, event.clientY);
    });
    svg.addEventListener('pointerleave', () => { hide(); guide.classList.remove('on'); });
  }
  document.documentElement.dataset.ready = 'true';
})();
`;
