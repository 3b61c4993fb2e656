/** Weights of branches for people. */
const BAR_WIDTH = 20;

/** `42.0 %`. */
export function percentText(weight: number): string {
  return `${(weight * 100).toFixed(1)} %`;
}

/** A bar as long as the weight is large. */
export function barText(weight: number, width: number = BAR_WIDTH): string {
  const filled = Math.round(weight * width);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}
