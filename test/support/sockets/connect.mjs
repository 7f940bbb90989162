// Begins many connections at once, holds them until its input ends, and gives up. Bounded in time.
import { connect } from "node:net";

const [host, port, count] = process.argv.slice(2);
for (let made = 0; made < Number(count); made++) {
  connect({ host, port: Number(port) }).on("error", () => undefined);
}
process.stdout.write("connecting\n");
process.stdin.resume();
process.stdin.on("end", () => process.exit());
setTimeout(() => process.exit(), 60_000);
