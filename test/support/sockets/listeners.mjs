// As listener.mjs, many: says the port of each. The test stops it and connects to them, so that each has a queue
// that no one empties, and is told of in every snapshot.
import { once } from "node:events";
import { createServer } from "node:net";

for (let made = 0; made < Number(process.argv[2]); made += 1) {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  process.stdout.write(`${server.address().port}\n`);
}
