import { once } from "node:events";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { storeFault } from "../../../src/store/errors.ts";
import { ImpatientSocket } from "../../../src/store/impatient-socket.ts";
import { listen, READY } from "../../support/deaf-postgres.ts";

const LONG_MS = 60_000;

test("a connection of which no answer comes is given up, whatever is sent meanwhile", async () => {
  // It never answers a question.
  const port = await listen((socket) => socket.once("data", () => socket.write(READY)));
  const stream = () => new ImpatientSocket({ answerMs: 1_000, silentMs: LONG_MS });
  const pool = new pg.Pool({ host: "127.0.0.1", port, user: "u", max: 1, stream });
  pool.on("error", () => undefined);
  onTestFinished(() => pool.end());
  const client = await pool.connect();
  client.on("error", () => undefined);
  const asked = client.query("SELECT 1").catch((reason: unknown) => reason);
  const rolledBack = client.query("ROLLBACK").catch((reason: unknown) => reason);
  const error = await asked;
  expect(String(error)).toContain("nothing was heard of Postgres for 1 s");
  expect(await rolledBack).toBeInstanceOf(Error);
  expect(storeFault(error)).toBe("unavailable");
  client.release();
  // Its place is another's.
  const next = await pool.connect();
  next.release(true);
});

test("one that is silent for longer than it may be idle is given up", async () => {
  const port = await listen(() => undefined);
  const socket = new ImpatientSocket({ answerMs: LONG_MS, silentMs: 200 }).connect(port, "127.0.0.1");
  const [error] = await once(socket, "error");
  expect(String(error)).toContain("nothing was heard of Postgres for 0.2 s");
});

test("one that is answered is kept", async () => {
  const port = await listen((socket) => socket.on("data", (bytes) => void socket.write(bytes)));
  const socket = new ImpatientSocket({ answerMs: LONG_MS, silentMs: LONG_MS }).connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  for (let beats = 0; beats < 5; beats++) {
    socket.write("beat");
    await once(socket, "data");
  }
  expect(socket.destroyed).toBe(false);
});
