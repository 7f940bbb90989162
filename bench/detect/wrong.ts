import { learnBaselines, poolOf } from "./corpus/pool.ts";
import { SCENARIOS } from "./corpus/scenarios/all.ts";
import { play } from "./play.ts";
import { scoreOf, toldOf } from "./score.ts";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
const F = "/tmp/corpus/tune3.bin";
if (!existsSync(F)) writeFileSync(F, await learnBaselines("tune", 3));
const pool = poolOf("tune", 3, readFileSync(F));
const [, , first, last, ...names] = process.argv;
for (const s of SCENARIOS) {
  if (!names.some((n) => s.name.includes(n))) continue;
  for (let seed = Number(first); seed <= Number(last); seed++) {
    const p = await play(pool, s, seed);
    const f = p.episodes[0]?.from ?? 0;
    const rel = (t: number | null) => (t === null ? null : Math.round((t - f) / 1000));
    const sc = scoreOf(p.episodes, toldOf(p));
    console.log(s.name, seed, "episodes", p.episodes.slice(0,1).map((e) => `${rel(e.from)}-${rel(e.to)} ${e.causes[0]}`).join(), "found", sc.found.length, "missed", sc.missed.length, "wrong", sc.wrong.map(w=>w.cause).join(), "dup", sc.duplicates);
    for (const i of p.incidents.slice(0, 12)) console.log("   ", i.cause, "open", rel(i.openedAt), "resolved", rel(i.resolvedAt), "told", rel(i.toldAt), "paged", rel(i.pagedAt), "x", i.openings, [...i.hosts].join());
  }
}
