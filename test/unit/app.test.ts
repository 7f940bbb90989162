import { expect, onTestFinished, test, vi } from "vitest";
import { Lifecycle } from "../../src/app.ts";

const log = { info: () => undefined, error: () => undefined };

function parts() {
  const story: string[] = [];
  const life = new Lifecycle(log);
  const part = (name: string) =>
    life.start(name, () => {
      story.push(`start ${name}`);
      return {
        value: name,
        stop: () => {
          story.push(`stop ${name}`);
        },
      };
    });
  return { story, life, part };
}

test("parts stop in the reverse of their start, once", async () => {
  const { story, life, part } = parts();
  await part("store");
  await part("http");
  await Promise.all([life.stop(), life.stop()]);
  expect(story).toEqual(["start store", "start http", "stop http", "stop store"]);
});

test("a start that fails undoes those before it, and says why", async () => {
  const { story, life, part } = parts();
  await part("store");
  const failing = life.start("http", () => Promise.reject(new Error("port taken")));
  await expect(failing).rejects.toThrow("port taken");
  expect(story).toEqual(["start store", "stop store"]);
});

test("a part that fails to stop does not keep the others from it", async () => {
  const { story, life, part } = parts();
  await part("store");
  await life.start("queue", () => ({ value: null, stop: () => Promise.reject(new Error("stuck")) }));
  await life.stop();
  expect(story).toEqual(["start store", "stop store"]);
});

test("a stop during a start waits for that part, stops it too, and lets no other begin", async () => {
  const { story, life, part } = parts();
  let finish: (() => void) | undefined;
  const slow = life.start("store", async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return {
      value: null,
      stop: () => {
        story.push("stop store");
      },
    };
  });
  const stopped = life.stop();
  finish?.();
  await Promise.all([slow, stopped]);
  await expect(part("http")).rejects.toThrow("the service is stopping");
  expect(story).toEqual(["stop store"]);
});

test("a part that never ends its start does not keep the others from their stop", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { story, life, part } = parts();
  await part("store");
  void life.start("queue", () => new Promise<never>(() => undefined));
  const stopped = life.stop();
  await vi.advanceTimersByTimeAsync(5_000);
  await stopped;
  expect(story).toEqual(["start store", "stop store"]);
});
