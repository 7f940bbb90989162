import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { expect, onTestFinished, test } from "vitest";
import { downloadRoutes } from "../../../src/http/downloads.ts";
import { waitFor } from "../../support/wait.ts";

/** How often this process has the runtime open. */
function opened(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === process.execPath;
    } catch {
      return false;
    }
  }).length;
}

test("whoever goes away in the middle of the runtime leaves no file open", async () => {
  const server = createServer(express().use(downloadRoutes({ reachableUrl: () => null })));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const before = opened();
  for (let count = 0; count < 5; count++) {
    const request = get(`http://127.0.0.1:${port}/runtime/node`);
    const [response] = await once(request, "response");
    await once(response, "readable");
    expect(opened()).toBeGreaterThan(before);
    response.on("error", () => undefined);
    request.destroy();
  }
  await waitFor("the files to be closed", () => opened() === before);
});
