import { html, type Html } from './html.ts';

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Puts names beside marks so that none lies on another; a name without room is left out, its tooltip still has it. */
export interface Labels {
  /** Keeps labels off a point. */
  avoid(x: number, y: number): void;
  label(x: number, y: number, text: string): Html;
}

const characterWidth = 6.2;
const lineHeight = 13;
const longest = 26;

export function createLabels(area: { readonly left: number; readonly width: number; readonly height: number }): Labels {
  const taken: Box[] = [];
  const around = (x: number, y: number, reach: number): Box => ({
    left: x - reach,
    right: x + reach,
    top: y - reach,
    bottom: y + reach,
  });
  const points: Box[] = [];
  const meets =
    (box: Box) =>
    (other: Box): boolean =>
      box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom;
  const isFree = (box: Box): boolean =>
    box.left >= area.left &&
    box.right <= area.width &&
    box.top >= 0 &&
    box.bottom <= area.height &&
    !taken.some(meets(box));
  return {
    avoid(x, y) {
      points.push(around(x, y, 3));
    },
    label(x, y, text) {
      const shown = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
      const width = shown.length * characterWidth;
      const places = [
        { left: x + 9, top: y - lineHeight / 2, anchor: 'start', at: x + 9 },
        { left: x - 9 - width, top: y - lineHeight / 2, anchor: 'end', at: x - 9 },
        { left: x - width / 2, top: y + 7, anchor: 'middle', at: x },
        { left: x - width / 2, top: y - 8 - lineHeight, anchor: 'middle', at: x },
      ];
      const boxes = places.map((place) => {
        const box = { left: place.left, right: place.left + width, top: place.top, bottom: place.top + lineHeight };
        return { ...place, box, isClear: !points.some(meets(box)) };
      });
      // A place among points is better than none.
      const free = boxes.filter(({ box }) => isFree(box));
      const chosen = free.find(({ isClear }) => isClear) ?? free[0];
      if (chosen !== undefined) {
        taken.push(chosen.box, around(x, y, 5));
        return html`<text x="${chosen.at.toFixed(1)}" y="${(chosen.top + 10).toFixed(1)}" text-anchor="${chosen.anchor}"
          >${shown}</text
        >`;
      }
      taken.push(around(x, y, 5));
      return html``;
    },
  };
}
