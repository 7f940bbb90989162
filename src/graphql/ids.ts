import { SpillwayError } from "../errors.ts";
import type { AnomalyId } from "../store/incidents/anomaly-pages.ts";

/** Node ids are readable: what a thing is, then its own id. Clients treat them as opaque. */
export function hostNodeId(agentId: string): string {
  return `host_${agentId}`;
}

export function namespaceNodeId(id: number): string {
  return `ns_${id}`;
}

/** By what names a socket while it is open, so that a listener has its id before anything else is known of it. */
export function listenerNodeId(listener: { namespaceId: number; inode: string; port: number }): string {
  return `listener_${listener.namespaceId}_${listener.inode}_${listener.port}`;
}

export function tokenNodeId(id: string): string {
  return `token_${id}`;
}

export function incidentNodeId(id: number): string {
  return `incident_${id}`;
}

/** With its host first, as anomalies are found by it. */
export function anomalyNodeId({ hostId, id }: AnomalyId): string {
  return `anomaly_${hostId}_${id}`;
}

export function silenceNodeId(id: number): string {
  return `silence_${id}`;
}

export function timelineNodeId(id: number): string {
  return `timeline_${id}`;
}

export function deliveryNodeId(id: number): string {
  return `delivery_${id}`;
}

/** The agent id in a host's node id. @throws BAD_REQUEST */
export function agentIdOf(nodeId: string): string {
  const agentId = /^(?:host_)?([0-9a-f-]{36})$/.exec(nodeId)?.[1];
  if (agentId !== undefined) return agentId;
  throw new SpillwayError(
    "BAD_REQUEST",
    `"${nodeId.slice(0, 60)}" is not the id of a host: it is host_ and a UUID`,
  );
}

/** The namespace in a namespace's node id. @throws BAD_REQUEST */
export function namespaceIdOf(nodeId: string): number {
  const id = /^ns_([0-9]{1,10})$/.exec(nodeId)?.[1];
  if (id !== undefined) return Number(id);
  throw new SpillwayError(
    "BAD_REQUEST",
    `"${nodeId.slice(0, 60)}" is not the id of a namespace: it is ns_ and a number`,
  );
}

/** The token in a token's node id. @throws BAD_REQUEST */
export function tokenIdOf(nodeId: string): string {
  const id = /^(?:token_)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(nodeId)?.[1];
  if (id !== undefined) return id;
  throw new SpillwayError(
    "BAD_REQUEST",
    `"${nodeId.slice(0, 60)}" is not the id of a token: it is token_ and a UUID`,
  );
}

/** The incident in an incident's node id, or in its number alone, as people say it. @throws BAD_REQUEST */
export function incidentIdOf(nodeId: string): number {
  const id = /^(?:incident_)?([0-9]{1,9})$/.exec(nodeId)?.[1];
  if (id !== undefined) return Number(id);
  throw new SpillwayError(
    "BAD_REQUEST",
    `"${nodeId.slice(0, 60)}" is not the id of an incident: it is incident_ and a number`,
  );
}

/** The silence in a silence's node id. @throws BAD_REQUEST */
export function silenceIdOf(nodeId: string): number {
  const id = /^(?:silence_)?([0-9]{1,9})$/.exec(nodeId)?.[1];
  if (id !== undefined) return Number(id);
  throw new SpillwayError(
    "BAD_REQUEST",
    `"${nodeId.slice(0, 60)}" is not the id of a silence: it is silence_ and a number`,
  );
}
