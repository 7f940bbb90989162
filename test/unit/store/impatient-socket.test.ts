import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { storeFault } from "../../../src/store/errors.ts";
import { impatientSocket } from "../../../src/store/impatient-socket.ts";

/** A server that takes connections and hears what is said. */
async function listen(hear: (socket: Socket) => void): Promise<number> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket.on("error", () => undefined));
    hear(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test("a connection whose far end says nothing more is given up, and the database does not answer", async () => {
  // Lets everybody in, is ready, and never answers a question.
  const ready = Buffer.from("R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I", "latin1");
  const port = await listen((socket) => socket.once("data", () => socket.write(ready)));
  const pool = new pg.Pool({
    host: "127.0.0.1",
    port,
    user: "u",
    max: 1,
    stream: () => impatientSocket(300),
  });
  pool.on("error", () => undefined);
  onTestFinished(() => pool.end());
  const client = await pool.connect();
  client.on("error", () => undefined);
  const error = await client.query("SELECT 1").catch((reason: unknown) => reason);
  expect(String(error)).toContain("nothing was heard of Postgres for 0.3 s");
  expect(storeFault(error)).toBe("unavailable");
  client.release();
  // Its place is another's.
  const next = await pool.connect();
  next.release(true);
});

test("one that is heard of now and then is kept", async () => {
  const port = await listen((socket) => socket.on("data", (bytes) => void socket.write(bytes)));
  const socket = impatientSocket(2_000).connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  for (let beats = 0; beats < 5; beats++) {
    socket.write("beat");
    await once(socket, "data");
  }
  expect(socket.destroyed).toBe(false);
});
