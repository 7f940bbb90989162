import { LAYOUT_HASH } from "../../protocol/layout.ts";
import { AGENT_KEY, LIMITS, UUID } from "../../protocol/limits.ts";
import type { ParsedHost, ParsedNamespace, ParsedPush, ParsedSnapshot } from "./schema.ts";

/**
 * The forms of schema.ts as agents send them with nearly every push, checked by hand: a tenth of the time, and
 * nothing is copied. True says that the schema would take the value as it is, every field that it knows with
 * the same content. False says nothing: ask the schema, which alone names faults and knows the rare fields.
 */

type Fields = Readonly<Record<string, unknown>>;

/** Text that needs no closer look: printable ASCII holds nothing that cannot be stored. */
const PLAIN = /^[\x20-\x7e]*$/;
const INODE = /^[0-9]{1,20}$/;
const SHA256 = /^[0-9a-f]{64}$/;
const PLAIN_LABEL = /^[A-Za-z][A-Za-z0-9_]{0,99}$/;

export function isQuickPush(value: unknown): value is ParsedPush {
  if (!isFields(value) || !isFields(value.agent) || !Array.isArray(value.hosts)) return false;
  const { agent, hosts } = value;
  if (!isText(agent.version, 1, 100) || !Number.isFinite(agent.clock)) return false;
  if (hosts.length === 0 || hosts.length > LIMITS.hostsPerPush) return false;
  return hosts.every((host) => isFields(host) && Array.isArray(host.snapshots));
}

export function isQuickHost(value: unknown): value is ParsedHost {
  if (!isFields(value) || !isFields(value.epoch)) return false;
  const { id, key, name, machineId, labels, epoch, namespaces, health } = value;
  return (
    isMatch(id, UUID) &&
    isMatch(key, AGENT_KEY) &&
    isText(name, 1, LIMITS.hostNameLength) &&
    (machineId === undefined || isMatch(machineId, SHA256)) &&
    (labels === undefined || isLabels(labels)) &&
    isMatch(epoch.boot, UUID) &&
    isWhole(epoch.number, 0, LIMITS.epochNumber) &&
    isText(epoch.kernel, 1, LIMITS.kernelLength) &&
    isText(epoch.arch, 1, LIMITS.archLength) &&
    (epoch.wordSize === 64 || epoch.wordSize === 32) &&
    (namespaces === undefined || isList(namespaces, LIMITS.namespacesPerHost)) &&
    (health === undefined || isHealth(health)) &&
    value.layouts === undefined &&
    value.capabilities === undefined &&
    value.goodbye === undefined
  );
}

export function isQuickNamespace(value: unknown): value is ParsedNamespace {
  if (!isFields(value)) return false;
  const { kind, inode, birth, containerId, name, labels } = value;
  return (
    (kind === "container" || kind === "other") &&
    isMatch(inode, INODE) &&
    isWhole(birth, 0) &&
    (containerId === undefined || isText(containerId, 0, 200)) &&
    (name === undefined || isText(name, 0, LIMITS.hostNameLength)) &&
    (labels === undefined || isLabels(labels))
  );
}

export function isQuickSnapshot(value: unknown): value is ParsedSnapshot {
  if (!isFields(value)) return false;
  const { at, uptimeMs, everyMs, namespace, fromZero, layout, values, sysctls, listeners } = value;
  return (
    isWhole(at, 0) &&
    isWhole(uptimeMs, 0) &&
    isWhole(everyMs, LIMITS.everyMs.min, LIMITS.everyMs.max) &&
    (namespace === undefined || isWhole(namespace, 0)) &&
    (fromZero === undefined || typeof fromZero === "boolean") &&
    isMatch(layout, LAYOUT_HASH) &&
    Array.isArray(values) &&
    sysctls === undefined &&
    (listeners === undefined || isListeners(listeners))
  );
}

/** Health is kept as it is sent: it may have no field but those of the schema. */
function isHealth(value: unknown): boolean {
  if (!isFields(value) || Object.keys(value).length !== 6 || !isFields(value.dropped)) return false;
  return (
    Number.isFinite(value.cycleCpuMs) &&
    Number.isFinite(value.childCpuMs) &&
    Number.isFinite(value.rssBytes) &&
    Number.isFinite(value.spoolDepth) &&
    Number.isFinite(value.spoolAgeMs) &&
    Object.keys(value.dropped).length === 0
  );
}

/** Listeners are kept as they are sent: they may have no field but those of the schema. */
function isListeners(value: unknown): boolean {
  if (!isFields(value) || Object.keys(value).length !== 3) return false;
  const { source, samples, sockets } = value;
  return (
    (source === "ss" || source === "proc") &&
    isWhole(samples, 1) &&
    isList(sockets, LIMITS.listenersPerSnapshot, isListener)
  );
}

function isListener(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { address, port, inode, acceptQueue, peakQueue, limit, limitInferred, samplesFull, drops } = value;
  const { uid, cgroup, owner } = value;
  let known = 8;
  for (const optional of [limitInferred, uid, cgroup, owner]) if (optional !== undefined) known++;
  return (
    Object.keys(value).length === known &&
    isText(address, 2, 64) &&
    isWhole(port, 0, 65_535) &&
    isMatch(inode, INODE) &&
    isWhole(acceptQueue, 0) &&
    isWhole(peakQueue, 0) &&
    (limit === null || isWhole(limit, 0)) &&
    (limitInferred === undefined || typeof limitInferred === "boolean") &&
    isWhole(samplesFull, 0) &&
    (drops === null || isWhole(drops, 0)) &&
    (uid === undefined || isWhole(uid, 0)) &&
    (cgroup === undefined || isText(cgroup, 0, LIMITS.textLength)) &&
    (owner === undefined || isText(owner, 0, LIMITS.textLength))
  );
}

function isLabels(value: unknown): boolean {
  if (!isFields(value)) return false;
  const names = Object.keys(value);
  if (names.length > LIMITS.labels) return false;
  return names.every((name) => PLAIN_LABEL.test(name) && isText(value[name], 0, LIMITS.labelValueLength));
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isList(value: unknown, max: number, isMember?: (member: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= max && (isMember === undefined || value.every(isMember));
}

function isText(value: unknown, min: number, max: number): boolean {
  return typeof value === "string" && value.length >= min && value.length <= max && PLAIN.test(value);
}

function isMatch(value: unknown, form: RegExp): boolean {
  return typeof value === "string" && form.test(value);
}

function isWhole(value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}
