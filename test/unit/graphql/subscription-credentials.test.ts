/** Who the sockets that are open belong to: how many one may have, and when they are closed. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Credential, CredentialWatch } from "../../../src/graphql/subscription-credentials.ts";
import type { LiveSocket } from "../../../src/graphql/subscription-socket.ts";
import type { Actor } from "../../../src/store/tokens.ts";
import { createLog } from "../../../src/telemetry/log.ts";

const READER: Actor = { kind: "token", id: "7", name: "reader", scopes: ["read"] };

let watch: CredentialWatch;

beforeEach(() => {
  vi.useFakeTimers();
  watch = new CredentialWatch(createLog("silent"));
});

afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

function socket() {
  return { open: true, fail: vi.fn() } as unknown as LiveSocket;
}

/** A credential as somebody shows it, and how often it was counted. */
function shown(key: string, actor: Actor = READER) {
  const state = { counted: 0, holder: async (): Promise<Actor | null> => actor };
  const credential: Credential = {
    key,
    actor: async () => {
      state.counted++;
      return actor;
    },
    holder: () => state.holder(),
  };
  return { state, credential };
}

test("one has 100 sockets, however many credentials are shown for them", async () => {
  const [plain, other] = [shown("a"), shown("b")];
  for (let count = 0; count < 50; count++) {
    await watch.admit(socket(), plain.credential);
    await watch.admit(socket(), other.credential);
  }
  await expect(watch.admit(socket(), shown("c").credential)).rejects.toMatchObject({ code: "OVERLOADED" });
  const session = { ...READER, kind: "session" as const };
  await watch.admit(socket(), shown("d", { ...session, session: "s" }).credential);
  await watch.admit(socket(), shown("e", { ...session, session: "t" }).credential);
});

test("the look at who still holds it counts for nobody", async () => {
  const { state, credential } = shown("a");
  const asked = vi.spyOn(credential, "holder");
  const held = socket();
  await watch.admit(held, credential);
  await vi.advanceTimersByTimeAsync(5_500);
  expect(asked).toHaveBeenCalledTimes(5);
  expect(state.counted).toBe(1);
  expect(held.fail).not.toHaveBeenCalled();
});

test("who holds it no more is out, and who cannot be asked about is not", async () => {
  const { state, credential } = shown("a");
  const held = socket();
  await watch.admit(held, credential);
  state.holder = () => Promise.reject(new Error("the database does not answer"));
  await vi.advanceTimersByTimeAsync(2_500);
  expect(held.fail).not.toHaveBeenCalled();
  state.holder = async () => null;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(held.fail).toHaveBeenCalledWith(expect.objectContaining({ code: "UNAUTHENTICATED" }));
});
