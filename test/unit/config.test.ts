import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { configSchema } from "../../src/config-schema.ts";

const example = readFileSync(new URL("../../.env.example", import.meta.url), "utf8");
const settings = Object.fromEntries(
  example
    .split("\n")
    .filter((line) => /^[A-Z]/.test(line))
    .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
);

test(".env.example lists every setting, and no other", () => {
  expect(Object.keys(settings).sort()).toEqual(Object.keys(configSchema.shape).sort());
});

test(".env.example shows the defaults", () => {
  expect(readConfig(settings)).toEqual(readConfig({}));
});

test("all faults are told together, each with its name", () => {
  const environment = {
    SPILLWAY_PORT: "http",
    DATABASE_URL: "mysql://localhost",
    SPILLWAY_INTERVAL: "10 seconds",
    SPILLWAY_PROT: "4000",
  };
  expect(() => readConfig(environment)).toThrow(
    /SPILLWAY_PORT[\s\S]*DATABASE_URL[\s\S]*SPILLWAY_INTERVAL[\s\S]*SPILLWAY_PROT/,
  );
});

test.each([
  ["SPILLWAY_RAW_RETENTION", "1d", /at least 2d/],
  ["SPILLWAY_MINUTE_RETENTION", "6d", /at least SPILLWAY_RAW_RETENTION: a late snapshot/],
  ["SPILLWAY_CONTAINER_RETENTION", "29d", /at least SPILLWAY_MINUTE_RETENTION: minutes of containers/],
  ["SPILLWAY_HOUR_RETENTION", "29d", /at least SPILLWAY_MINUTE_RETENTION: hours are made of minutes/],
  ["SPILLWAY_LABELS_FILE", "labels.yml", /absolute/],
  ["SPILLWAY_DETECTION_FILE", "detection.yml", /absolute/],
  ["SPILLWAY_INTERVAL", "2h", /from 100ms to 1h/],
  ["SPILLWAY_EPHEMERAL_LABEL", "ephemeral", /write name=value/],
  ["SPILLWAY_FORGET_EPHEMERAL_AFTER", "5m", /at least 10m/],
  ["SPILLWAY_FORGET_AFTER", "59m", /at least SPILLWAY_FORGET_EPHEMERAL_AFTER/],
  ["SPILLWAY_DATA_DIR", "data", /absolute/],
  ["SPILLWAY_PUBLIC_URL", "example.org", /SPILLWAY_PUBLIC_URL/],
  ["REDIS_URL", "localhost:6379", /redis:\/\//],
  ["SPILLWAY_DATABASE_DIRECT_URL", "postgresql://db/spillway", /set DATABASE_URL, to the pooler/],
  ["SPILLWAY_TLS_CERT", "cert.pem", /SPILLWAY_TLS_CERT: not an absolute path/],
  ["SPILLWAY_TLS_KEY", "/key.pem", /set both, or neither/],
  [
    "SPILLWAY_TRUSTED_PROXIES",
    "10.0.0.0/8, proxy",
    /SPILLWAY_TRUSTED_PROXIES: invalid IP address: proxy: write/,
  ],
  ["SPILLWAY_TRUSTED_PROXIES", "0.0.0.0/0", /invalid range/],
  ["SPILLWAY_AUTH_PROXY_HEADER", "X Forwarded User", /not the name of a header/],
  ["SPILLWAY_AUTH_PROXY_HEADER", "X-User", /set SPILLWAY_TRUSTED_PROXIES/],
  ["SPILLWAY_AUTH_PROXY_SCOPES", "read,ingest", /write scopes of read, operate and admin/],
  ["SPILLWAY_RATE_LIMIT", "-1", /SPILLWAY_RATE_LIMIT/],
])("%s=%s is refused", (name, value, message) => {
  expect(() => readConfig({ [name]: value })).toThrow(message);
});

test("the label of hosts that come and go is cut at its first sign", () => {
  expect(readConfig({ SPILLWAY_EPHEMERAL_LABEL: "pool=a=b" }).forgetting.ephemeral).toEqual({
    name: "pool",
    value: "a=b",
  });
});

test("a token for the command line, as the welcome has people export it, is no fault", () => {
  expect(readConfig({ SPILLWAY_TOKEN: "spw_x" })).toEqual(readConfig({}));
  expect(() => readConfig({ SPILLWAY_TOKENS: "spw_x" })).toThrow(/SPILLWAY_TOKENS: there is no such setting/);
});

test("what Kubernetes sets beside a Service of this name is no setting", () => {
  const links = {
    SPILLWAY_SERVICE_HOST: "10.96.0.17",
    SPILLWAY_SERVICE_PORT: "4000",
    SPILLWAY_SERVICE_PORT_HTTP: "4000",
    SPILLWAY_PORT: "tcp://10.96.0.17:4000",
    SPILLWAY_PORT_4000_TCP: "tcp://10.96.0.17:4000",
    SPILLWAY_PORT_4000_TCP_PROTO: "tcp",
    SPILLWAY_PORT_4000_TCP_PORT: "4000",
    SPILLWAY_PORT_4000_TCP_ADDR: "10.96.0.17",
  };
  expect(readConfig(links)).toEqual(readConfig({}));
  expect(() => readConfig({ SPILLWAY_SERVICES: "x" })).toThrow(/SPILLWAY_SERVICES: there is no such setting/);
  expect(() => readConfig({ SPILLWAY_PORT: "4000/tcp" })).toThrow(/SPILLWAY_PORT/);
});

test("a public URL loses its last slash", () => {
  expect(readConfig({ SPILLWAY_PUBLIC_URL: "https://spillway.example/" }).publicUrl).toBe(
    "https://spillway.example",
  );
});

test("lists are read with commas or spaces between, and the header's name in lower case", () => {
  const environment = {
    SPILLWAY_TRUSTED_PROXIES: "10.0.0.0/8, 192.0.2.1  ::1",
    SPILLWAY_AUTH_PROXY_HEADER: "X-Forwarded-User",
    SPILLWAY_AUTH_PROXY_SCOPES: "read operate",
  };
  expect(readConfig(environment).proxies).toEqual({
    trusted: ["10.0.0.0/8", "192.0.2.1", "::1"],
    userHeader: "x-forwarded-user",
    userScopes: ["read", "operate"],
  });
});
