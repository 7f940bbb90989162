import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { goodbyeOf, untilStopped } from "../../../agent/stop.ts";

test.each([
  ["SIGTERM", "SIGTERM"],
  ["SIGINT", "SIGINT"],
  ["disconnect", "the end of its parent"],
])("%s stops the agent, a signal after it ends it at once", async (event, reason) => {
  const events = new EventEmitter();
  const exits: string[] = [];
  const stopped = untilStopped(events, (signal) => exits.push(signal));
  events.emit(event);
  expect(await stopped).toBe(reason);
  expect(exits).toEqual([]);
  events.emit("SIGINT");
  expect(exits).toEqual(["SIGINT"]);
});

test.each([
  ["nothing was said and the host stays up", null, [], "restarting"],
  ["a shutdown is planned", null, ["/run/systemd/shutdown/scheduled"], "leaving"],
  ["users may no longer log in", null, ["/run/nologin"], "leaving"],
  ["the agent is being removed", null, ["/run/spillway-agent.leaving"], "leaving"],
  ["it was said", "leaving" as const, [], "leaving"],
  ["it was said, whatever the host does", "restarting" as const, ["/run/nologin"], "restarting"],
])("the goodbye when %s", (_case, given, marks, goodbye) => {
  expect(goodbyeOf(given, (path) => marks.some((mark) => mark === path))).toBe(goodbye);
});
