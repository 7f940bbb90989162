import { randomOf } from "../../../../src/demo/random.ts";

export const MINUTE_MS = 60_000;
/** A Monday, 00:00 UTC. */
export const MONDAY = Date.UTC(2026, 10, 23);

/** A host's load as it really is: a day and a week, neighbours that are alike, bursts, and chance. */
export interface LoadShape {
  /** Events a minute in the middle of the day. */
  readonly perMinute: number;
  /** 0 to 1: how far nights are below days. */
  readonly amplitude?: number;
  readonly weekend?: number;
  /** Standard deviation of the slow noise, which the minutes share with their neighbours. */
  readonly slowNoise?: number;
  /** Shape of the gamma noise of each minute: 100 is little, 3 is much. */
  readonly shape?: number;
}

/** Counts of one minute after another, decided by the seed. */
export function loadOf(seed: string, shape: LoadShape): (at: number) => number {
  const random = randomOf(seed);
  const { perMinute, amplitude = 0.5, weekend = 0.7, slowNoise = 0.12, shape: k = 50 } = shape;
  let slow = 0;
  return (at) => {
    const minute = at / MINUTE_MS;
    const day = Math.floor(minute / 1440);
    const isWeekend = [0, 6].includes((day + 4) % 7);
    const phase = Math.sin(((minute % 1440) / 1440) * 2 * Math.PI - Math.PI / 2);
    slow = 0.97 * slow + Math.sqrt(1 - 0.97 ** 2) * normal(random) * slowNoise;
    const mean = perMinute * (1 + amplitude * phase) * (isWeekend ? weekend : 1) * Math.exp(slow);
    return poisson(random, mean * gamma(random, k));
  };
}

export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Of mean 1, by Wilson and Hilferty's cube: close enough for k from 3 up. */
function gamma(random: () => number, k: number): number {
  return Math.max(0, 1 - 1 / (9 * k) + normal(random) / (3 * Math.sqrt(k))) ** 3;
}

export function poisson(random: () => number, mean: number): number {
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const bound = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > bound; product *= random()) count++;
  return count;
}
