import { createHash } from "node:crypto";

/** A source of numbers in [0, 1) that the seed alone decides: sfc32, the same on every machine and version. */
export function randomOf(seed: string): () => number {
  const hash = createHash("sha256").update(seed).digest();
  let [a, b, c, d] = [hash.readInt32LE(0), hash.readInt32LE(4), hash.readInt32LE(8), 1];
  return () => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 0x1_0000_0000;
  };
}

/** A UUID that the seed decides. */
export function uuidOf(seed: string): string {
  const hex = createHash("sha256").update(seed).digest("hex");
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)];
  return parts.join("-");
}

/** Above this mean a Poisson number is as good as a normal one, and costs the same whatever the mean. */
const NORMAL_FROM = 30;

/** How many events come when so many are expected, each for itself: a Poisson number. */
export function poisson(random: () => number, mean: number): number {
  if (mean <= 0) return 0;
  if (mean >= NORMAL_FROM) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + normal * Math.sqrt(mean)));
  }
  const bound = Math.exp(-mean);
  let events = 0;
  for (let product = random(); product > bound; product *= random()) events++;
  return events;
}
