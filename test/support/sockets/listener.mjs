// A server that listens with the backlog given and says so. The test stops it with SIGSTOP, so that it
// accepts nothing and its accept queue fills.
import { createServer } from "node:net";

const server = createServer(() => undefined);
server.listen({ host: process.argv[2], port: 0, backlog: Number(process.argv[3]) }, () => {
  process.stdout.write(`${server.address().port}\n`);
});
