/** Requests to real servers of this process, whose names a resolver of the test's gives. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NoAnswer, type SafeAnswer, safeHttp } from "../../../src/notify/safe-http.ts";
import { type Answer, type FarEnd, startFarEnd } from "../../support/far-end.ts";

let farEnd: FarEnd;
beforeEach(async () => {
  farEnd = await startFarEnd();
});
afterEach(() => farEnd.close());

const LOOPBACK = { private: ["127.0.0.0/8"], http: false };
const signal = new AbortController().signal;
const post = { method: "POST", headers: { "content-type": "text/plain" }, body: "hello" } as const;

function ask(url: string, options: Partial<Parameters<typeof safeHttp>[0]> = {}) {
  return safeHttp({ allowed: LOOPBACK, timeoutMs: 5_000, ...options }).request({ ...post, url, signal });
}

async function refusal(asking: Promise<SafeAnswer>): Promise<NoAnswer> {
  const error = await asking.then(
    (answer) => new Error(`answered ${answer.status}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof NoAnswer)) throw error;
  return error;
}

test("a request arrives as it is, and the answer is given", async () => {
  farEnd.answer = (response) => {
    response.writeHead(202, { "X-One": ["a", "b"], "retry-after": "7" }).end("taken");
  };
  const answer = await ask(`${farEnd.url}/hook?x=1`);
  expect(answer).toMatchObject({
    status: 202,
    headers: { "x-one": "a, b", "retry-after": "7" },
    body: "taken",
  });
  expect(farEnd.asked).toMatchObject([
    { method: "POST", path: "/hook?x=1", body: "hello", headers: { "content-type": "text/plain" } },
  ]);
});

describe("what is inside is refused, however it is written", () => {
  test.each([
    ["dotted", "127.0.0.1"],
    ["decimal", "2130706433"],
    ["hexadecimal", "0x7f000001"],
    ["octal", "0177.0.0.1"],
    ["short", "127.1"],
    ["zero", "0.0.0.0"],
    ["zero in short", "0"],
    ["IPv6 loopback", "[::1]"],
    ["IPv6 zero", "[::]"],
    ["IPv6 link-local", "[fe80::1]"],
    ["IPv6 unique local", "[fc00::1]"],
    ["the same that all use", "[fd12:3456:789a::1]"],
    ["IPv6 that maps IPv4", "[::ffff:127.0.0.1]"],
    ["the same in hexadecimal", "[::ffff:7f00:1]"],
    ["NAT64", "[64:ff9b::7f00:1]"],
    ["6to4", "[2002:7f00:1::]"],
    ["metadata of a cloud", "169.254.169.254"],
    ["a name", "localhost"],
  ])("%s", async (_name, host) => {
    const { retry, message } = await refusal(
      ask(`http://${host}:${farEnd.port}/`, { allowed: { private: [], http: true } }),
    );
    expect([retry, message]).toEqual([false, expect.stringMatching(/not public.*allow_private/)]);
    expect(farEnd.asked).toEqual([]);
  });

  test("a name with one address outside and one inside", async () => {
    const lookup = async () => ["93.184.216.34", "10.0.0.1"];
    const { message } = await refusal(
      ask("https://both.example/", { allowed: { private: [], http: false }, lookup }),
    );
    expect(message).toContain("both.example has the address 10.0.0.1, which is not public");
  });

  test("by what SMTP connects to as well", async () => {
    const http = safeHttp({ allowed: { private: [], http: false } });
    await expect(http.addressOf("2130706433")).rejects.toThrow(/127\.0\.0\.1, which is not public/);
    await expect(http.addressOf("::ffff:10.0.0.1")).rejects.toThrow(/not public/);
    expect(await safeHttp({ allowed: LOOPBACK }).addressOf("127.0.0.1")).toBe("127.0.0.1");
  });
});

test("it connects to the address that it has checked, though the name stands for another a moment later", async () => {
  const answers = [["127.0.0.1"], ["169.254.169.254"]];
  const looked: string[] = [];
  const lookup = async (host: string) => {
    looked.push(host);
    return answers.shift() ?? [];
  };
  const url = `http://moving.example:${farEnd.port}/`;
  expect(await ask(url, { lookup })).toMatchObject({ status: 200 });
  expect(looked).toEqual(["moving.example"]);
  expect(farEnd.asked[0]?.headers.host).toBe(`moving.example:${farEnd.port}`);
  expect((await refusal(ask(url, { lookup }))).message).toContain("169.254.169.254");
});

test("a name that is allowed may stand for an address inside", async () => {
  const lookup = async () => ["127.0.0.1"];
  const allowed = { private: ["am.internal"], http: false };
  expect(await ask(`http://am.internal:${farEnd.port}/`, { allowed, lookup })).toMatchObject({ status: 200 });
});

test("what is public must be https, unless http is allowed", async () => {
  const lookup = async () => ["93.184.216.34"];
  const { retry, message } = await refusal(
    ask("http://example.com/", { allowed: { private: [], http: false }, lookup }),
  );
  expect([retry, message]).toEqual([false, expect.stringContaining("example.com is not https")]);
});

describe("a far end that misbehaves", () => {
  const pouring: Answer = (response) => {
    const chunk = Buffer.alloc(64 * 1024, "x");
    const pour = () => {
      while (!response.destroyed && response.write(chunk));
      if (!response.destroyed) response.once("drain", pour);
    };
    pour();
  };
  const dripping: Answer = (response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write("x"), 20);
    response.once("close", () => clearInterval(timer));
  };

  test("one that redirects is not followed", async () => {
    farEnd.answer = (response) => response.writeHead(302, { location: `${farEnd.url}/inside` }).end();
    expect(await ask(farEnd.url)).toMatchObject({
      status: 302,
      headers: { location: `${farEnd.url}/inside` },
    });
    expect(farEnd.asked).toHaveLength(1);
  });

  test("one that sends without end is cut off", async () => {
    farEnd.answer = pouring;
    const { status, body } = await ask(farEnd.url);
    expect([status, body.length]).toEqual([200, 64 * 1024]);
  });

  test.each<[string, Answer]>([
    ["hangs", () => undefined],
    ["drips", dripping],
  ])("one that %s is left at the deadline", async (_name, answer) => {
    farEnd.answer = answer;
    const { retry, message } = await refusal(ask(farEnd.url, { timeoutMs: 300 }));
    expect([retry, message]).toEqual([true, `127.0.0.1:${farEnd.port} has not answered within 0.3 s`]);
  });

  test("one that hangs up, and one that is not there, may be tried again", async () => {
    farEnd.answer = (response) => response.destroy();
    expect(await refusal(ask(farEnd.url))).toMatchObject({ retry: true });
    await farEnd.close();
    const gone = await refusal(ask(farEnd.url));
    expect([gone.retry, gone.message]).toEqual([
      true,
      expect.stringMatching(/does not answer: .*ECONNREFUSED/),
    ]);
  });

  test("a resolver that hangs is left at the deadline", async () => {
    const lookup = () => new Promise<string[]>(() => undefined);
    const asking = ask("https://slow.example/", { lookup, timeoutMs: 100 });
    expect((await refusal(asking)).message).toContain("has not answered within 0.1 s");
    const http = safeHttp({ allowed: LOOPBACK, lookup, timeoutMs: 100 });
    await expect(http.addressOf("slow.example")).rejects.toThrow(
      "slow.example has not answered within 0.1 s",
    );
  });
});

test("what is no address of the web is refused", async () => {
  for (const url of ["ftp://example.com/", "file:///etc/passwd", "not an address"]) {
    expect(await refusal(ask(url))).toMatchObject({
      retry: false,
      message: "its address is not an https URL",
    });
  }
});

test("whoever asks can end it", async () => {
  farEnd.answer = () => undefined;
  const stop = new AbortController();
  const asking = safeHttp({ allowed: LOOPBACK }).request({ ...post, url: farEnd.url, signal: stop.signal });
  stop.abort();
  expect(await refusal(asking)).toMatchObject({ retry: true });
});
